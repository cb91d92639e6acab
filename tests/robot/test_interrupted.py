"""kill -9, a full disk, and what reaches the disk: the outbox must equal that of a run that nothing disturbed."""

import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

PHOTOGRAPHS = 40
TABLES = ("header", "report", "picture", "shows")


@pytest.fixture
def folder(tmp_path: Path, draw) -> Path:
    folder = tmp_path / "photographs"
    folder.mkdir()
    for number in range(PHOTOGRAPHS):
        Image.fromarray(draw(number, 400, 300)).save(folder / f"{number}.jpg", quality=90)
    return folder


class Command:
    """`crackmap scan` as a process of its own."""

    def __init__(self, folder: Path, model: Path, outbox: Path) -> None:
        names = ("--surface", "north", "--inspection", "2026", "--mm-per-px", "0.5", "--frames", "none")
        self.arguments = ["scan", str(folder), *names, "--model", str(model), "--outbox", str(outbox)]
        self.line = [sys.executable, "-m", "crackmap", *self.arguments]

    def run(self, failpoint: str | None = None) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if name != "CRACKMAP_FAILPOINT"}
        if failpoint:
            environment["CRACKMAP_FAILPOINT"] = failpoint
        return subprocess.run(self.line, env=environment, capture_output=True, text=True, check=False)

    def kill_after(self, photographs: int, delay_s: float) -> bool:
        """Start it, and kill it so long after so many photographs were done. False where it was done before."""
        with subprocess.Popen(self.line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            for line in process.stderr:
                photographs -= bool(re.match(r"\d+/", line))
                if photographs <= 0:
                    break
            try:
                process.wait(delay_s)
            except subprocess.TimeoutExpired:
                process.kill()
        return process.returncode == -signal.SIGKILL


def everything(outbox: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    with sqlite3.connect(outbox) as rows:
        assert rows.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = {table: rows.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES}
    rows.close()
    return found


@pytest.fixture
def undisturbed(folder: Path, model: Path, tmp_path: Path) -> dict[str, list[tuple[Any, ...]]]:
    outbox = tmp_path / "undisturbed.sqlite"
    ran = Command(folder, model, outbox).run()
    assert ran.returncode == 0, ran.stderr
    found = everything(outbox)
    assert len(found["report"]) == PHOTOGRAPHS
    assert len(found["picture"]) > PHOTOGRAPHS
    return found


def test_kills_lose_nothing_and_double_nothing(
    folder: Path, model: Path, tmp_path: Path, undisturbed, kill_seed: int
) -> None:
    outbox = tmp_path / "outbox.sqlite"
    command = Command(folder, model, outbox)
    kills: Counter[str] = Counter()
    for failpoint, kept in (
        ("outbox.before_commit:1", 0),
        ("outbox.after_commit:1", 1),
        ("outbox.before_commit:2", 2),
        ("outbox.after_commit:2", 4),
        ("outbox.before_commit:3", 6),
        ("outbox.after_commit:1", 7),
    ):
        assert command.run(failpoint).returncode == -signal.SIGKILL
        assert len(everything(outbox)["report"]) == kept
        kills[failpoint.partition(":")[0]] += 1
    chance = random.Random(kill_seed)
    for _ in range(4):
        kills["random moment"] += command.kill_after(1, chance.uniform(0, 0.01))
    last = command.run()
    assert last.returncode == 0, last.stderr
    assert everything(outbox) == undisturbed
    print(f"kills: {dict(kills)}")
    assert min(kills[stage] for stage in ("outbox.before_commit", "outbox.after_commit", "random moment")) > 0


# --------------------------------------------------------------------------------------------------- what is on disk

SYNCHRONOUS_OFF = """\
import sys
import crackmap_robot.outbox.connection as outbox
real = outbox.connect
def connect(path):
    rows = real(path)
    rows.execute("PRAGMA synchronous = OFF")
    return rows
outbox.connect = connect
"""
MAIN = "import sys\nfrom crackmap.__main__ import main\nmain()"


def frames_on_disk(command: Command, trace: Path, before: str = "") -> list[bool]:
    """For each frame: was the log flushed to disk after its last write and before the frame was called done?"""
    calls = "trace=pwrite64,write,fdatasync,fsync"
    strace = ["strace", "-f", "-y", "-s", "80", "-e", calls, "-e", "signal=none", "-o", str(trace)]
    line = [*strace, sys.executable, "-c", before + MAIN, *command.arguments]
    subprocess.run(line, capture_output=True, check=True)
    found: list[bool] = []
    flushed = written = False
    for call in trace.read_text(errors="replace").splitlines():
        if re.search(r"pwrite64\(\d+<[^>]*-wal>", call):
            written, flushed = True, False
        elif re.search(r"f(data)?sync\(\d+<[^>]*-wal>", call):
            flushed = True
        elif re.search(r'write\(2<[^>]*>, "\d+/\d+ ', call):
            found.append(written and flushed)
            written = False
    return found


@pytest.mark.needs("strace")
def test_a_frame_is_on_disk_before_it_counts_as_done(folder: Path, model: Path, tmp_path: Path) -> None:
    command = Command(folder, model, tmp_path / "outbox.sqlite")
    assert frames_on_disk(command, tmp_path / "trace") == [True] * PHOTOGRAPHS


@pytest.mark.needs("strace")
def test_that_test_notices_an_outbox_that_does_not_wait(folder: Path, model: Path, tmp_path: Path) -> None:
    command = Command(folder, model, tmp_path / "outbox.sqlite")
    assert frames_on_disk(command, tmp_path / "trace", SYNCHRONOUS_OFF) == [False] * PHOTOGRAPHS


# ---------------------------------------------------------------------------------------------------------- full disk


@pytest.fixture
def small_disk(disk_of: Callable[[str], Path]) -> Path:
    return disk_of("160k")


@pytest.mark.needs("root")
def test_a_full_disk_stops_the_scan_by_name_and_keeps_what_was_stored(
    folder: Path, model: Path, small_disk: Path, undisturbed
) -> None:
    outbox = small_disk / "outbox.sqlite"
    command = Command(folder, model, outbox)
    ran = command.run()
    assert ran.returncode == 2
    assert "outbox.sqlite: the disk is full. Free space there, then run the same command" in ran.stderr
    assert "What the outbox held before is whole" in ran.stderr
    assert "Traceback" not in ran.stderr
    done = len(re.findall(r"^\d+/", ran.stderr, re.MULTILINE))
    kept = everything(outbox)["report"]
    assert 0 < done < PHOTOGRAPHS
    assert kept == undisturbed["report"][:done]
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    ran = command.run()
    assert ran.returncode == 0, ran.stderr
    assert f"{PHOTOGRAPHS}, {done} of them scanned before" in ran.stdout
    assert everything(outbox) == undisturbed
