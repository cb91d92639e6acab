"""`crackmap robot outbox export`: the outbox with the photographs that no server has, as one folder to carry away.

The folder is an outbox: `crackmap robot outbox upload --outbox FOLDER/outbox.sqlite` sends it from anywhere. What is
sent twice, from there and from the robot, changes nothing.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.progress import track

from crackmap.durable_files import flush_folder, write_flushed
from crackmap.errors import InputError, StorageError
from crackmap_robot.outbox import Outbox
from crackmap_robot.outbox.file import named_errors, refuse_missing

OUTBOX, PHOTOGRAPHS = "outbox.sqlite", "photographs"


def export(path: Path, to: Path) -> Iterator[tuple[str, int]]:
    """Write the folder; yields lines for people, each with the exit code so far. A daemon may write meanwhile.

    Raises InputError where there is no outbox or the folder holds something, StorageError when it cannot be written:
    then there is no outbox in it, and it can be thrown away.
    """
    refuse_missing(path)
    try:
        (to / PHOTOGRAPHS).mkdir(parents=True, exist_ok=True)
        if set(to.iterdir()) != {to / PHOTOGRAPHS} or any((to / PHOTOGRAPHS).iterdir()):
            raise InputError(f"{to}: holds something. Give a new folder.")
        part = to / f"{OUTBOX}.part"
        _copy(path, part)
        with named_errors(part), closing(sqlite3.connect(part, isolation_level=None)) as rows:
            waiting = rows.execute(
                "SELECT sha256, label, path FROM picture WHERE path IS NOT NULL AND state <> 'stored'"
            ).fetchall()
            gone = []
            console = Console(stderr=True)
            for sha256, label, place in track(waiting, "photographs", console=console, disable=not console.is_terminal):
                source = path.parent / os.fsdecode(place)
                name = _copied(source, sha256, to / PHOTOGRAPHS)
                if name is None:
                    gone.append(f"{label}: {source} is gone, cannot be read or has changed")
                    continue
                rows.execute("UPDATE picture SET path = ? WHERE sha256 = ?", (f"{PHOTOGRAPHS}/{name}".encode(), sha256))
            reports = rows.execute("SELECT count(*) FROM report").fetchone()[0]
        _flush(part)
        flush_folder(to / PHOTOGRAPHS)
        part.replace(to / OUTBOX)
        flush_folder(to)
    except OSError as error:
        raise StorageError(f"{to}: cannot be written ({error.strerror}). Give a place with room for it.") from error
    yield f"{to}: {reports:,} reports and {len(waiting) - len(gone):,} photographs that no server has", 0
    yield f"To send them: crackmap robot outbox upload --outbox {to / OUTBOX} --server http://SERVER:8321", 0
    for line in gone:
        yield f"left out     {line}", 2


def _copy(path: Path, part: Path) -> None:
    """The outbox as one file, as it is at one moment."""
    with Outbox(path), named_errors(path), closing(sqlite3.connect(path)) as rows, closing(sqlite3.connect(part)) as to:
        rows.backup(to)
        to.execute("PRAGMA journal_mode = DELETE")


def _copied(source: Path, sha256: str, folder: Path) -> str | None:
    """The name of the copy; None where the photograph is not there as it was scanned."""
    try:
        content = source.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(content).hexdigest() != sha256:
        return None
    name = f"{sha256[:16]}{source.suffix.lower()}"
    write_flushed(folder / name, content)
    return name


def _flush(part: Path) -> None:
    with part.open("rb") as file:
        os.fsync(file.fileno())
