"""kill -9 of scan, upload and server at every named failpoint and at random moments: nothing lost, nothing doubled.

The whole database, all pictures and the whole outbox must equal those of a run that nothing disturbed.
"""

import random
import re
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from .conftest import Recording
from .processes import PATIENCE_S, Server, rows_of, run, start

pytestmark = pytest.mark.long

PARTS = ((0, 7), (8, 15))
"""The photographs come in two parts, as from a robot that is sent out again."""

SCAN_ALONE = ("outbox.before_commit:2", "outbox.after_commit:2")
SCAN = ("uplink.after_send:1",)
UPLOAD = ("uplink.after_send:1", "uplink.after_send:1", "outbox.before_commit:2", "outbox.before_commit:1")
SERVER = ("ingest.before_commit:1", "ingest.after_commit_before_ack:1", "evidence.after_write:1")
STAGES = {
    *(f"scan at {name.partition(':')[0]}" for name in SCAN_ALONE + SCAN),
    *(f"upload at {name.partition(':')[0]}" for name in UPLOAD),
    *(f"server at {name.partition(':')[0]}" for name in SERVER),
    *("scan at a random moment", "upload at a random moment", "server at a random moment"),
}


QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
TRIES = 5


class Storm:
    """Kills the scanner and the server, and counts."""

    def __init__(self, recording: Recording, outbox: Path, server: Server, seed: int) -> None:
        self.recording, self.outbox, self.server = recording, outbox, server
        self.chance = random.Random(seed)
        self.kills: Counter[str] = Counter()

    def scan_alone(self, failpoint: str) -> None:
        """A scan without a server, killed at a failpoint."""
        process = self._scan(failpoint=failpoint)
        assert process.wait(PATIENCE_S) == -signal.SIGKILL
        self.kills[f"scan at {failpoint.partition(':')[0]}"] += 1

    def scan_until_some_moment(self) -> None:
        """A scan without a server, killed a moment after its first new photograph."""
        process = self._scan(stderr=subprocess.PIPE)
        assert process.stderr is not None
        for line in process.stderr:
            if re.search(r"tiles/s", line):
                break
        self._kill_at_random(process, "scan", 0.01)
        process.stderr.close()

    def scan_through(self, failpoints: list[str], server_failpoints: list[str]) -> None:
        """Scan to the server; whoever dies is started again, until there is nothing left to die of."""
        armed = server_failpoints.pop(0)
        self.server.start(armed)
        while True:
            failpoint = failpoints[0] if failpoints else None
            process = self._scan("--server", self.server.address, failpoint=failpoint)
            while (code := _ended(process)) is None or (self.server.killed and armed):
                if self.server.killed:
                    self.kills[f"server at {armed.partition(':')[0]}"] += 1
                    armed = server_failpoints.pop(0) if server_failpoints else ""
                    self.server.start(armed or None)
            if code == -signal.SIGKILL:
                assert failpoint == failpoints.pop(0)
                self.kills[f"scan at {failpoint.partition(':')[0]}"] += 1
            elif code == 0:
                self.server.stop()
                return
            else:
                assert code == 2  # the server was away for too long; all is still in the outbox

    def upload(self, failpoint: str) -> None:
        """Offer everything again, as to a server from a backup, killed at a failpoint."""
        assert self._upload(failpoint).wait(PATIENCE_S) == -signal.SIGKILL
        self.kills[f"upload at {failpoint.partition(':')[0]}"] += 1

    def upload_until_some_moment(self, victim: str) -> None:
        """The same, and the upload or the server is killed at a random moment."""
        for _ in range(TRIES):
            process = self._upload(None)
            if victim == "server":
                assert self.server.process is not None
                self._kill_at_random(self.server.process, "server", 1.0)
                process.kill()
            else:
                self._kill_at_random(process, "upload", 1.0)
            process.wait(PATIENCE_S)
            if self.kills[f"{victim} at a random moment"]:
                return

    def _scan(self, *more: object, failpoint: str | None = None, **streams: int) -> "subprocess.Popen[str]":
        arguments = self.recording.scan(self.outbox, "--frames", "keyframes", *more)
        return start(*arguments, failpoint=failpoint, **QUIET | streams)

    def _upload(self, failpoint: str | None) -> "subprocess.Popen[str]":
        arguments = ("--everything", "--outbox", self.outbox, "--server", self.server.address)
        return start("robot", "outbox", "upload", *arguments, failpoint=failpoint, **QUIET)

    def _kill_at_random(self, process: "subprocess.Popen[str]", who: str, within_s: float) -> None:
        try:
            process.wait(self.chance.uniform(0, within_s))
        except subprocess.TimeoutExpired:
            process.kill()
        self.kills[f"{who} at a random moment"] += process.wait(PATIENCE_S) == -signal.SIGKILL


def _ended(process: "subprocess.Popen[str]") -> int | None:
    try:
        return process.wait(0.02)
    except subprocess.TimeoutExpired:
        return None


def undisturbed(recording: Recording, folder: Path, server: Server) -> None:
    """The same photographs in the same parts."""
    with server:
        for first, last in PARTS:
            recording.photograph(first, last)
            ran = run(*recording.scan(folder / "calm.sqlite", "--frames", "keyframes", "--server", server.address))
            assert ran.returncode == 0, ran.stderr
    for path in recording.folder.iterdir():
        path.unlink()


def test_nothing_is_lost_or_doubled_whoever_dies(recording: Recording, tmp_path: Path, kill_seed: int) -> None:
    calm = Server(tmp_path / "calm")
    undisturbed(recording, tmp_path, calm)
    server = Server(tmp_path / "storm", calm.port)
    storm = Storm(recording, tmp_path / "storm.sqlite", server, kill_seed)
    for first, last in PARTS:
        recording.photograph(first, last)
        for failpoint in SCAN_ALONE:
            storm.scan_alone(failpoint)
        storm.scan_until_some_moment()
        storm.scan_through(list(SCAN), list(SERVER))
    with server:
        for failpoint in UPLOAD:
            storm.upload(failpoint)
        storm.upload_until_some_moment("upload")
        storm.upload_until_some_moment("server")
    with server:
        last_words = run(*recording.scan(storm.outbox, "--frames", "keyframes", "--server", server.address))
    assert last_words.returncode == 0, last_words.stderr

    print(f"kills: {dict(sorted(storm.kills.items()))}")
    assert {stage for stage in STAGES if not storm.kills[stage]} == set()

    expected, pictures = calm.everything()
    found, found_pictures = server.everything()
    for table in expected.keys() | found.keys():
        assert found.get(table) == expected.get(table), table
    assert found_pictures == pictures
    assert len(expected["frames"]) == 16
    assert len(pictures) == len(expected["evidence"]) > 16
    assert rows_of(storm.outbox) == rows_of(tmp_path / "calm.sqlite")
