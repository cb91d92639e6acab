"""A backup in a folder, while the server runs: first the database, then the pictures and models that it names.

    folder/log-0123456789ab.sqlite   one moment of the log
    folder/evidence/ab/cdef…         pictures; those of an earlier backup are not copied again
    folder/models/ab/cdef…           registered models
    folder/backup.json               written last: names the database by its hash

A file is on the disk before the log names it, so a moment of the log never names one that comes later. Whatever
stops a backup leaves the one before it whole.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path

from crackmap import __version__
from crackmap_server.settings import Settings
from crackmap_server.storage import path_in
from crackmap_server.upkeep.copies import count_rows
from crackmap_server.upkeep.files import appearing, copy_file, file_sha256
from crackmap_server.upkeep.kinds import MODELS, PICTURES, Kind
from crackmap_server.upkeep.manifest import NAME, Backup, written
from crackmap_server.upkeep.snapshot import reading, take_snapshot
from crackmap_server.upkeep.watching import watching


def back_up(settings: Settings, folder: Path) -> Backup:
    """Make or renew the backup in `folder`. Raises DatabaseUnusable, StorageError."""
    with appearing(folder / "log.sqlite") as snapshot:
        with watching("rows", None) as advance:
            revision = take_snapshot(settings, snapshot, lambda _table, count: advance(count))
        sha256 = file_sha256(snapshot)
        with reading(snapshot) as connection:
            rows = count_rows(connection)
            pictures, models = PICTURES.named(connection), MODELS.named(connection)
    database = (folder / "log.sqlite").rename(folder / f"log-{sha256[:12]}.sqlite")
    missing = tuple(_copy_files(settings, folder, PICTURES, pictures))
    missing_models = tuple(_copy_files(settings, folder, MODELS, models))
    backup = Backup(
        made_utc=datetime.now(UTC),
        software=f"crackmap {__version__}",
        revision=revision,
        database=database.name,
        database_sha256=sha256,
        rows=rows,
        pictures=len(pictures) - len(missing),
        pictures_bytes=_bytes(pictures, missing),
        missing=missing,
        models=len(models) - len(missing_models),
        models_bytes=_bytes(models, missing_models),
        missing_models=missing_models,
    )
    with appearing(folder / NAME) as beside:
        beside.write_bytes(written(backup))
    for older in folder.glob("log-*.sqlite"):
        if older != database:
            older.unlink()
    return backup


def _bytes(named: dict[str, int], missing: Collection[str]) -> int:
    return sum(size_bytes for sha256, size_bytes in named.items() if sha256 not in set(missing))


def _copy_files(settings: Settings, backup: Path, kind: Kind, named: dict[str, int]) -> Iterator[str]:
    """Copies what is not there yet; gives those that the server has lost."""
    held = kind.folder(settings)
    with watching(kind.plural, len(named)) as advance:
        for sha256, size_bytes in named.items():
            target = path_in(backup / kind.in_backup, sha256)
            advance(1)
            if target.exists() and target.stat().st_size == size_bytes:
                continue
            if not held.holds(sha256):
                yield sha256
                continue
            with held.reading(sha256) as source:
                copy_file(source, target)
