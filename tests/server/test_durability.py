"""What was acknowledged is there after kill -9, a full disk, and (as far as a test can see) a power cut."""

import random
import re
import shutil
import signal
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Client, HTTPError

from crackmap_server.app import create_app
from crackmap_server.settings import Settings
from crackmap_server.upgrade import prepared

STAGES = ("ingest.before_commit", "ingest.after_commit_before_ack", "evidence.after_write")
Step = Callable[[Any], Any]


def steps(wall: Any) -> list[Step]:
    """What a robot delivers: reports, then their pictures."""

    def reports(*numbers: int) -> Step:
        content = wall.batch(*(wall.report(n) for n in numbers)).model_dump_json()
        return lambda client: client.post("/v1/reports", content=content)

    def picture(number: int) -> Step:
        content = wall.picture(number)
        return lambda client: client.put(f"/v1/evidence/{wall.sha256(content)}", content=content)

    return [reports(1, 2), picture(1), picture(2), reports(3), picture(3), reports(4, 5, 6), picture(4)]


def acknowledged(client: Client, wanted: list[Step]) -> int:
    """How many of the steps were answered before the server died."""
    for done, step in enumerate(wanted):
        try:
            response = step(client)
        except HTTPError:
            return done
        assert response.status_code in {200, 201}, response.text
    return len(wanted)


def dump(settings: Settings) -> str:
    """All rows but the times at which the server decided, and all pictures."""
    with closing(sqlite3.connect(str(settings.sqlite_file))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.execute("UPDATE decisions SET decided_utc = ''")
        connection.execute("DELETE FROM logs")  # each log is one of its own
        rows = "\n".join(connection.iterdump())
        connection.rollback()
    folder = settings.evidence_folder
    pictures = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return "\n".join([rows, *pictures])


def undisturbed(folder: Path, wall: Any) -> str:
    settings = Settings(database=f"sqlite:///{folder}/log.sqlite")
    with prepared(settings), TestClient(create_app(settings), base_url="http://localhost") as client:
        for step in steps(wall):
            assert step(client).status_code in {200, 201}
    return dump(settings)


def held(client: Client) -> tuple[int, int]:
    """Frames, and pictures that are held."""
    frames = client.get("/v1/frames").json()["items"]
    return len(frames), sum(frame["evidence"] == "held" for frame in frames)


def at_least(done: int) -> tuple[int, int]:
    """Frames and pictures after so many acknowledged steps."""
    return [(0, 0), (2, 0), (2, 1), (2, 2), (3, 2), (3, 3), (6, 3), (6, 4)][done]


@pytest.mark.parametrize("stage", STAGES)
def test_killed_at_a_failpoint_nothing_acknowledged_is_lost_and_nothing_is_there_twice(
    start: Any, wall: Any, tmp_path: Path, stage: str
) -> None:
    kills = 0
    for count in (1, 2, 3):
        process = start(CRACKMAP_FAILPOINT=f"{stage}:{count}")
        frames, pictures = at_least(acknowledged(process.client, steps(wall)))
        if process.wait()[0] == -signal.SIGKILL:
            kills += 1
        with closing(sqlite3.connect(tmp_path / "log.sqlite")) as log:
            assert log.execute("SELECT count(*) FROM frames").fetchone()[0] >= frames
            assert log.execute("SELECT count(*) FROM evidence").fetchone()[0] >= pictures
    print(f"{stage}: {kills} kills")
    assert kills == 3
    last = start()
    assert acknowledged(last.client, steps(wall)) == len(steps(wall))
    assert held(last.client) == (6, 4)
    last.send(signal.SIGTERM)
    last.wait()
    (tmp_path / "other").mkdir()
    assert dump(Settings(database=f"sqlite:///{tmp_path}/log.sqlite")) == undisturbed(tmp_path / "other", wall)


def test_killed_at_any_moment_nothing_acknowledged_is_lost(
    start: Any, wall: Any, tmp_path: Path, kill_seed: int
) -> None:
    moments, kills = random.Random(kill_seed), 0
    wanted = [step for step in steps(wall) for _ in range(3)]
    for _ in range(3):
        process = start()
        timer = threading.Timer(moments.uniform(0, 0.25), process.send, [signal.SIGKILL])
        timer.start()
        done = acknowledged(process.client, wanted)
        timer.join()
        kills += process.wait()[0] == -signal.SIGKILL
        with closing(sqlite3.connect(tmp_path / "log.sqlite")) as log:
            assert log.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert log.execute("SELECT count(*) FROM frames").fetchone()[0] >= at_least(done // 3)[0]
    assert kills == 3
    last = start()
    assert acknowledged(last.client, steps(wall)) == len(steps(wall))
    last.send(signal.SIGTERM)
    last.wait()
    (tmp_path / "other").mkdir()
    assert dump(Settings(database=f"sqlite:///{tmp_path}/log.sqlite")) == undisturbed(tmp_path / "other", wall)


# --------------------------------------------------------------------------------------------------------- power loss

CALLS = "read,recvfrom,recvmsg,write,writev,sendto,sendmsg,fsync,fdatasync,rename,renameat,renameat2"
UNSAFE = (
    "import crackmap_server.engines; crackmap_server.engines.SYNCHRONOUS = 'OFF'; "
    "from crackmap.__main__ import main; main()"
)


def system_calls(log: Path, request: str) -> list[str]:
    """What the kernel was asked between that request's arrival and the answer to it."""
    lines = log.read_text(errors="replace").splitlines()
    arrived = next(n for n, line in enumerate(lines) if request in line)
    answered = next(n for n, line in enumerate(lines) if n > arrived and '"HTTP/1.1 20' in line)
    return lines[arrived:answered]


def flushed(calls: list[str], file: str) -> bool:
    return any(re.search(rf"(fsync|fdatasync)\(\d+<[^>]*{file}>", call) for call in calls)


@pytest.mark.needs("strace")
def test_between_commit_and_acknowledgement_the_disk_is_asked_to_keep_it(start: Any, wall: Any, tmp_path: Path) -> None:
    log = tmp_path / "calls"
    tracing = ["strace", "-D", "-f", "-y", "-s", "60", "-e", f"trace={CALLS}", "-o", str(log)]
    process = start(before=tracing)
    content, name = wall.picture(1), wall.sha256(wall.picture(1))
    process.client.post("/v1/reports", content=wall.batch(wall.report(1)).model_dump_json())
    process.client.put(f"/v1/evidence/{name}", content=content)
    process.send(signal.SIGTERM)
    process.wait()
    assert flushed(system_calls(log, "POST /v1/reports"), r"log\.sqlite-wal")
    picture = system_calls(log, "PUT /v1/evidence")
    assert flushed(picture, r"evidence/incoming/\w+")
    assert flushed(picture, f"evidence/{name[:2]}")
    assert flushed(picture, "evidence")
    assert flushed(picture, r"log\.sqlite-wal")
    order = [call for call in picture if "fsync(" in call or "rename" in call]
    assert "rename" in order[1], "the file must be whole on the disk before it has its name"


@pytest.mark.needs("strace")
def test_this_would_be_noticed_if_it_were_not_so(start: Any, wall: Any, tmp_path: Path) -> None:
    log = tmp_path / "calls"
    tracing = ["strace", "-D", "-f", "-y", "-s", "60", "-e", f"trace={CALLS}", "-o", str(log)]
    process = start(before=tracing, program=("-c", UNSAFE))
    process.client.post("/v1/reports", content=wall.batch(wall.report(1)).model_dump_json())
    process.send(signal.SIGTERM)
    process.wait()
    assert not flushed(system_calls(log, "POST /v1/reports"), r"log\.sqlite-wal")


# ---------------------------------------------------------------------------------------------------------- full disk


@pytest.mark.needs("root")
def test_a_full_disk_is_said_and_nothing_is_lost(small_disk: Path, wall: Any) -> None:
    settings = Settings(database=f"sqlite:///{small_disk}/log.sqlite")
    filler, content = small_disk / "filler", wall.picture(900, 900, 900)
    batches = [wall.batch(*(wall.report(n) for n in range(start, start + 40))) for start in range(0, 400, 40)]
    with prepared(settings), TestClient(create_app(settings), base_url="http://localhost") as client:

        def deliver(number: int) -> Any:
            return client.post("/v1/reports", content=batches[number].model_dump_json())

        assert deliver(0).status_code == 200
        filler.write_bytes(bytes(max(0, shutil.disk_usage(small_disk).free - 700_000)))
        statuses = [deliver(number).status_code for number in range(1, 10)]
        assert set(statuses) == {200, 507}, statuses
        stored = 1 + statuses.count(200)
        refused = deliver(9)
        assert refused.headers["retry-after"]
        assert "disk is full" in refused.json()["detail"]
        picture = client.put(f"/v1/evidence/{wall.sha256(content)}", content=content)
        assert picture.status_code == 507
        assert [path for path in settings.evidence_folder.rglob("*") if path.is_file()] == []
        frames = client.get("/v1/frames", params={"limit": 1000}).json()["items"]
        assert len(frames) == 40 * stored
        filler.unlink()
        assert {deliver(number).status_code for number in range(10)} == {200}
        assert client.put(f"/v1/evidence/{wall.sha256(content)}", content=content).status_code == 201
        frames = client.get("/v1/frames", params={"limit": 1000}).json()["items"]
        assert len(frames) == 400
    with closing(sqlite3.connect(str(settings.sqlite_file))) as log:
        assert log.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert log.execute("PRAGMA foreign_key_check").fetchall() == []
