"""`crackmap robot run` as a process: takes what arrives, waits for what is missing, ends when told, loses nothing."""

import importlib.util
import json
import os
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from types import ModuleType
from typing import Any

import pytest

from crackmap_robot.daemon.condition import STUCK_AFTER_S, Condition
from crackmap_robot.daemon.run import UPLINK_PATIENCE_S
from crackmap_robot.daemon.status import health
from crackmap_robot.outbox import Outbox


def beside(name: str) -> ModuleType:
    """What several files of tests share."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


streams, daemons = beside("streams"), beside("daemons")
Daemon, everything = daemons.Daemon, daemons.everything
PATIENCE_S = daemons.PATIENCE_S


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
        daemon.stop()
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


def test_it_ends_while_a_server_never_ends_its_answer(photographs: Path, model: Path, tmp_path: Path) -> None:
    """The answer goes on as long as anybody listens, so that no patience with a silent server ends the request."""
    with socket.create_server(("127.0.0.1", 0)) as endless:
        daemon = Daemon(tmp_path / "robot", model, server=f"http://127.0.0.1:{endless.getsockname()[1]}")
        shutil.copy(photographs / "img1.jpg", daemon.photos)
        with daemon.running():
            daemon.until("kept")
            connection, _ = endless.accept()  # it is sending now
            with connection, endless_answer(connection) as gone:
                daemon.stop()
                assert gone.wait(PATIENCE_S), "its connection has ended with it"
    assert UPLINK_PATIENCE_S < 5, "as the guide says"
    assert len(everything(daemon.outbox)["report"]) == 1


@contextmanager
def endless_answer(connection: socket.socket) -> Iterator[Event]:
    """A header's line that grows by a letter now and then, until nobody is there; then the event is set."""
    gone, over = Event(), Event()

    def answer() -> None:
        try:
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Endless: ")
            while not over.wait(0.2):
                connection.sendall(b"a")
        except OSError:
            gone.set()

    thread = Thread(target=answer)
    thread.start()
    try:
        yield gone
    finally:
        over.set()
        thread.join()


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
        daemon.stop()
    assert len(everything(daemon.outbox)["report"]) == 6


def test_a_full_disk_costs_a_wait_and_no_frame(photographs: Path, model: Path, tmp_path: Path) -> None:
    daemon = Daemon(tmp_path / "robot", model)
    config = daemon.folder / "robot.toml"
    config.write_text(config.read_text().replace("least_free_mb = 1", f"least_free_mb = {10**12}"))
    shutil.copy(photographs / "img1.jpg", daemon.photos)
    with daemon.running():
        assert "MB free" in daemon.until("disk trouble")["why"]
        assert json.loads(daemon.get("/healthz"))["state"] == "waiting for disk space"
        daemon.stop()
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
