"""A backup in a folder, while the server runs: first the database, then the pictures that it names.

    folder/log-0123456789ab.sqlite   one moment of the log
    folder/evidence/ab/cdef…         pictures; those of an earlier backup are not copied again
    folder/backup.json               written last: names the database by its hash

A picture is on the disk before the log names it, so a moment of the log never names one that comes later. Whatever
stops a backup leaves the one before it whole.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from crackmap import __version__
from crackmap_server import tables
from crackmap_server.evidence import evidence_folder
from crackmap_server.hashed_files import path_in
from crackmap_server.settings import Settings
from crackmap_server.upkeep.copies import count_rows
from crackmap_server.upkeep.files import appearing, copy_file, file_sha256
from crackmap_server.upkeep.manifest import EVIDENCE, NAME, Backup, written
from crackmap_server.upkeep.snapshot import reading, take_snapshot
from crackmap_server.upkeep.watching import watching


def back_up(settings: Settings, folder: Path) -> Backup:
    """Make or renew the backup in `folder`. Raises DatabaseUnusable, StorageError."""
    with appearing(folder / "log.sqlite") as snapshot:
        with watching("rows", None) as advance:
            revision = take_snapshot(settings, snapshot, lambda _table, count: advance(count))
        sha256 = file_sha256(snapshot)
        rows, pictures = _contents(snapshot)
    database = (folder / "log.sqlite").rename(folder / f"log-{sha256[:12]}.sqlite")
    missing = tuple(_copy_pictures(settings, folder / EVIDENCE, pictures))
    backup = Backup(
        made_utc=datetime.now(UTC),
        software=f"crackmap {__version__}",
        revision=revision,
        database=database.name,
        database_sha256=sha256,
        rows=rows,
        pictures=len(pictures) - len(missing),
        pictures_bytes=sum(size for sha, size in pictures.items() if sha not in set(missing)),
        missing=missing,
    )
    with appearing(folder / NAME) as beside:
        beside.write_bytes(written(backup))
    for older in folder.glob("log-*.sqlite"):
        if older != database:
            older.unlink()
    return backup


def _contents(snapshot: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Rows of each table; size of each picture by its SHA-256."""
    evidence = tables.evidence.c
    with reading(snapshot) as connection:
        pictures = connection.execute(select(evidence.sha256, evidence.size_bytes)).all()
        return count_rows(connection), {row.sha256: row.size_bytes for row in pictures}


def _copy_pictures(settings: Settings, to: Path, pictures: dict[str, int]) -> Iterator[str]:
    """Copies what is not there yet; gives those that the server has lost."""
    held = evidence_folder(settings)
    with watching("pictures", len(pictures)) as advance:
        for sha256, size_bytes in pictures.items():
            source, target = held.path(sha256), path_in(to, sha256)
            advance(1)
            if target.exists() and target.stat().st_size == size_bytes:
                continue
            if not source.exists():
                yield sha256
                continue
            copy_file(source, target)
