"""Two engines on one database: the writer's, and the readers' apart from it.

SQLite: WAL, synchronous=FULL (a commit is on the disk when it returns), foreign keys, a busy timeout; the writer begins
with BEGIN IMMEDIATE, readers cannot write. PostgreSQL: the writer takes an advisory lock for each transaction, so that
several servers on one database take turns as they would on one file.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import NoSuchModuleError

from crackmap_server.errors import DatabaseUnusable

SYNCHRONOUS = "FULL"
WRITER_LOCK = 0x6372_6B6D  # "crkm"


@dataclass(frozen=True)
class Engines:
    """The writer's engine (one connection) and the readers'."""

    writer: Engine
    reader: Engine

    def dispose(self) -> None:
        self.writer.dispose()
        self.reader.dispose()


@contextmanager
def opened(url: URL, busy_timeout_s: float) -> Iterator[Engines]:
    """Both engines, closed at the end. Nothing connects before it is used."""
    engines = create_engines(url, busy_timeout_s)
    try:
        yield engines
    finally:
        engines.dispose()


def create_engines(url: URL, busy_timeout_s: float) -> Engines:
    """Raises DatabaseUnusable when the driver is not installed."""
    try:
        writer = create_engine(url, pool_size=1, max_overflow=0)
        reader = create_engine(url, pool_size=8, max_overflow=56, pool_pre_ping=url.drivername != "sqlite")
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise DatabaseUnusable(
            f"database {url.render_as_string()!r}: its driver is not installed ({error}). "
            "Install crackmap-server[postgresql]."
        ) from None
    if url.drivername == "sqlite":
        _prepare_sqlite(writer, busy_timeout_s, begin="BEGIN IMMEDIATE", query_only=False)
        _prepare_sqlite(reader, busy_timeout_s, begin="BEGIN", query_only=True)
    else:
        event.listen(writer, "begin", _lock_out_other_writers)
    return Engines(writer, reader)


def _prepare_sqlite(engine: Engine, busy_timeout_s: float, begin: str, query_only: bool) -> None:
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # sqlite3 must not begin and commit by its own rules
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {round(busy_timeout_s * 1000)}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")
        cursor.execute("PRAGMA foreign_keys = ON")
        if query_only:
            cursor.execute("PRAGMA query_only = ON")
        cursor.close()

    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", connect)
    event.listen(engine, "begin", begin_transaction)


def _lock_out_other_writers(connection: Connection) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")
