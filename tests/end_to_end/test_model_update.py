"""A robot takes the model that its inspection pins, goes on with its own when that is no good, and survives kill -9."""

import json
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image

from .conftest import MODEL
from .processes import PATIENCE_S, Server, run, start

pytestmark = pytest.mark.long

OTHER = MODEL.with_name("darkness-uint8.tflite")
NAN = MODEL.with_name("nan-float32.tflite")


def photograph(folder: Path, number: int) -> None:
    grey = 60 + 7 * number
    Image.new("RGB", (96, 64), (grey, grey, grey)).save(folder / f"new{number}.jpg")
    (folder / f"new{number}.jpg").rename(folder / f"{number}.jpg")


class Robot:
    """A robot.toml in a folder of its own that follows a server."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.photos = folder, folder / "photos"
        self.photos.mkdir(parents=True)
        (folder / "robot.toml").write_text(
            '[scan]\nsurface = "north"\ninspection = "2026"\nstructure = "bridge"\n'
            '[camera]\nsource = "folder:photos"\nmm_per_px = 0.5\n'
            f'[model]\nfile = "{MODEL}"\nthreads = 1\npinned = true\nask_every_s = 1\n'
            f'[keep]\noutbox = "outbox.sqlite"\nleast_free_mb = 1\nframes = "all"\nserver = "{server.address}"\n'
            "[status]\nport = 0\n"
        )
        self.address = ""
        self.process: subprocess.Popen[str] | None = None

    @contextmanager
    def running(self, failpoint: str | None = None) -> Iterator["Robot"]:
        arguments = ("robot", "run", "--config", self.folder / "robot.toml")
        self.process = start(*arguments, failpoint=failpoint, stderr=subprocess.PIPE)
        try:
            self.address = self.until("started")["status"]
            yield self
        finally:
            self.process.kill()
            self.process.communicate(timeout=PATIENCE_S)

    def until(self, event: str) -> dict[str, Any]:
        """The log's next line of that event."""
        assert self.process is not None
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if line.startswith("{") and (said := json.loads(line))["event"] == event:
                return dict(said)
        raise AssertionError(f"it ended before it said {event!r}")

    def get(self, path: str) -> Any:
        answer = httpx2.get(self.address + path, timeout=PATIENCE_S)
        return answer.json() if path.endswith(("z", "json")) else answer.text

    def healthy(self, **wanted: Any) -> dict[str, Any]:
        """Wait until /healthz says that of the model."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            told = self.get("/healthz")
            if wanted.items() <= told["model"].items():
                return dict(told)
            time.sleep(0.1)
        raise AssertionError(f"the model is {told['model']}, not {wanted}")

    def uploaded(self) -> None:
        """Wait until nothing waits for the server."""
        end = time.monotonic() + PATIENCE_S
        while self.get("/healthz")["waiting"]:
            assert time.monotonic() < end
            time.sleep(0.1)

    def reports(self) -> set[tuple[str, str]]:
        """Labels and models of all that is in the outbox."""
        rows = sqlite3.connect(self.folder / "outbox.sqlite")
        try:
            found = rows.execute(
                "SELECT label, header.body FROM report JOIN header ON header_id = analysis_id"
            ).fetchall()
        finally:
            rows.close()
        assert len(found) == len(set(found))
        return {(label, json.loads(body)["model"]) for label, body in found}


def pin(server: Server, model: Path) -> None:
    pinned = run("models", "pin", model, "--inspection", "2026", "--server", server.address)
    assert pinned.returncode == 0, pinned.stderr


def both(*numbers: int) -> set[tuple[str, str]]:
    return {(f"{number}.jpg", model.stem) for number in numbers for model in (MODEL, OTHER)}


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path / "server")


def test_it_changes_between_frames_and_stays_so(server: Server, tmp_path: Path) -> None:
    robot = Robot(tmp_path / "robot", server)
    photograph(robot.photos, 1)
    with server:
        with robot.running():
            robot.until("kept")
            robot.uploaded()
            assert robot.get("/healthz")["model"]["name"] == MODEL.stem
            pin(server, OTHER)
            changed = robot.until("model changed")
            assert (changed["model"], changed["before"]) == (OTHER.stem, MODEL.stem)
            photograph(robot.photos, 2)
            while robot.until("kept")["frame"] != "2.jpg":
                pass
            told = robot.healthy(name=OTHER.stem, changes=1, refused=0)
            assert told["trouble"] == []
            assert re.search(f'crackmap_model{{name="{OTHER.stem}",sha256="[0-9a-f]+"}} 1', robot.get("/metrics"))
            robot.uploaded()
        # The old analysis' report stays; the new one has all that is in the folder.
        assert robot.reports() == both(1) | {("2.jpg", OTHER.stem)}
        models = {
            (one["model"], one["current"])
            for scan in httpx2.get(f"{server.address}/v1/scans").json()["items"]
            for one in scan["analyses"]
        }
        assert models == {(MODEL.stem, False), (OTHER.stem, True)}
    with robot.running():  # the server is away, and the robot knows
        assert robot.get("/healthz")["model"]["name"] == OTHER.stem
        photograph(robot.photos, 3)
        assert robot.until("kept")["frame"] == "3.jpg"
    assert ("3.jpg", OTHER.stem) in robot.reports()
    assert ("3.jpg", MODEL.stem) not in robot.reports()


def test_a_model_that_fails_its_test_is_not_used_and_everybody_hears_of_it(server: Server, tmp_path: Path) -> None:
    robot = Robot(tmp_path / "robot", server)
    photograph(robot.photos, 1)
    with server, robot.running():
        robot.until("kept")
        robot.uploaded()
        pin(server, NAN)
        assert "answers no number" in robot.until("model trouble")["why"]
        told = robot.healthy(name=MODEL.stem, changes=0, refused=1)
        assert any("nan-float32 is pinned and not used" in line for line in told["trouble"])
        site = robot.get("/site.json")
        assert any("nan-float32 is pinned and not used" in line for line in site["advice"])
        assert site["trouble"] == []
        assert "crackmap_models_refused_total 1.0" in robot.get("/metrics")
        photograph(robot.photos, 2)
        assert robot.until("kept")["frame"] == "2.jpg"
        pin(server, OTHER)  # a better decision ends the trouble
        robot.until("model changed")
        assert robot.healthy(name=OTHER.stem)["trouble"] == []


def test_a_model_that_got_broken_on_the_disk_gives_way_to_the_one_before(server: Server, tmp_path: Path) -> None:
    robot = Robot(tmp_path / "robot", server)
    photograph(robot.photos, 1)
    with server, robot.running():
        robot.until("kept")
        robot.uploaded()
        pin(server, OTHER)
        robot.until("model changed")
    for model in (robot.folder / "models").glob("*.tflite"):
        model.write_bytes(model.read_bytes()[:-1] + b"!")
    with robot.running():
        told = robot.healthy(name=MODEL.stem)
        assert any("SHA-256" in line for line in told["trouble"])
        with server:  # which still has it whole
            robot.until("model changed")
            assert robot.healthy(name=OTHER.stem)["trouble"] == []


def test_kills_at_every_step_of_the_change(server: Server, tmp_path: Path) -> None:
    robot = Robot(tmp_path / "robot", server)
    for number in (1, 2):
        photograph(robot.photos, number)
    deaths = ("model.half_written", "model.before_adopt", "model.after_adopt")
    with server:
        with robot.running():
            robot.until("kept")
            robot.until("kept")
            robot.uploaded()
        pin(server, OTHER)
        for failpoint in deaths:
            with robot.running(failpoint) as victim:
                assert victim.process is not None
                assert victim.process.wait(PATIENCE_S) == -signal.SIGKILL, failpoint
        with robot.running():
            robot.healthy(name=OTHER.stem)
            end = time.monotonic() + PATIENCE_S
            while robot.reports() != both(1, 2):
                assert time.monotonic() < end
                time.sleep(0.1)
            robot.uploaded()
        print(f"kills: {', '.join(deaths)}")
    names = {path.suffix for path in (robot.folder / "models").iterdir()}
    assert names == {".tflite", ".json"}
