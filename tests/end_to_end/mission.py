"""A robot that drives along a wall, and the world that it is in: camera, poses, and a clock that can be wrong."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Condition, Event, Thread
from typing import Any

import cv2
import numpy as np

from .conftest import CAMERA, HEIGHT_PX, MODEL, WIDTH_PX
from .processes import PATIENCE_S, environment

STEPS, STEP_PX, STEP_EVERY_S = 1500, 32, 0.03
"""The robot's drive: so many frames, each so far from the last. The recorder keeps one in two."""
PAUSE_S = 1.0
FOCAL_PX, HEIGHT_M = 200.0, 0.1
M_PER_PX = HEIGHT_M / FOCAL_PX
POSE_GAP = range(1300, 1360)

TIMES = """\
import os, time
_real, _file = time.time, os.environ["MISSION_CLOCK"]
def _time():
    try:
        with open(_file) as file:
            return _real() + float(file.read() or 0)
    except OSError:
        return _real()
time.time = _time
"""
"""The robot's processes run it first: their clock is off by what a file says, as a Pi's without a battery is."""


@dataclass
class World:
    """The wall, the camera that streams it, and whoever knows where the camera is."""

    pose_port: int
    step: int = 0
    served: int = -1
    mode: str = ""
    connections: int = 0
    changed: Condition = field(default_factory=Condition)
    over: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(4)
        wall = rng.integers(150, 220, (HEIGHT_PX, STEPS * STEP_PX + WIDTH_PX)).astype(np.uint8)
        for left in rng.integers(0, wall.shape[1] - 50, STEPS // 6).tolist():
            top = int(rng.integers(0, HEIGHT_PX - 40))
            wall[top : top + 40, left : left + 50] //= 4
        self._wall = cv2.GaussianBlur(wall, (0, 0), 0.8)
        self._rng = rng
        world = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                world.stream(self)

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}/video.mjpg"
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def frame(self, step: int) -> bytes:
        left = step * STEP_PX
        view = self._wall[:, left : left + WIDTH_PX].astype(np.float32)
        noisy = np.clip(view + self._rng.normal(0, 1.5, view.shape), 0, 255).astype(np.uint8)
        return bytes(cv2.imencode(".jpg", noisy, (cv2.IMWRITE_JPEG_QUALITY, 90))[1])

    def stream(self, handler: BaseHTTPRequestHandler) -> None:
        """One connection, until it is broken off."""
        if self.mode == "refuse":
            handler.send_error(503)
            return
        self.connections += 1
        handler.send_response(200)
        handler.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        handler.end_headers()
        step, content = -1, b""
        while not self.over.is_set():
            with self.changed:
                # A camera goes on when the robot stands still.
                self.changed.wait(STEP_EVERY_S)
                mode, step = self.mode, self.step
            if mode in {"break", "refuse"}:
                return
            if mode == "hang":
                self.over.wait(0.2)
                continue
            if mode != "freeze" or not content:
                content = self.frame(step)
            sent = os.urandom(len(content)) if mode == "garbage" else content
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(sent)}\r\n\r\n"
            try:
                handler.wfile.write(head.encode() + sent + b"\r\n")
            except OSError:
                return

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Robot:
    """A robot.toml, the clock of its machine, and the daemon's process, however often it is started."""

    folder: Path
    server: str
    source: str
    pose_port: int
    process: "subprocess.Popen[str] | None" = None

    def __post_init__(self) -> None:
        self.folder.mkdir()
        (self.folder / "camera.yaml").write_text(CAMERA)
        clock = self.folder / "python"
        clock.mkdir()
        (clock / "sitecustomize.py").write_text(TIMES)
        self.clock, self.log = self.folder / "clock", self.folder / "log.jsonl"
        (self.folder / "robot.toml").write_text(
            f'[scan]\nsurface = "north"\ninspection = "2026"\nstructure = "bridge"\ntarget_width_mm = 1.0\n'
            f'[camera]\nsource = "{self.source}"\ncalibration = "camera.yaml"\n'
            f'pose_stream = "udp:{self.pose_port}"\n'
            "[live]\nstep = 0.25\nstale_s = 0.6\njpeg_quality = 90\n"
            f'[model]\nfile = "{MODEL}"\nthreads = 1\n'
            f'[keep]\noutbox = "outbox.sqlite"\nleast_free_mb = 1\nserver = "{self.server}"\nframes = "all"\n'
            "[status]\nport = 0\n"
        )

    def start(self) -> None:
        paths = {"PYTHONPATH": str(self.folder / "python"), "MISSION_CLOCK": str(self.clock)}
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "crackmap", "robot", "run", "--config", str(self.folder / "robot.toml")],
                env=environment() | paths,
                stderr=log,
                text=True,
            )

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        assert self.process.wait(PATIENCE_S) == -signal.SIGKILL

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        assert self.process.wait(PATIENCE_S) == 0

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log's lines of that event; those that a kill cut short are none."""
        found = []
        for line in self.log.read_text().splitlines():
            try:
                told = json.loads(line)
            except ValueError:
                continue
            found += [told] if told["event"] == name else []
        return found

    def wait_until(self, what: str, true: Any) -> None:
        end_s = time.monotonic() + PATIENCE_S
        while not true():
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text()[-2000:]
            assert time.monotonic() < end_s, f"{what}: {self.log.read_text()[-2000:]}"
            time.sleep(0.05)

    def follows(self, count: int) -> None:
        """Wait a while for more than so many photographs; a view that cannot be told from the last one brings none."""
        end_s = time.monotonic() + PAUSE_S
        while len(self.photographs) <= count and time.monotonic() < end_s:
            time.sleep(0.005)

    @property
    def photographs(self) -> list[Path]:
        return sorted((self.folder / "recordings").glob("*.jpg"))

    def counted(self, table: str, state: str = "%") -> int:
        """Rows of the outbox."""
        rows = sqlite3.connect(f"file:{self.folder / 'outbox.sqlite'}?mode=ro", uri=True)
        try:
            return int(rows.execute(f"SELECT count(*) FROM {table} WHERE state LIKE ?", [state]).fetchone()[0])
        finally:
            rows.close()

    def wait_for_the_rest(self) -> None:
        """Until all that was recorded is scanned and sent."""
        self.wait_until("all is scanned", lambda: self.counted("report") == len(self.photographs))
        for table in ("report", "picture"):
            self.wait_until(f"every {table} is sent", lambda table=table: self.counted(table, "waiting") == 0)


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def poses_from(world: World, clock: Path) -> Iterator[None]:
    """Where the camera is, ten times a step, by the robot's own clock."""

    def tell() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            while not world.over.is_set():
                if world.step not in POSE_GAP:
                    try:
                        offset_s = float(clock.read_text() or 0)
                    except FileNotFoundError:  # the clock is right
                        offset_s = 0.0
                    x_m = (world.step * STEP_PX + (WIDTH_PX - 1) / 2) * M_PER_PX
                    told = {"time_s": time.time() + offset_s, "position_m": [x_m, 0.3, HEIGHT_M]}
                    told |= {"orientation_xyzw": [1, 0, 0, 0], "covariance": None}
                    out.sendto(json.dumps(told).encode(), ("127.0.0.1", world.pose_port))
                world.over.wait(STEP_EVERY_S / 3)

    thread = Thread(target=tell, daemon=True)
    thread.start()
    yield
    world.over.set()
    thread.join(PATIENCE_S)
