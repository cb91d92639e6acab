"""What the photographs of a watched folder were when they were read last, so that a restart reads none of them again.

An SQLite file beside the outbox. It only saves time: thrown away, every photograph is read once more. So its commits
wait for no disk (WAL, `synchronous=NORMAL`: after a power cut the last ones may be missing, none is wrong).
"""

import logging
import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from pydantic import ValidationError

from crackmap.messages import Capture, Image
from crackmap_robot.cameras.camera import Photo
from crackmap_robot.cameras.folder import label_of

SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (
    path BLOB PRIMARY KEY,                -- as the file system spells it
    inode INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    changed_ns INTEGER NOT NULL,
    image TEXT NOT NULL,                  -- JSON, with the SHA-256 of the content
    capture TEXT NOT NULL
) WITHOUT ROWID
"""
SECOND_NS = 1_000_000_000
COARSE_NS, FINE_NS = 2 * SECOND_NS, 20_000_000
"""What may be written without a new time of change: memory cards tell two seconds, others at least a tick of 10 ms."""


_log = logging.getLogger(__name__)


class Stamp(NamedTuple):
    """What changes when a file is written to or replaced."""

    inode: int
    size_bytes: int
    changed_ns: int

    @classmethod
    def of(cls, found: os.stat_result) -> Self:
        """From what the file system says of a file."""
        return cls(found.st_ino, found.st_size, found.st_mtime_ns)

    def settled(self, read_ns: int) -> bool:
        """Whether a change after that moment would show in the stamp."""
        return read_ns - self.changed_ns > (FINE_NS if self.changed_ns % SECOND_NS else COARSE_NS)


class Seen:
    """One connection, used by one thread at a time. A context manager.

    What goes wrong with the file costs time and nothing else: then nothing is remembered.
    """

    def __init__(self, path: Path, known: Callable[[Photo], bool]) -> None:
        """`known` says whether a photograph need not be read again: because its report is kept."""
        self._known = known
        self._rows = _opened(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._rows is not None:
            self._rows.close()

    def photo(self, path: Path, stamp: Stamp) -> Photo | None:
        """The photograph without its content, where the file is as it was and its report is kept; else None."""
        row = None
        if self._rows is not None:
            with suppress(sqlite3.Error):
                row = self._rows.execute(
                    "SELECT image, capture FROM seen "
                    "WHERE path = ? AND inode = ? AND size_bytes = ? AND changed_ns = ?",
                    (os.fsencode(path), *stamp),
                ).fetchone()
        if row is None:
            return None
        try:
            image, capture = Image.model_validate_json(row[0]), Capture.model_validate_json(row[1])
        except ValidationError:  # of another version
            return None
        photo = Photo(label_of(path), path.absolute(), image, capture, b"")
        return photo if self._known(photo) else None

    def remember(self, path: Path, stamp: Stamp, photo: Photo, read_ns: int) -> None:
        """A photograph that was read at that moment from a file with this stamp."""
        if self._rows is None or not stamp.settled(read_ns):
            return
        values = (os.fsencode(path), *stamp, photo.image.model_dump_json(), photo.capture.model_dump_json())
        with suppress(sqlite3.Error):
            self._rows.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?, ?, ?)", values)


def seen_path(outbox: Path) -> Path:
    """`outbox.sqlite` → `outbox.seen.sqlite`."""
    return outbox.with_name(f"{outbox.stem}.seen{outbox.suffix}")


def _opened(path: Path) -> sqlite3.Connection | None:
    rows = None
    try:
        # A generator that was read in one thread may be closed in another.
        rows = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        rows.execute("PRAGMA journal_mode = WAL")
        rows.execute("PRAGMA synchronous = NORMAL")
        rows.execute(SCHEMA)
    except sqlite3.Error as error:
        if rows is not None:
            rows.close()
        why = f"{path}: {error}. Photographs are read again after a restart; delete the file to mend that"
        _log.warning("seen is not kept", extra={"why": why})
        return None
    return rows
