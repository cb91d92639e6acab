"""Two engines on one database: the writer's, and the readers' apart from it.

SQLite: WAL, synchronous=FULL (a commit is on the disk when it returns), foreign keys, a busy timeout; the writer begins
with BEGIN IMMEDIATE, readers cannot write. PostgreSQL: the writer takes an advisory lock for each transaction, so that
several servers on one database take turns as they would on one file.
"""

from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json
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


def create_engines(url: URL, busy_timeout_s: float) -> Engines:
    """Nothing connects before it is used. Raises DatabaseUnusable when the driver is not installed."""
    writer = _engine(url, pool_size=1, max_overflow=0)
    reader = _engine(url, pool_size=8, max_overflow=56, pool_pre_ping=url.drivername != "sqlite")
    if url.drivername == "sqlite":
        _prepare_sqlite(writer, busy_timeout_s, "BEGIN IMMEDIATE", foreign_keys="ON")
        _prepare_sqlite(reader, busy_timeout_s, "BEGIN", query_only="ON")
    else:
        event.listen(writer, "begin", _lock_out_other_writers)
    return Engines(writer, reader)


def create_upgrading_engine(url: URL, busy_timeout_s: float) -> Engine:
    """For migrations, which may take tables apart: SQLite does not check foreign keys meanwhile."""
    engine = _engine(url, pool_size=1, max_overflow=0)
    if url.drivername == "sqlite":
        _prepare_sqlite(engine, busy_timeout_s, "BEGIN IMMEDIATE", foreign_keys="OFF")
    else:
        event.listen(engine, "begin", _lock_out_other_writers)
    return engine


def _engine(url: URL, **pool: Any) -> Engine:
    try:
        return create_engine(url, json_serializer=_json, **pool)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise DatabaseUnusable(
            f"database {url.render_as_string()!r}: its driver is not installed ({error}). "
            "Install crackmap-server[postgresql]."
        ) from None


def _json(value: Any) -> str:
    """As Python's own, but some times as fast: a pose is some forty numbers."""
    return to_json(value).decode()


def _prepare_sqlite(engine: Engine, busy_timeout_s: float, begin: str, **pragmas: str) -> None:
    settings = {
        "busy_timeout": str(round(busy_timeout_s * 1000)),
        "journal_mode": "WAL",
        "synchronous": SYNCHRONOUS,
        **pragmas,
    }

    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # sqlite3 must not begin and commit by its own rules
        cursor = connection.cursor()
        for name, value in settings.items():
            cursor.execute(f"PRAGMA {name} = {value}")
        cursor.close()

    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", connect)
    event.listen(engine, "begin", begin_transaction)


def _lock_out_other_writers(connection: Connection) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")
