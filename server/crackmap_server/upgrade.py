"""Bring the database to the version of this software, after copying it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.exc import DatabaseError

from crackmap.errors import StorageError
from crackmap_server.engines import create_upgrading_engine
from crackmap_server.errors import DatabaseUnusable
from crackmap_server.lock import locked
from crackmap_server.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"


@contextmanager
def prepared(settings: Settings) -> Iterator[None]:
    """The settings' database, locked for this process and of this software's version.

    Raises DatabaseInUse, DatabaseUnusable, StorageError.
    """
    file = settings.sqlite_file
    with locked(file):
        engine = create_upgrading_engine(settings.database_url, settings.busy_timeout_s)
        try:
            upgrade(engine, file)
        except DatabaseError as error:
            name = file or settings.database_url.render_as_string()
            raise DatabaseUnusable(
                f"database {name} cannot be opened: {str(error.orig).strip()}. "
                "Restore it from a copy if it is damaged, or choose another with --database."
            ) from None
        finally:
            engine.dispose()
        yield


def upgrade(engine: Engine, file: Path | None) -> None:
    """Run the migrations that are missing, in one transaction.

    A SQLite file that holds something is copied first. Raises DatabaseUnusable when the database is newer than the
    software, or a SQLite file of another program.
    """
    scripts = ScriptDirectory(str(MIGRATIONS))
    head = scripts.get_current_head()
    with engine.begin() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
        if present == head:
            return
        if present is not None:
            _check_known(scripts, present)
            if file is not None:
                copy(file, file.with_name(f"{file.stem}.before-{head}{file.suffix}"))
        elif file is not None and inspect(connection).get_table_names():  # as a robot's outbox
            raise DatabaseUnusable(f"{file} is the database of another program. Choose another file with --database.")
        command.upgrade(config_for(connection), "head")
        if connection.dialect.name == "sqlite":
            loose = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            assert loose is None, f"the migration to {head} left a row that points nowhere: {loose}"


def copy(file: Path, to: Path) -> None:
    """A whole, checked copy of a SQLite database that may be in use."""
    try:
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(to)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
    except (sqlite3.Error, OSError) as error:
        raise StorageError(
            f"{file} cannot be copied to {to} before it is upgraded ({error}). Nothing was changed; make room for it."
        ) from None


def _check_known(scripts: ScriptDirectory, revision: str) -> None:
    try:
        scripts.get_revision(revision)
    except CommandError:
        raise DatabaseUnusable(
            f"the database is of version {revision!r}, which this software does not know: it was used by a newer one. "
            "Install that version again; nothing was changed."
        ) from None


def config_for(connection: Connection) -> Config:
    """Alembic's settings for migrations on that connection."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
