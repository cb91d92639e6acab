"""A mission in which everything happens that does happen: what was photographed is on the server, and nothing is lost.

As many photographs as thirty minutes make at one every three seconds, in a minute: a camera on the network with five
drop-outs of five kinds, three losses of the network, two kills of the daemon, a gap in the poses, and a clock that was
not set at boot and jumps. The database must equal that of a run over the same photographs that nothing
disturbed.
"""

import itertools
import json
import os
import shutil
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
import httpx2
import numpy as np
import pytest

from .conftest import CAMERA, HEIGHT_PX, MODEL, WIDTH_PX
from .processes import PATIENCE_S, Server, environment, rows_of

pytestmark = pytest.mark.long

STEPS, STEP_PX, STEP_EVERY_S = 1500, 32, 0.03
"""The robot's drive: so many frames, each so far from the last. The recorder keeps one in two."""
LOOK_EVERY, PAUSE_S = 4, 1.0
FOCAL_PX, HEIGHT_M = 200.0, 0.1
M_PER_PX = HEIGHT_M / FOCAL_PX
CLOCK_BEFORE_S = -400 * 86400.0
DROP_OUTS = {200: "hang", 420: "break", 640: "garbage", 860: "freeze", 1080: "refuse"}
DROP_OUT_STEPS = 50
NETWORK_LOSSES, LOSS_STEPS = (300, 700, 1200), 60
KILLS = (520, 980)
POSE_GAP = range(1300, 1360)
CLOCK_JUMPS_AT = 100

LATE_STEPS = 70
"""What a photograph waits for its pose, and what a camera takes to come back, at most."""
EXPLAINED = [
    (0, CLOCK_JUMPS_AT),
    (POSE_GAP.start, POSE_GAP.stop),
    *((at, at + DROP_OUT_STEPS) for at in DROP_OUTS),
    *((at - LATE_STEPS, at) for at in KILLS),
]
"""From which step to which something is missing from the map."""

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


def drive(world: World, robot: Robot, server: Server) -> None:
    """The mission, step by step; while the camera is well, the robot waits for it, however busy the machine is."""
    looked = 0
    for step in range(STEPS):
        begun = [at for at in DROP_OUTS if at <= step < at + DROP_OUT_STEPS]
        before = len(robot.photographs)
        with world.changed:
            world.step, world.mode = step, DROP_OUTS[begun[0]] if begun else ""
            world.changed.notify_all()
        if step == CLOCK_JUMPS_AT:
            robot.clock.unlink()
        if step in NETWORK_LOSSES:
            server.stop()
        if step - LOSS_STEPS in NETWORK_LOSSES:
            server.start()
        if step in KILLS:
            robot.kill()
            before = len(robot.photographs)
            robot.start()
        if step - DROP_OUT_STEPS in DROP_OUTS or step in KILLS:
            robot.wait_until("it records again", lambda before=before: len(robot.photographs) > before)
        world.over.wait(STEP_EVERY_S)
        if step % LOOK_EVERY == 0:
            if not begun:
                robot.follows(looked)
            looked = len(robot.photographs)


def test_a_mission_in_which_everything_happens(tmp_path: Path) -> None:
    world = World(free_port(socket.SOCK_DGRAM))
    server = Server(tmp_path / "server")
    robot = Robot(tmp_path / "robot", server.address, world.address, world.pose_port)
    robot.clock.write_text(str(CLOCK_BEFORE_S))
    try:
        server.start()
        with poses_from(world, robot.clock):
            robot.start()
            robot.wait_until("it records", lambda: len(robot.photographs) > 0)
            drive(world, robot, server)
        robot.wait_for_the_rest()
        robot.stop()
        counted = httpx2.get(f"{server.address}/v1/frames", params={"limit": 1000}).json()["items"]
    finally:
        world.close()
        server.stop()
        robot.end()
    names = [path.name for path in robot.photographs]
    assert sorted(frame["label"] for frame in counted) == names, "every photograph is a frame"
    check_accounts(robot, counted)
    disturbed, undisturbed = held(server), held(calm(tmp_path, robot, server.port))
    for name, found in disturbed.items():
        assert found == undisturbed[name], name


def check_accounts(robot: Robot, frames: list[dict[str, Any]]) -> None:
    """What was not seen, and what has no place, is what the disturbances explain."""
    assert len(frames) > STEPS / 4
    assert len(robot.events("source trouble")) >= len(DROP_OUTS)
    assert len(robot.events("server trouble")) >= len(NETWORK_LOSSES)
    assert len(robot.events("started")) == 1 + len(KILLS)
    lost = [frame for frame in frames if frame["placement"]["kind"] == "no_pose"]
    assert {frame["placement"]["kind"] for frame in frames} == {"placed", "no_pose"}
    causes = {frame["placement"]["cause"].partition(":")[0] for frame in lost}
    assert causes, "before the clock was set, and in the gap"
    middles = sorted(np.mean(frame["placement"]["footprint_m"], axis=0)[0] for frame in frames if frame not in lost)
    for before, after in itertools.pairwise([0.0, *middles]):
        if after - before > 1.5 * WIDTH_PX * M_PER_PX:  # a camera sees its own width
            first, last = (u_m / (STEP_PX * M_PER_PX) for u_m in (before, after))
            assert any(first < end + LATE_STEPS and last > begin for begin, end in EXPLAINED), (first, last)


def held(server: Server) -> dict[str, Any]:
    """All that a server holds but the order in which it came, and in which words a pose was missing."""
    rows, pictures = server.everything()
    for table in ("decisions", "pairs"):
        assert len(rows.pop(table)) == 1
    found: dict[str, Any] = {"pictures": pictures}
    database = sqlite3.connect(server.folder / "log.sqlite")
    try:
        for table in rows.keys() - {"frames", "placements", "reports", "detections", "score_maps"}:
            found[table] = rows[table]
        for table in ("placements", "reports", "detections", "score_maps"):
            columns = [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]
            kept = ", ".join(f'{table}."{name}"' for name in columns if name not in {"seq", "frame_seq", "cause"})
            joined = f"SELECT frame_id, {kept} FROM {table} JOIN frames ON frames.seq = frame_seq"
            found[table] = sorted(database.execute(joined).fetchall(), key=repr)
    finally:
        database.close()
    found["frames"] = sorted(rows_of(server.folder / "log.sqlite", ["seq"])["frames"], key=repr)
    return found


def calm(folder: Path, robot: Robot, port: int) -> Server:
    """The same photographs with the same poses by a daemon that nothing disturbs; its server, stopped."""
    server = Server(folder / "calm", port)
    nothing = f"http://127.0.0.1:{free_port(socket.SOCK_STREAM)}/video.mjpg"
    quiet = Robot(folder / "quiet", server.address, nothing, robot.pose_port)
    shutil.copytree(robot.folder / "recordings", quiet.folder / "recordings")
    with server:
        quiet.start()
        quiet.wait_until("an outbox", lambda: (quiet.folder / "outbox.sqlite").exists() and quiet.events("started"))
        quiet.wait_for_the_rest()
        quiet.stop()
    return server
