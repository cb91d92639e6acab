"""A picture of the map page, for the README.

    python tests/end_to_end/web/screenshot.py http://127.0.0.1:8321/ docs/pictures/map.png [--chosen 4] [--dark]

The address may hold a selection, as the page itself writes it there. `--chosen N` opens the Nth detection by score.
"""

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import ViewportSize, sync_playwright

SIZE: ViewportSize = {"width": 1280, "height": 800}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def take(address: str, file: Path, chosen: int | None = None, *, dark: bool = False) -> None:
    """Waits until the page shows all it has and the chosen detection's picture is there, then writes a PNG."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=next(filter(None, map(shutil.which, BROWSERS))), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport=SIZE, color_scheme="dark" if dark else "light")
        page.goto(address)
        page.wait_for_function("() => window.crackmap?.state === 'ready'")
        if chosen is not None:
            page.evaluate("(place) => crackmap.choose(crackmap.detections()[place - 1].detection_id)", chosen)
        page.wait_for_function("() => !document.querySelector('main [data-state=waiting]')")
        page.wait_for_timeout(300)  # Leaflet's own movement
        page.screenshot(path=file)
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("file", type=Path)
    parser.add_argument("--chosen", type=int, help="place of a detection by score, from 1")
    parser.add_argument("--dark", action="store_true")
    told = parser.parse_args()
    take(told.address, told.file, told.chosen, dark=told.dark)


if __name__ == "__main__":
    main()
