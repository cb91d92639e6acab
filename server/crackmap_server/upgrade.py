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
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError

from crackmap.errors import StorageError
from crackmap_server.engines import Engines, opened
from crackmap_server.errors import DatabaseUnusable
from crackmap_server.lock import locked
from crackmap_server.settings import Settings


@contextmanager
def prepared(settings: Settings) -> Iterator[Engines]:
    """The settings' database: locked for this process, copied and upgraded where needed, and opened."""
    with locked(settings.sqlite_file), opened(settings.database_url, settings.busy_timeout_s) as engines:
        try:
            upgrade(engines.writer, settings.sqlite_file)
        except DatabaseError as error:
            name = settings.sqlite_file or settings.database_url.render_as_string()
            raise DatabaseUnusable(f"database {name} cannot be opened: {str(error.orig).strip()}") from None
        yield engines


def upgrade(engine: Engine, file: Path | None) -> None:
    """Run the migrations that are missing. Raises DatabaseUnusable when the database is newer than the software."""
    scripts = ScriptDirectory(str(Path(__file__).parent / "migrations"))
    head = scripts.get_current_head()
    with engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    if present == head:
        return
    if present is not None:
        _check_known(scripts, present)
        if file is not None:
            copy(file, file.with_name(f"{file.stem}.before-{head}{file.suffix}"))
    with engine.begin() as connection:
        command.upgrade(_config(connection), "head")


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


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
