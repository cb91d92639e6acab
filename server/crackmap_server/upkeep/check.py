"""`crackmap server check`: is all there that the log speaks of, and does it agree with itself? Changes nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, case, exists, func, select
from sqlalchemy.exc import DatabaseError

from crackmap.checks import Checked
from crackmap_server import tables
from crackmap_server.engines import create_engines
from crackmap_server.errors import DatabaseUnusable
from crackmap_server.evidence import EvidenceFolder, evidence_folder
from crackmap_server.hashed_files import HashedFiles
from crackmap_server.registry.files import model_folder
from crackmap_server.settings import Settings
from crackmap_server.upkeep.kinds import MODELS
from crackmap_server.upkeep.watching import watching

ROWS_AT_ONCE = 1000


@dataclass(frozen=True)
class Looked:
    """What the checks look at."""

    connection: Connection
    folder: EvidenceFolder
    models: HashedFiles[None]
    files: dict[str, int]
    """Size of the pictures that are there, by SHA-256, listed before the log was read."""
    read_pictures: bool


def check(settings: Settings, read_pictures: bool) -> Iterator[Checked]:
    """Each check by itself, of one moment of the log; the server may run meanwhile. Raises DatabaseUnusable."""
    file = settings.sqlite_file
    if file is not None and not file.exists():
        raise DatabaseUnusable(f"{file}: there is no such log. Choose it with --database.")
    folder = evidence_folder(settings)
    files = folder.listed()
    engines = create_engines(settings.database_url, settings.busy_timeout_s)
    try:
        with engines.reader.connect() as connection:
            looked = Looked(connection, folder, model_folder(settings), files, read_pictures)
            for subject, look in CHECKS.items():
                yield Checked(subject, *look(looked))
    except DatabaseError as error:
        raise DatabaseUnusable(
            f"database {file or settings.database_url.render_as_string()} cannot be read: {str(error.orig).strip()}"
        ) from None
    finally:
        engines.dispose()


def _database(looked: Looked) -> tuple[bool, str]:
    if looked.connection.dialect.name != "sqlite":
        return True, "PostgreSQL looks after its own files"
    damage = looked.connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
    if damage != "ok":
        return False, f"{damage}; restore it from a backup"
    loose = looked.connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if loose is not None:
        return False, f"a row of {loose[0]} points nowhere; restore it from a backup"
    return True, "every page and every reference is sound"


def _pictures(looked: Looked) -> tuple[bool, str]:
    evidence = tables.evidence.c
    held = {
        row.sha256: row.size_bytes for row in looked.connection.execute(select(evidence.sha256, evidence.size_bytes))
    }
    lost = [sha256 for sha256 in held if sha256 not in looked.files]
    damaged = []
    with watching("pictures", len(held)) as advance:
        for sha256, size_bytes in held.items():
            advance(1)
            if sha256 in looked.files and not _is_whole(looked, sha256, size_bytes):
                damaged.append(sha256)
    if lost or damaged:
        first = (lost + damaged)[0]
        return False, (
            f"{len(lost)} lost and {len(damaged)} damaged of {len(held)}, the first is {first}; remove what is "
            "damaged, and robots that still have them send them again (`crackmap robot outbox upload --again`)"
        )
    how = "read and compared" if looked.read_pictures else "there in full length (--read-pictures compares every byte)"
    return True, f"{len(held)} {how}"


def _is_whole(looked: Looked, sha256: str, size_bytes: int) -> bool:
    of_size = looked.files[sha256] == size_bytes
    return of_size and (not looked.read_pictures or looked.folder.digest(sha256) == sha256)


def _models(looked: Looked) -> tuple[bool, str]:
    """They are few: every byte is read."""
    wrong = {}
    named = MODELS.named(looked.connection)
    for sha256 in named:
        if not looked.models.holds(sha256):
            wrong[sha256] = "lost"
        elif looked.models.digest(sha256) != sha256:
            wrong[sha256] = "damaged"
    if wrong:
        first, how = next(iter(wrong.items()))
        return False, (
            f"{len(wrong)} of {len(named)} are lost or damaged, the first is {first} ({how}); remove what is damaged, "
            "and send its file again (PUT /v1/models/SHA256/file)"
        )
    return True, f"{len(named)} read and compared" if named else "none is registered"


def _orphans(looked: Looked) -> tuple[bool, str]:
    """A kill between a picture's name and its row leaves one; it is adopted when the robot sends it again."""
    named = set(looked.connection.execute(select(tables.evidence.c.sha256)).scalars())
    orphans = sorted(looked.files.keys() - named)
    if orphans:
        return True, f"{len(orphans)} files that the log does not name, as {orphans[0]}; they may be removed"
    return True, "no picture that the log does not name"


def _gaps(looked: Looked) -> tuple[bool, str]:
    frames, crops, evidence = tables.frames.c, tables.crops.c, tables.evidence.c
    removed = tables.removed_evidence.c
    whole = select(func.count()).where(
        frames.picture_expected,
        ~exists().where(evidence.sha256 == frames.image_sha256),
        ~exists().where(removed.sha256 == frames.image_sha256),
    )
    cut = select(func.count()).select_from(tables.crops).where(~exists().where(evidence.sha256 == crops.sha256))
    missing = [looked.connection.execute(statement).scalar_one() for statement in (whole, cut)]
    gone = looked.connection.execute(select(func.count()).select_from(tables.removed_evidence)).scalar_one()
    pruned = f"; {gone} were removed by `crackmap server prune`" if gone else ""
    if any(missing):
        return True, f"{missing[0]} photographs and {missing[1]} crops were promised and have not arrived yet{pruned}"
    return True, f"every promised picture has arrived{pruned}"


def _score_maps(looked: Looked) -> tuple[bool, str]:
    maps = tables.score_maps.c
    wrong = looked.connection.execute(
        select(func.count()).where(func.length(maps.scores) != maps.columns * maps.rows)
    ).scalar_one()
    return wrong == 0, f"{wrong} have not a score for every tile" if wrong else "one score for every tile"


def _detections(looked: Looked) -> tuple[bool, str]:
    """The index holds just the tiles at or over its pair's floor, of every report."""
    reports, pairs, maps, found = (t.c for t in (tables.reports, tables.pairs, tables.score_maps, tables.detections))
    indexed = (
        select(found.pair_seq, found.frame_seq, func.count().label("rows"))
        .group_by(found.pair_seq, found.frame_seq)
        .subquery()
    )
    statement = (
        select(pairs.floor, maps.scores, func.coalesce(indexed.c.rows, 0).label("rows"))
        .join_from(tables.reports, tables.pairs, reports.pair_seq == pairs.seq)
        .join(tables.score_maps, (maps.frame_seq == reports.frame_seq) & (maps.analysis_id == pairs.analysis_id))
        .outerjoin(indexed, (indexed.c.pair_seq == reports.pair_seq) & (indexed.c.frame_seq == reports.frame_seq))
    )
    total = looked.connection.execute(select(func.count()).select_from(tables.reports)).scalar_one()
    wrong = 0
    with watching("score maps", total) as advance:
        rows = looked.connection.execute(statement, execution_options={"yield_per": ROWS_AT_ONCE})
        for some in rows.partitions():
            wrong += sum(row.rows != np.count_nonzero(np.frombuffer(row.scores, np.uint8) >= row.floor) for row in some)
            advance(len(some))
    if wrong:
        return False, f"the index of {wrong} of {total} frames does not match their score maps; restore a backup"
    return True, f"the index matches the score maps of {total} frames"


def _current(looked: Looked) -> tuple[bool, str]:
    pairs = tables.pairs.c
    shown = func.sum(case((pairs.current, 1), else_=0))
    wrong = len(looked.connection.execute(select(pairs.scan_id).group_by(pairs.scan_id).having(shown != 1)).all())
    return wrong == 0, f"{wrong} scans show none" if wrong else "each scan shows one analysis and one pose solution"


def _quarantine(looked: Looked) -> tuple[bool, str]:
    count = looked.connection.execute(select(func.count()).select_from(tables.quarantine)).scalar_one()
    return True, f"{count} reports wait for a person (GET /v1/quarantine)" if count else "empty"


CHECKS: dict[str, Callable[[Looked], tuple[bool, str]]] = {
    "database": _database,
    "pictures": _pictures,
    "models": _models,
    "orphans": _orphans,
    "gaps": _gaps,
    "score maps": _score_maps,
    "detections": _detections,
    "current": _current,
    "quarantine": _quarantine,
}
