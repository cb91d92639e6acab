"""The database under the commands, whether its server runs or not.

Without a server the command takes its place for a moment: it holds the lock and brings the tables up to date. With one,
the command is one more writer of a moment, which SQLite's own lock (and PostgreSQL's advisory one) puts between the
server's transactions; the tables must then be of this version already.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TypeVar
from uuid import uuid4

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from crackmap.errors import InputError, StorageError
from crackmap_server.engines import Engines, create_engines
from crackmap_server.errors import DatabaseInUse, DatabaseUnusable, ServerError
from crackmap_server.people import audit
from crackmap_server.settings import Settings
from crackmap_server.upgrade import MIGRATIONS, prepared

Result = TypeVar("Result")


def read(settings: Settings, work: Callable[[Connection], Result]) -> Result:
    """What `work` finds. Raises StorageError, DatabaseUnusable."""
    with _engines(settings) as engines, engines.reader.connect() as connection:
        return work(connection)


def written(settings: Settings, command: str, work: Callable[[Connection], tuple[Result, str]]) -> Result:
    """Do `work` in one transaction with its line in the audit log, which `work` gives beside its result.

    Raises InputError for what the tables refuse, StorageError, DatabaseUnusable.
    """
    try:
        with _engines(settings) as engines, engines.writer.begin() as connection:
            result, outcome = work(connection)
            line = audit.Line(
                at_utc=datetime.now(UTC),
                request_id=uuid4().hex,
                who="command line",
                key_id=None,
                address="",
                method="COMMAND",
                resource=command,
                status=0,
                outcome=outcome,
            )
            audit.write(connection, line)
            return result
    except ServerError as refused:
        raise InputError(f"{refused}.") from None


@contextmanager
def _engines(settings: Settings) -> Iterator[Engines]:
    with ExitStack() as opened:
        server_runs = False
        try:
            opened.enter_context(prepared(settings))
        except DatabaseInUse:
            server_runs = True
        engines = create_engines(settings.database_url, settings.busy_timeout_s)
        opened.callback(engines.dispose)
        try:
            if server_runs:
                _check_version(engines)
            yield engines
        except DBAPIError as error:
            raise StorageError(
                f"the database took nothing ({str(error.orig).strip()}); nothing was changed. Try again."
            ) from None


def _check_version(engines: Engines) -> None:
    with engines.reader.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    if present != ScriptDirectory(str(MIGRATIONS)).get_current_head():
        raise DatabaseUnusable(
            f"the running server's database is of version {present!r}, this software is of another. "
            "Start the server again with this software first."
        )
