"""The driver's page in a real browser, on a real daemon."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from ..conftest import MODEL, Recording
from ..processes import PATIENCE_S, environment

pytestmark = pytest.mark.needs("chromium")
KEY = "correct horse battery"


def test_the_driver_sees_what_is_covered_and_when_to_leave(
    recording: Recording, tmp_path: Path, chromium: BrowserContext
) -> None:
    recording.photograph(0, 8)
    (tmp_path / "robot.toml").write_text(
        f'[scan]\nsurface = "north"\ninspection = "2026"\ntarget_width_mm = 0.3\n'
        f'[camera]\nsource = "folder:{recording.folder}"\ncalibration = "camera.yaml"\nposes = "poses.csv"\n'
        f'[model]\nfile = "{MODEL}"\n[keep]\noutbox = "outbox.sqlite"\nleast_free_mb = 1\n'
        f'[status]\nport = 0\nkey = "{KEY}"\n'
    )
    page, complaints = chromium.new_page(), list[str]()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    command = [sys.executable, "-m", "crackmap", "robot", "run", "--config", str(tmp_path / "robot.toml")]
    daemon = subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True)
    try:
        assert daemon.stderr is not None
        started = next(json.loads(line) for line in daemon.stderr if '"started"' in line)
        page.goto(f"{started['status']}/?key={KEY.replace(' ', '+')}")
        # Half a millimetre a pixel cannot show cracks of 0.3 mm; and yet all is kept.
        expect(page.locator("#word")).to_have_text("Go nearer", timeout=1000 * PATIENCE_S)
        expect(page.locator("#more")).to_contain_text("outbox on the robot", timeout=1000 * PATIENCE_S)
        expect(page.locator("#more")).to_contain_text("9 frames, ")
        expect(page.locator("#scale")).to_contain_text("m")
        painted = page.evaluate(
            "() => { const map = document.getElementById('map');"
            " const pixels = map.getContext('2d').getImageData(0, 0, map.width, map.height).data;"
            " return pixels.filter((value, place) => place % 4 === 3 && value > 0).length }"
        )
        assert painted > 500
        daemon.terminate()
        assert daemon.wait(PATIENCE_S) == 0
        expect(page.locator("#word")).to_have_text("The robot does not answer", timeout=1000 * PATIENCE_S)
    finally:
        daemon.kill()
        daemon.communicate()
        page.close()
    assert all("ERR_CONNECTION_REFUSED" in complaint for complaint in complaints), complaints
