"""`crackmap robot run` as a process: takes what arrives, waits for what is missing, ends when told, loses nothing."""

import hashlib
import importlib.util
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
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest

from crackmap_robot.daemon.condition import STUCK_AFTER_S, Condition
from crackmap_robot.daemon.status import health
from crackmap_robot.outbox import Outbox

SPEC = importlib.util.spec_from_file_location("streams", Path(__file__).with_name("streams.py"))
assert SPEC is not None
assert SPEC.loader is not None
streams = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(streams)

PATIENCE_S = 60.0
STOPS_WITHIN_S = 5.0


class Daemon:
    """A robot.toml in a folder of its own, and the process that runs it."""

    def __init__(self, folder: Path, model: Path, **keep: object) -> None:
        self.folder, self.photos, self.outbox = folder, folder / "photos", folder / "outbox.sqlite"
        folder.mkdir(exist_ok=True)
        self.photos.mkdir(exist_ok=True)
        kept = "".join(f"{key} = {json.dumps(value)}\n" for key, value in keep.items())
        (folder / "robot.toml").write_text(
            '[scan]\nsurface = "north"\ninspection = "2026"\n'
            '[camera]\nsource = "folder:photos"\nmm_per_px = 0.5\n'
            f'[model]\nfile = "{model}"\nthreads = 1\nruntime = "{os.environ.get("CRACKMAP_RUNTIME", "litert")}"\n'
            f'[keep]\noutbox = "outbox.sqlite"\nleast_free_mb = 1\n{kept}'
            "[status]\nport = 0\n"
        )
        self.process: subprocess.Popen[str] | None = None
        self.status = ""
        self.rest = ""
        """What it logged after the lines that were read."""

    @contextmanager
    def running(self, failpoint: str = "", **environment: str) -> Iterator["Daemon"]:
        self.start(failpoint, **environment)
        try:
            yield self
        finally:
            assert self.process is not None
            self.process.kill()
            self.process.communicate(timeout=PATIENCE_S)

    def start(self, failpoint: str = "", **environment: str) -> None:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("CRACKMAP_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "crackmap", "robot", "run", "--config", str(self.folder / "robot.toml")],
            env=ours | environment | ({"CRACKMAP_FAILPOINT": failpoint} if failpoint else {}),
            stderr=subprocess.PIPE,
            text=True,
        )

    def lines(self) -> Iterator[dict[str, Any]]:
        """The log, as it is written, until the process ends."""
        assert self.process is not None
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if line.startswith("{"):
                yield json.loads(line)

    def until(self, event: str, times: int = 1) -> dict[str, Any]:
        """The log's next line of that event, or the n-th next."""
        for line in self.lines():
            if line["event"] == "started":
                self.status = line["status"]
            times -= line["event"] == event
            if not times:
                return line
        raise AssertionError(f"it ended before it said {event!r}")

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.status + path, timeout=PATIENCE_S) as answer:
            return bytes(answer.read())

    def frames(self, count: int) -> None:
        """Wait until so many frames came to an end, whichever."""
        for _ in range(int(PATIENCE_S / 0.1)):
            if sum(json.loads(self.get("/healthz"))["frames"].values()) == count:
                return
            time.sleep(0.1)
        raise AssertionError(f"{count} frames did not come")

    def stop(self) -> float:
        """SIGTERM; how long it took."""
        assert self.process is not None
        began_s = time.monotonic()
        self.process.terminate()
        _, self.rest = self.process.communicate(timeout=PATIENCE_S)
        assert self.process.returncode == 0
        return time.monotonic() - began_s


def everything(outbox: Path) -> dict[str, Any]:
    """All rows of all tables but the order in which they came."""
    with sqlite3.connect(outbox) as rows:
        assert rows.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = {
            "report": rows.execute("SELECT frame_id, label, body FROM report ORDER BY 1").fetchall(),
            "picture": rows.execute("SELECT sha256, label, content FROM picture ORDER BY 1").fetchall(),
            "header": rows.execute("SELECT * FROM header ORDER BY 1").fetchall(),
        }
    rows.close()
    return found


def test_it_takes_what_is_there_and_what_arrives_and_ends_when_told(
    photographs: Path, model: Path, tmp_path: Path
) -> None:
    daemon = Daemon(tmp_path / "robot", model)
    shutil.copy(photographs / "img1.jpg", daemon.photos)
    with daemon.running():
        assert daemon.until("kept")["frame"] == "img1.jpg"
        shutil.copy(photographs / "img2.jpg", daemon.photos)
        assert daemon.until("kept")["frame"] == "img2.jpg"
        (daemon.photos / "bad.jpg").write_bytes(b"no photograph")
        assert daemon.until("refused")["frame"] == "bad.jpg"
        told = json.loads(daemon.get("/healthz"))
        assert told["frames"] == {"new": 2, "known": 0, "refused": 1}
        assert told["waiting"] == 4
        figures = daemon.get("/metrics").decode()
        assert 'crackmap_frames_total{end="new"} 2.0' in figures
        assert 'crackmap_outbox{kind="reports",state="waiting"} 2.0' in figures
        assert "process_resident_memory_bytes" in figures
        assert daemon.stop() < STOPS_WITHIN_S
    assert len(everything(daemon.outbox)["report"]) == 2


def test_a_copy_that_comes_while_the_first_is_being_kept_is_known(
    photographs: Path, model: Path, tmp_path: Path
) -> None:
    daemon = Daemon(tmp_path / "robot", model)
    for number in range(40):
        shutil.copy(photographs / f"img{number // 4 % 6 + 1}.jpg", daemon.photos / f"{number:02}.jpg")
    with daemon.running():
        daemon.until("started")
        daemon.frames(40)
        told = json.loads(daemon.get("/healthz"))
        assert told["frames"] == {"new": 6, "known": 34, "refused": 0}
        daemon.stop()
    assert len(everything(daemon.outbox)["report"]) == 6


def test_it_ends_in_time_while_a_server_does_not_answer(photographs: Path, model: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and says nothing
        daemon = Daemon(tmp_path / "robot", model, server=f"http://127.0.0.1:{silent.getsockname()[1]}")
        shutil.copy(photographs / "img1.jpg", daemon.photos)
        with daemon.running():
            daemon.until("kept")
            connection, _ = silent.accept()  # it is sending now
            with connection:
                assert daemon.stop() < STOPS_WITHIN_S
    assert len(everything(daemon.outbox)["report"]) == 1


def test_a_server_that_is_away_is_told_once(photographs: Path, model: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        daemon = Daemon(tmp_path / "robot", model, server=f"http://127.0.0.1:{free.getsockname()[1]}")
        shutil.copy(photographs / "img1.jpg", daemon.photos)
        with daemon.running():
            assert "does not answer" in daemon.until("server trouble")["why"]
            shutil.copy(photographs / "img2.jpg", daemon.photos)
            daemon.frames(2)
            assert "does not answer" in json.loads(daemon.get("/healthz"))["trouble"][0]
            daemon.stop()
    assert "server trouble" not in daemon.rest


def test_a_folder_that_is_unplugged_is_waited_for(photographs: Path, model: Path, tmp_path: Path) -> None:
    daemon = Daemon(tmp_path / "robot", model)
    daemon.photos.rmdir()
    with daemon.running():
        assert "No such file or directory" in daemon.until("folder trouble")["why"]
        shutil.copytree(photographs, daemon.photos)
        daemon.until("kept", 6)
        shutil.rmtree(daemon.photos)
        daemon.until("folder trouble")
        shutil.copytree(photographs, daemon.photos)
        daemon.until("folder trouble is over")
        assert daemon.stop() < STOPS_WITHIN_S
    assert len(everything(daemon.outbox)["report"]) == 6


def test_a_full_disk_costs_a_wait_and_no_frame(photographs: Path, model: Path, tmp_path: Path) -> None:
    daemon = Daemon(tmp_path / "robot", model)
    config = daemon.folder / "robot.toml"
    config.write_text(config.read_text().replace("least_free_mb = 1", f"least_free_mb = {10**12}"))
    shutil.copy(photographs / "img1.jpg", daemon.photos)
    with daemon.running():
        assert "MB free" in daemon.until("disk trouble")["why"]
        assert json.loads(daemon.get("/healthz"))["state"] == "waiting for disk space"
        assert daemon.stop() < STOPS_WITHIN_S
    assert not everything(daemon.outbox)["report"]
    config.write_text(config.read_text().replace(f"least_free_mb = {10**12}", "least_free_mb = 1"))
    with daemon.running():
        daemon.until("kept")
        daemon.stop()
    assert len(everything(daemon.outbox)["report"]) == 1


@pytest.fixture
def undisturbed(photographs: Path, model: Path, tmp_path: Path) -> dict[str, Any]:
    daemon = Daemon(tmp_path / "calm", model, frames="none")
    for photo in photographs.iterdir():
        shutil.copy(photo, daemon.photos)
    with daemon.running():
        daemon.until("kept", 6)
        daemon.stop()
    return everything(daemon.outbox)


def test_kills_lose_nothing_and_double_nothing(
    photographs: Path, model: Path, tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    daemon = Daemon(tmp_path / "robot", model, frames="none")
    kills = 0
    for number, photo in enumerate(sorted(photographs.iterdir())):
        shutil.copy(photo, daemon.photos)
        if number % 3 < 2:
            daemon.start(("outbox.before_commit:1", "outbox.after_commit:1")[number % 3])
            assert daemon.process is not None
            daemon.process.communicate(timeout=PATIENCE_S)
            assert daemon.process.returncode == -signal.SIGKILL
            kills += 1
    with daemon.running():
        daemon.until("kept")
        daemon.frames(6)
        daemon.stop()
    assert kills == 4
    assert everything(daemon.outbox) == undisturbed


def test_a_restart_reads_no_photograph_again_that_is_as_it_was(photographs: Path, model: Path, tmp_path: Path) -> None:
    daemon = Daemon(tmp_path / "robot", model)
    for photo in photographs.iterdir():
        shutil.copy(photo, daemon.photos)
    with daemon.running():
        daemon.until("kept", 6)
        daemon.stop()
    before = everything(daemon.outbox)
    spoilt, changed = daemon.photos / "img1.jpg", daemon.photos / "img2.jpg"
    stamp = spoilt.stat()
    with spoilt.open("r+b") as file:  # nothing tells of it but the content
        file.write(bytes(stamp.st_size))
    os.utime(spoilt, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    changed.write_bytes((photographs / "img3.jpg").read_bytes() + b"more")
    with daemon.running():
        daemon.until("kept")
        daemon.frames(6)
        assert json.loads(daemon.get("/healthz"))["frames"] == {"new": 1, "known": 5, "refused": 0}
        daemon.stop()
    assert set(before["report"]) < set(everything(daemon.outbox)["report"])


def test_systemd_is_told(photographs: Path, model: Path, tmp_path: Path) -> None:
    daemon = Daemon(tmp_path / "robot", model)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(PATIENCE_S)
        with daemon.running(NOTIFY_SOCKET=str(tmp_path / "notify")):
            assert systemd.recv(4096) == b"READY=1"
            assert systemd.recv(4096).startswith(b"WATCHDOG=1\nSTATUS=waiting for photographs: 0 new frames")
            daemon.until("started")
            daemon.stop()
        while (last := systemd.recv(4096)).startswith(b"WATCHDOG=1"):
            pass
        assert last == b"STOPPING=1"


def test_a_port_that_is_taken_and_an_outbox_in_use_are_named(model: Path, tmp_path: Path, crackmap) -> None:
    daemon = Daemon(tmp_path / "robot", model)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = daemon.folder / "robot.toml"
        port = taken.getsockname()[1]
        config.write_text(config.read_text().replace("port = 0", f"port = {port}"))
        ran = crackmap("robot", "run", "--config", config)
        assert (ran.code, f"status.port {port}: cannot be had" in ran.err) == (2, True)
        config.write_text(config.read_text().replace(f"port = {port}", "port = 0"))
    with daemon.running():
        daemon.until("started")
        ran = crackmap("robot", "run", "--config", config)
        assert (ran.code, "is in use by another crackmap" in ran.err) == (2, True)


def test_a_daemon_that_takes_no_step_is_stuck(tmp_path: Path) -> None:
    now_s = [0.0]
    condition = Condition("folder:x", None, clock=lambda: now_s[0])
    Outbox(tmp_path / "outbox.sqlite").__exit__(None, None, None)
    assert health(condition, tmp_path / "outbox.sqlite")[0] == 200
    now_s[0] = STUCK_AFTER_S + 1
    status, _, body = health(condition, tmp_path / "outbox.sqlite")
    assert (status, json.loads(body)["state"]) == (503, "stuck")
    condition.step()
    assert not condition.stuck


def test_a_camera_that_drops_out_loses_nothing_that_was_recorded(draw, model: Path, tmp_path: Path) -> None:
    """Live frames are recorded first, then scanned; the daemon is killed twice, the stream breaks off three times."""
    wall = draw(1, 3200, 240)

    def frames(connection: int) -> Iterator[bytes | None]:
        # Each connection goes on where the camera is; the first ones break off, hang or freeze.
        drive = itertools.islice(streams.drive(wall, 320, 240, 16), 40 * (connection - 1), None)
        if connection > 3:
            yield from drive
        yield from itertools.islice(drive, 45)
        yield from [None] if connection == 2 else []

    with streams.Stream(frames) as stream:
        daemon = Daemon(tmp_path / "robot", model)
        config = daemon.folder / "robot.toml"
        text = config.read_text().replace("folder:photos", stream.address)
        config.write_text(text + "[live]\nstale_s = 1.5\n")
        for failpoint in ("recorder.before_rename:4", "outbox.after_commit:5"):
            daemon.start(failpoint)
            assert daemon.process is not None
            daemon.process.communicate(timeout=PATIENCE_S)
            assert daemon.process.returncode == -signal.SIGKILL
        with daemon.running():
            daemon.until("started")
            for _ in range(int(PATIENCE_S / 0.1)):
                told = json.loads(daemon.get("/healthz"))
                recorded = len(list((daemon.folder / "recordings").glob("*.jpg")))
                if stream.connections > 3 and told["quiet_for_s"] > 3 and sum(told["frames"].values()) == recorded:
                    break
                time.sleep(0.1)
            else:
                raise AssertionError(told)
            assert daemon.stop() < STOPS_WITHIN_S
    photographs = sorted((daemon.folder / "recordings").glob("*.jpg"))
    assert not list((daemon.folder / "recordings").glob("*.part"))
    with sqlite3.connect(daemon.outbox) as rows:
        reports = {sha for (sha,) in rows.execute("SELECT json_extract(body, '$.frame.image.sha256') FROM report")}
    rows.close()
    assert reports == {hashlib.sha256(path.read_bytes()).hexdigest() for path in photographs}
    # 180 steps of a twentieth of the view: one photograph in two or three of those steps that somebody reads. While a
    # stream begins, on a busy machine, nobody does.
    assert 10 < len(photographs) < 110


CAMERA = """\
image_width: 320
image_height: 240
camera_name: test
camera_matrix: {rows: 3, cols: 3, data: [400, 0, 159.5, 0, 400, 119.5, 0, 0, 1]}
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [0, 0, 0, 0, 0]}
"""


def test_poses_that_come_meanwhile_place_the_photographs_and_so_does_their_file(
    draw, crackmap, model: Path, tmp_path: Path
) -> None:
    """A camera moves along a wall, its odometry tells the time and place; later the same is scanned from the files."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    stopped = Event()

    def odometry() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            while not stopped.wait(0.05):
                now_s = time.time()
                pose = {"time_s": now_s, "position_m": [now_s % 1000, 2, 0.8], "orientation_xyzw": [1, 0, 0, 0]}
                out.sendto(json.dumps(pose).encode(), ("127.0.0.1", port))
                out.sendto(b"garbage", ("127.0.0.1", port))

    teller = Thread(target=odometry)
    teller.start()
    try:
        with streams.Stream(lambda _: streams.drive(draw(1, 2400, 240), 320, 240, 16)) as stream:
            daemon = Daemon(tmp_path / "robot", model)
            (daemon.folder / "camera.yaml").write_text(f"{CAMERA}readout_s: 0.03\n")
            config = daemon.folder / "robot.toml"
            text = config.read_text().replace("folder:photos", stream.address)
            config.write_text(
                text.replace("mm_per_px = 0.5", f'pose_stream = "udp:{port}"\ncalibration = "camera.yaml"')
            )
            checked = crackmap("robot", "check", "--config", config)
            assert "320 × 240 px, 2 mm per pixel; the model was made for" in checked.out
            with daemon.running():
                daemon.until("kept", 8)
                assert json.loads(daemon.get("/healthz"))["poses"] > 10
                assert json.loads(daemon.get("/healthz"))["poses_refused"] > 10
                daemon.stop()
    finally:
        stopped.set()
        teller.join()

    def placements(outbox: Path) -> dict[str, Any]:
        with sqlite3.connect(outbox) as rows:
            found = dict(
                rows.execute(
                    "SELECT label, json_extract(body, '$.placement.tiles') FROM report "
                    "WHERE json_extract(body, '$.placement.pose') IS NOT NULL"
                )
            )
        rows.close()
        return found

    live = placements(daemon.outbox)
    assert len(live) >= 8
    recordings = daemon.folder / "recordings"
    told = [json.loads(line) for line in (recordings / "poses.jsonl").read_text().splitlines()]
    assert np.array([row["velocity_m_s"] for row in told]) == pytest.approx(
        np.array([[1.0, 0, 0]] * len(told)), abs=1e-3
    )
    again = ("--poses", recordings / "poses.jsonl", "--camera", daemon.folder / "camera.yaml")
    ran = crackmap(
        "scan", recordings, "--surface", "north", "--inspection", "2026", "--model", model,
        "--outbox", tmp_path / "again.sqlite", *again,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    later = placements(tmp_path / "again.sqlite")
    assert live.items() <= later.items()  # tiles of a moving camera's rows, too
