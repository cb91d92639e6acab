"""A log from a backup, where there is none yet. What the backup holds is checked first, to the last byte.

Files come before the database: when restoring is stopped there is no log that lacks any, and it can be done again.
Who was signed in is left out: they sign in again.
"""

import shutil
import tempfile
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, delete, insert, inspect
from sqlalchemy.exc import DatabaseError

from crackmap.errors import InputError
from crackmap_server import tables
from crackmap_server.engines import create_upgrading_engine
from crackmap_server.errors import DatabaseUnusable
from crackmap_server.lock import locked
from crackmap_server.settings import Settings
from crackmap_server.storage import path_in
from crackmap_server.upgrade import upgrade
from crackmap_server.upkeep.copies import copy_rows, count_rows
from crackmap_server.upkeep.files import appearing, file_sha256
from crackmap_server.upkeep.kinds import MODELS, PICTURES, Kind
from crackmap_server.upkeep.manifest import Backup, read_backup
from crackmap_server.upkeep.snapshot import close_wal, reading, revision_of, writing_engine
from crackmap_server.upkeep.watching import watching


def restore(settings: Settings, folder: Path) -> Backup:
    """The backup in `folder` as the settings' log, pictures and models.

    Raises InputError when the backup is damaged, DatabaseUnusable when there is a log already, DatabaseInUse,
    StorageError. Nothing that is there is changed.
    """
    backup = read_backup(folder)
    with locked(settings.sqlite_file):
        _refuse_existing(settings)
        check_backup(folder, backup)
        for kind, missing in _kinds(backup):
            _restore_files(settings, folder, backup, kind, missing)
        if settings.sqlite_file is not None:
            _restore_file(folder / backup.database, settings.sqlite_file)
        else:
            _restore_rows(settings, folder / backup.database)
    return backup


def check_backup(folder: Path, backup: Backup) -> None:
    """Read every byte of it. Raises InputError with what is damaged or missing."""
    database = folder / backup.database
    try:
        if file_sha256(database) != backup.database_sha256:
            raise InputError(f"{database}: is not the file that the backup was finished with; it is damaged.")
    except OSError as error:
        raise InputError(f"{database}: cannot be read ({error.strerror}).") from None
    revision_of(database)
    with reading(database) as connection:
        said = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
    if said != "ok":
        raise InputError(f"{database}: is damaged: {said}")
    for kind, missing in _kinds(backup):
        wrong = _wrong_files(kind, folder, _named(database, kind, missing))
        if wrong:
            raise InputError(
                f"{folder / kind.in_backup}: {len(wrong)} {kind.plural} are missing or damaged, the first is "
                f"{wrong[0]}. Use another backup, or renew this one from the server if it still runs."
            )


def _kinds(backup: Backup) -> list[tuple[Kind, Collection[str]]]:
    """What the backup holds files of, and those that were lost before it was made."""
    models = [] if backup.models is None else [(MODELS, backup.missing_models)]
    return [(PICTURES, backup.missing), *models]


def _named(database: Path, kind: Kind, missing: Collection[str]) -> list[str]:
    with reading(database) as connection:
        return sorted(set(kind.named(connection)) - set(missing))


def _wrong_files(kind: Kind, backup: Path, named: list[str]) -> list[str]:
    def is_right(sha256: str) -> bool:
        try:
            return file_sha256(path_in(backup / kind.in_backup, sha256)) == sha256
        except OSError:
            return False

    with watching(f"{kind.plural} read", len(named)) as advance:
        return [sha256 for sha256 in named if (advance(1), not is_right(sha256))[1]]


def _refuse_existing(settings: Settings) -> None:
    file = settings.sqlite_file
    if file is not None:
        if file.exists():
            raise DatabaseUnusable(
                f"{file}: there is a log already, and restoring overwrites none. Move it away, with its -wal file and "
                "its pictures, or choose another with --database."
            )
        return
    engine = create_upgrading_engine(settings.database_url, settings.busy_timeout_s)
    try:
        with engine.connect() as connection:
            held = {name: count for name, count in count_rows(connection).items() if count}
    except DatabaseError as error:
        raise DatabaseUnusable(
            f"database {settings.database_url.render_as_string()} cannot be opened: {str(error.orig).strip()}"
        ) from None
    finally:
        engine.dispose()
    if held:
        raise DatabaseUnusable(
            f"database {settings.database_url.render_as_string()}: holds a log already ({_first(held)}), and restoring "
            "overwrites none. Choose an empty one with --database."
        )


def _first(held: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in list(held.items())[:3])


def _restore_files(settings: Settings, folder: Path, backup: Backup, kind: Kind, missing: Collection[str]) -> None:
    held = kind.folder(settings)
    held.open()
    named = _named(folder / backup.database, kind, missing)
    with watching(f"{kind.plural} restored", len(named)) as advance:
        for sha256 in named:
            source = path_in(folder / kind.in_backup, sha256)
            if held.size_bytes(sha256) != source.stat().st_size:
                held.adopt(source, sha256)
            advance(1)


def _restore_file(database: Path, to: Path) -> None:
    with appearing(to) as beside:
        shutil.copyfile(database, beside)
        engine = writing_engine(beside)
        try:
            with engine.begin() as connection:
                if inspect(connection).has_table(tables.logs.name):
                    _name_anew(connection)
        finally:
            engine.dispose()
        close_wal(beside)


def _name_anew(connection: Connection) -> None:
    """It is not the log that robots knew: they offer again what came after the backup. Nobody is signed in to it."""
    connection.execute(delete(tables.logs))
    connection.execute(insert(tables.logs).values(log_id=uuid4(), since_utc=datetime.now(UTC)))
    for table in (tables.sessions, tables.sign_ins):
        if inspect(connection).has_table(table.name):
            connection.execute(delete(table))


def _restore_rows(settings: Settings, database: Path) -> None:
    """Into PostgreSQL, in one transaction; an older backup is brought to this version on the way."""
    with tempfile.TemporaryDirectory() as there:
        current = Path(there) / "log.sqlite"
        shutil.copyfile(database, current)
        source = writing_engine(current)
        target = create_upgrading_engine(settings.database_url, settings.busy_timeout_s)
        try:
            upgrade(source, current)
            upgrade(target, None)
            with source.connect() as reading, target.begin() as writing, watching("rows", None) as advance:
                writing.execute(delete(tables.logs))  # the migrations named one
                copy_rows(reading, writing, lambda _table, count: advance(count))
                _name_anew(writing)
        finally:
            source.dispose()
            target.dispose()
