"""One moment of the log as a SQLite file, while servers write."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, delete
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from crackmap.errors import StorageError
from crackmap_server import tables
from crackmap_server.engines import create_upgrading_engine
from crackmap_server.errors import DatabaseUnusable
from crackmap_server.settings import Settings
from crackmap_server.upgrade import MIGRATIONS, upgrade
from crackmap_server.upkeep.copies import copy_rows


def take_snapshot(settings: Settings, to: Path, copied: Callable[[str, int], None]) -> str:
    """The settings' database as a new SQLite file; the revision of its tables. Nobody's writing waits for it.

    Raises DatabaseUnusable, StorageError.
    """
    file = settings.sqlite_file
    if file is None:
        _copy_postgresql(settings, to, copied)
    elif file.exists():
        _copy_sqlite(file, to)
    else:
        raise DatabaseUnusable(f"{file}: there is no such log. Choose it with --database.")
    return revision_of(to)


def revision_of(file: Path) -> str:
    """Of the tables in a SQLite file. Raises DatabaseUnusable when it holds no log of a version that is known."""
    try:
        with closing(_immutable(file)) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise DatabaseUnusable(f"{file}: holds no log of crackmap ({error}).") from None
    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if row is None or row[0] not in known:
        raise DatabaseUnusable(
            f"{file}: its tables are of version {row and row[0]!r}, which this software does not know. "
            "Install the newer crackmap that wrote them."
        )
    return str(row[0])


@contextmanager
def reading(file: Path) -> Iterator[Connection]:
    """On a SQLite file that nobody writes: it stays as it is, to the last byte."""
    engine = create_engine("sqlite://", creator=lambda: _immutable(file), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def writing_engine(file: Path) -> Engine:
    """On a SQLite file that nobody else has, as migrations use it."""
    return create_upgrading_engine(URL.create("sqlite", database=str(file)), busy_timeout_s=1)


def close_wal(file: Path) -> None:
    """Make it one file again, as it is copied and kept."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def _immutable(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?immutable=1", uri=True, check_same_thread=False)


def _copy_sqlite(file: Path, to: Path) -> None:
    try:
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(to)) as target:
            source.backup(target)
        close_wal(to)
    except sqlite3.Error as error:
        raise StorageError(f"{file}: cannot be copied to {to} ({error}).") from None


def _copy_postgresql(settings: Settings, to: Path, copied: Callable[[str, int], None]) -> None:
    url = settings.database_url
    source = create_engine(url, isolation_level="REPEATABLE READ")
    target = writing_engine(to)
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    try:
        upgrade(target, to)
        with source.connect() as reading, target.begin() as writing:
            present = MigrationContext.configure(reading).get_current_revision()
            if present != head:
                raise DatabaseUnusable(
                    f"database {url.render_as_string()}: its tables are of version {present!r}, this software's are "
                    f"{head!r}. Start the server of this version once, which upgrades them."
                )
            writing.execute(delete(tables.logs))  # the migrations named one
            copy_rows(reading, writing, copied)
    except DatabaseError as error:
        raise DatabaseUnusable(f"database {url.render_as_string()} cannot be read: {str(error.orig).strip()}") from None
    finally:
        source.dispose()
        target.dispose()
    close_wal(to)
