"""The outbox's SQLite file: its schema, how it is opened, locked, and what can go wrong with it, by name."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from crackmap.errors import InputError, StorageError

APPLICATION_ID = 0x636B6D70  # "ckmp"
SCHEMA_VERSION = 2
BUSY_S = 30.0

SCHEMA = """
CREATE TABLE header (
    header_id TEXT PRIMARY KEY,           -- of the scan, the analysis or the pose solution
    kind TEXT NOT NULL CHECK (kind IN ('scan', 'analysis', 'pose_solution')),
    body TEXT NOT NULL
);
CREATE TABLE report (
    report_id INTEGER PRIMARY KEY,
    frame_id TEXT NOT NULL,
    scan_id TEXT NOT NULL REFERENCES header,
    analysis_id TEXT NOT NULL REFERENCES header,
    pose_solution_id TEXT NOT NULL,       -- '' for unplaced frames
    label TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'stored', 'refused')),
    server TEXT NOT NULL DEFAULT '',      -- that stored or refused it
    words TEXT NOT NULL DEFAULT '',       -- of the server that refused it
    UNIQUE (frame_id, analysis_id, pose_solution_id)
);
-- Holds all that counting needs: bodies are long.
CREATE INDEX report_state ON report (state, server);
CREATE TABLE picture (
    sha256 TEXT PRIMARY KEY,
    media_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    label TEXT NOT NULL,
    path BLOB,                            -- of a photograph, as the file system spells it; may start from this file
    content BLOB,                         -- of a crop
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'stored', 'refused')),
    server TEXT NOT NULL DEFAULT '',
    words TEXT NOT NULL DEFAULT ''
);
CREATE INDEX picture_state ON picture (state, server);
CREATE TABLE shows (                      -- which pictures a report speaks of
    report_id INTEGER NOT NULL REFERENCES report,
    sha256 TEXT NOT NULL REFERENCES picture,
    PRIMARY KEY (report_id, sha256)
) WITHOUT ROWID;
CREATE INDEX shows_picture ON shows (sha256);
"""
SINCE_2 = """
CREATE TABLE log (                        -- which log a server kept when it was last asked
    server TEXT PRIMARY KEY,
    log_id TEXT NOT NULL
);
"""
STEPS = (SCHEMA, SINCE_2)
"""What brings a file from each version to the next."""


class OutboxError(StorageError):
    """The outbox cannot be opened or written; unless the message says it is damaged, what it held before is whole."""


def refuse_missing(path: Path) -> None:
    """Raises InputError where there is no outbox: to look into one must not make one."""
    if not path.exists():
        raise InputError(f"{path}: there is no outbox. `crackmap scan` makes one; --outbox FILE says where another is.")


def connect(path: Path) -> sqlite3.Connection:
    """A connection whose commits are on disk when they return. Makes the file and its schema when there is none.

    Raises OutboxError.
    """
    with named_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # A generator that was read in one thread may be closed in another, and its connection with it.
        rows = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            _refuse_foreign(rows, path)
            rows.execute("PRAGMA journal_mode = WAL")
            rows.execute("PRAGMA synchronous = FULL")
            rows.execute("PRAGMA foreign_keys = ON")
            _upgrade(rows)
        except BaseException:
            rows.close()
            raise
    return rows


def _number(rows: sqlite3.Connection, pragma: str) -> int:
    return int(rows.execute(f"PRAGMA {pragma}").fetchone()[0])


def _refuse_foreign(rows: sqlite3.Connection, path: Path) -> None:
    """Before anything is written: a wrong --outbox must not change somebody else's database."""
    (tables,) = rows.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and _number(rows, "application_id") != APPLICATION_ID:
        raise OutboxError(f"{path}: is the database of another program. Give another file with --outbox.")
    if _number(rows, "user_version") > SCHEMA_VERSION:
        raise OutboxError(
            f"{path}: was written by a newer crackmap (schema {_number(rows, 'user_version')}, this one knows "
            f"{SCHEMA_VERSION}). Update crackmap on this machine, or give another file with --outbox."
        )


def _upgrade(rows: sqlite3.Connection) -> None:
    if _number(rows, "user_version") == SCHEMA_VERSION:
        return
    rows.execute("BEGIN IMMEDIATE")
    try:
        for step in STEPS[_number(rows, "user_version") :]:  # another process may have been quicker
            for statement in step.split(";\n"):
                rows.execute(statement)
        rows.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        rows.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        rows.execute("COMMIT")
    finally:
        if rows.in_transaction:
            rows.execute("ROLLBACK")


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Turns what SQLite and the file system say into OutboxError."""
    try:
        yield
    except sqlite3.Error as error:
        raise OutboxError(f"{path}: {_advice(error)}") from error
    except OSError as error:
        raise OutboxError(
            f"{path}: the outbox cannot be made or read ({error.strerror}). Give another place with --outbox."
        ) from error


_BY_CODE = {
    sqlite3.SQLITE_FULL: "the disk is full. Free space there, then run the same command: it goes on where it stopped.",
    sqlite3.SQLITE_BUSY: "another process is writing to the outbox. Wait until it is done, then run the same command.",
    sqlite3.SQLITE_READONLY: "the outbox or its folder is read-only. Give another file with --outbox.",
    sqlite3.SQLITE_CANTOPEN: "the outbox cannot be opened. Give a place that can be written with --outbox.",
    sqlite3.SQLITE_NOTADB: "is not an outbox (not an SQLite file). Give another file with --outbox.",
    sqlite3.SQLITE_CORRUPT: "the outbox is damaged. Copy the file for rescue, then give another with --outbox.",
    sqlite3.SQLITE_IOERR: "the disk failed or is full. Check the disk, then run the same command.",
}


_NOT_WHOLE = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}


def _advice(error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte; the rest says where inside SQLite
    known = _BY_CODE.get(code)
    advice = f"{known} ({error})" if known else f"SQLite says: {error}."
    return advice if code in _NOT_WHOLE else f"{advice} What the outbox held before is whole."


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """While one process scans into or uploads from an outbox, no other may. Raises OutboxError at once, never waits.

    An advisory lock on a file beside it; the system lets it go when the process ends, however it ends.
    """
    with named_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(file, 20, 0).decode(errors="replace").strip() or "unknown"
            raise OutboxError(
                f"{path}: is in use by another crackmap (process {holder}). Wait until it ends, or give another file "
                "with --outbox."
            ) from error
        with suppress(OSError):  # the number is only for people; on a full disk it is missing
            os.ftruncate(file, 0)
            os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(file)
