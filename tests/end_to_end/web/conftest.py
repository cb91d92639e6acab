"""A real server with the scene in it, a real headless Chromium, and a page that must not complain."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, FloatRect, Locator, Page, expect, sync_playwright

from crackmap.messages import ReportBatch, Scan
from crackmap_server.people.manage import make_user
from crackmap_server.settings import Settings

from .scene import Scene, build, crowd

PATIENCE_S = 30.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class Visit:
    """A page and what it asked for; `close` fails the test if it complained or asked another host."""

    page: Page
    origin: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, query: str = "") -> Page:
        """Go to the map page and wait until it shows what it has."""
        self.page.goto(f"{self.origin}/{query}")
        self.settle()
        return self.page

    def settle(self) -> None:
        self.page.wait_for_function("() => ['ready', 'empty', 'failed'].includes(window.crackmap?.state)")

    def check(self) -> None:
        foreign = [
            url for url in self.requests if not url.startswith(("data:", "blob:")) and _origin(url) != self.origin
        ]
        assert not foreign
        assert not self.complaints


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@contextmanager
def running_server(folder: Path) -> Iterator[str]:
    """A server process on a free port with a database of its own; yields its origin."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "crackmap", "server", "run", "--database", f"sqlite:///{folder}/log.sqlite"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen([*command, "--port", str(port)], stdout=log, stderr=log)
        try:
            origin = f"http://127.0.0.1:{port}"
            _wait_for(process, origin, folder)
            yield origin
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def _wait_for(process: subprocess.Popen[bytes], origin: str, folder: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx2.get(f"{origin}/healthz").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"the server did not come up:\n{(folder / 'server.log').read_text()}")


def send_reports(batch: ReportBatch, origin: str) -> None:
    """All must be new to the server."""
    answer = httpx2.post(f"{origin}/v1/reports", json=batch.model_dump(mode="json")).raise_for_status().json()
    assert {item["status"] for item in answer["answers"]} == {"stored"}


def send(scene: Scene, origin: str) -> None:
    """Reports, then the pictures they name."""
    send_reports(scene.batch, origin)
    for sha256, content in scene.pictures.items():
        stored = httpx2.put(f"{origin}/v1/evidence/{sha256}", content=content, headers={"Content-Type": "image/jpeg"})
        assert stored.status_code == 201


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Origin of a server that holds the scene."""
    with running_server(tmp_path_factory.mktemp("server")) as origin:
        send(build(), origin)
        send_reports(crowd(), origin)
        yield origin


@pytest.fixture(scope="session")
def written_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Origin of a server for what writes; `own_wall` brings each test a structure of its own, of the same pictures."""
    with running_server(tmp_path_factory.mktemp("written")) as origin:
        send(build(surfaces=["Wall"]), origin)
        yield origin


PASSWORD = "correct horse battery"
USERS = {"vera": "viewer", "ian": "inspector", "anna": "inspector"}


@dataclass(frozen=True)
class Guarded:
    """A server with a scan and users, who were let in while it ran."""

    origin: str
    wall: str
    settings: Settings


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """Only who has a password gets in."""
    folder = tmp_path_factory.mktemp("guarded")
    settings = Settings(database=f"sqlite:///{folder}/log.sqlite")
    with running_server(folder) as origin:
        send(build(), origin)
        wall = surface(origin, "Wall")
        for name, role in USERS.items():
            make_user(settings, name, role, PASSWORD)
        yield Guarded(origin, wall, settings)


@pytest.fixture
def stranger(chromium: BrowserContext, guarded: Guarded) -> Iterator[Visit]:
    """A browser that was never at the server with users."""
    assert chromium.browser is not None
    with chromium.browser.new_context() as context, visiting(context, guarded.origin) as visit:
        yield visit


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """On the page that asks."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture(scope="session")
def empty_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Origin of a server that holds nothing."""
    with running_server(tmp_path_factory.mktemp("empty")) as origin:
        yield origin


@pytest.fixture(scope="module")  # playwright's event loop runs until it ends, and other tests start their own
def chromium() -> Iterator[BrowserContext]:
    """The machine's Chromium in one context: the page keeps nothing in the browser. `playwright` only drives it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=next(filter(None, map(shutil.which, BROWSERS))), args=["--no-sandbox"]
        )
        yield browser.new_context()
        browser.close()


@contextmanager
def visiting(chromium: BrowserContext, origin: str, width_px: int = 1280, height_px: int = 800) -> Iterator[Visit]:
    """A fresh page of that size; its complaints and its requests are looked at in the end."""
    page = chromium.new_page()
    page.set_viewport_size({"width": width_px, "height": height_px})
    page.set_default_timeout(8000)
    visit = Visit(page, origin)
    page.on("request", lambda request: visit.requests.append(request.url))
    page.on(
        "console",
        lambda message: visit.complaints.append(message.text) if message.type in {"error", "warning"} else None,
    )
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    yield visit
    visit.check()
    page.close()


@pytest.fixture
def visit(chromium: BrowserContext, server: str) -> Iterator[Visit]:
    """A page on the server with the scene, at the size of a small laptop."""
    with visiting(chromium, server) as visit:
        yield visit


@dataclass
class Wall:
    """A wall that one test has for itself, on a page that shows it."""

    visit: Visit
    scan: Scan

    @property
    def page(self) -> Page:
        return self.visit.page

    def open(self, query: str = "") -> Page:
        """The page again, as another visitor would see it."""
        self.page.goto("about:blank")
        return self.visit.open(f"?surface={self.scan.surface_id}{query}")

    def get(self, path: str) -> Any:
        return httpx2.get(f"{self.visit.origin}/v1/{path}").raise_for_status().json()

    def items(self, path: str) -> list[Any]:
        """What a list of the API holds of this wall."""
        found: list[Any] = self.get(f"{path}?surface_id={self.scan.surface_id}")["items"]
        return found

    def draw(self, *points_m: tuple[float, float]) -> None:
        """Clicks on the chart, and Enter."""
        for point_m in points_m:
            click_on(self.page, *point_m)
        self.page.keyboard.press("Enter")

    def choose(self, place: int) -> str:
        self.visit.settle()
        chosen: str = self.page.evaluate("(place) => crackmap.detections()[place].detection_id", place)
        self.page.evaluate("(id) => crackmap.choose(id)", chosen)
        return chosen

    def refused(self, words: str) -> None:
        """The page must say so; the browser writes a line of its own about the answer."""
        expect(self.page.get_by_role("alert")).to_contain_text(words)
        self.visit.complaints.clear()


@pytest.fixture
def own_wall(chromium: BrowserContext, written_server: str, request: pytest.FixtureRequest) -> Iterator[Wall]:
    """Nobody has said anything about it."""
    batch = build(request.node.name, ["Wall"]).batch
    send_reports(batch, written_server)
    with visiting(chromium, written_server) as visit:
        wall = Wall(visit, batch.scans[0])
        wall.open()
        yield wall


def click_on(page: Page, u_m: float, v_m: float) -> None:
    """On the chart, where that point is."""
    x, y = page.evaluate(f"() => crackmap.project([[{u_m}, {v_m}]])[0]")
    page.locator("#chart").click(position={"x": x, "y": y})


def surface(server: str, name: str) -> str:
    """Id of the surface of that name."""
    items = httpx2.get(f"{server}/v1/surfaces").json()["items"]
    return next(str(item["surface_id"]) for item in items if item["name"] == name)


def box_of(locator: Locator) -> FloatRect:
    """Where the element lies on the page, in CSS pixels."""
    box = locator.bounding_box()
    assert box is not None
    return box


def pixels_of(screenshot: bytes) -> npt.NDArray[np.int64]:
    """(height, width, 3) RGB."""
    return np.asarray(Image.open(BytesIO(screenshot)).convert("RGB")).astype(np.int64)


@pytest.fixture
def wall(visit: Visit, server: str) -> Page:
    """The page with the wall on it."""
    return visit.open(f"?surface={surface(server, 'Wall')}")
