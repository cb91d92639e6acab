"""The daemon with a live camera: what it saw is recorded first, and placed by poses that come meanwhile."""

import hashlib
import json
import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from .camera_files import camera_file

VIEWS, MANY = 24, 60
BREAKS_OFF_AT, HANGS_AT = (8, 18), (13,)


def test_a_camera_that_drops_out_loses_nothing_that_was_recorded(
    draw, streams: ModuleType, daemons: ModuleType, model: Path, tmp_path: Path
) -> None:
    """Live frames are recorded first, then scanned; the daemon is killed twice, the stream breaks off and hangs.

    The camera drives on when what it sees is recorded, so that a busy machine takes longer and sees the same.
    """
    wall, daemon = draw(1, 320 + 64 * VIEWS, 240), daemons.Daemon(tmp_path / "robot", model)
    recordings = daemon.folder / "recordings"
    faults = dict.fromkeys(HANGS_AT) | dict.fromkeys(BREAKS_OFF_AT, b"")

    standing = [0]
    """Frames that were sent since there is nothing new to see."""

    def recorded() -> list[Path]:
        return sorted(recordings.glob("*.jpg"))

    def frames(_connection: int) -> Iterator[bytes | None]:
        rng = np.random.default_rng()
        while True:
            view = min(len(recorded()), VIEWS)
            fault = next((at for at in faults if at <= view), None)
            if fault is not None:
                if faults.pop(fault, b"") is None:
                    yield None
                return
            standing[0] += view == VIEWS
            seen = wall[:240, 64 * view : 64 * view + 320] + rng.normal(0, 2, (240, 320, 3))
            yield streams.jpeg(np.clip(seen, 0, 255).astype(np.uint8))

    with streams.Stream(frames) as stream:
        config = daemon.folder / "robot.toml"
        text = config.read_text().replace("folder:photos", stream.address)
        config.write_text(text + "[live]\nstale_s = 1.5\n")
        for failpoint in ("recorder.before_rename:4", "outbox.after_commit:5"):
            daemon.start(failpoint)
            assert daemon.process is not None
            daemon.process.communicate(timeout=daemons.PATIENCE_S)
            assert daemon.process.returncode == -signal.SIGKILL
        with daemon.running():
            daemon.until("started")
            daemon.told(lambda _: standing[0] >= MANY)
            stream.end()
            daemon.told(lambda told: bool(told["trouble"]))  # the camera is gone: nothing is recorded any more
            daemon.told(lambda told: sum(told["frames"].values()) == len(recorded()))
            daemon.stop()
    assert not faults
    assert not list(recordings.glob("*.part"))
    with sqlite3.connect(daemon.outbox) as rows:
        reports = {sha for (sha,) in rows.execute("SELECT json_extract(body, '$.frame.image.sha256') FROM report")}
    rows.close()
    assert reports == {hashlib.sha256(path.read_bytes()).hexdigest() for path in recorded()}
    # One for each view and its last, and after each interruption one more, for the camera may be anywhere then.
    assert VIEWS <= len(recorded()) <= VIEWS + 1 + stream.connections


CAMERA = camera_file(320, 240, 400.0)


def test_poses_that_come_meanwhile_place_the_photographs_and_so_does_their_file(
    draw, crackmap, *, streams: ModuleType, daemons: ModuleType, model: Path, tmp_path: Path
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
            daemon = daemons.Daemon(tmp_path / "robot", model)
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
