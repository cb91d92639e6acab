"""Making what was scored again the current analysis, by a recorded decision. Runs in the writer's thread."""

from collections import Counter
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from crackmap_server import tables
from crackmap_server.errors import Conflict, NotFound
from crackmap_server.registry.orders import DONE, WAITING


def the_rescore(connection: Connection, rescore: int) -> RowMapping:
    """Its row, with the model's name. Raises NotFound."""
    rescores, models = tables.rescores, tables.models.c
    found = (
        connection.execute(
            select(rescores, models.name).join_from(rescores, tables.models).where(rescores.c.seq == rescore)
        )
        .mappings()
        .one_or_none()
    )
    if found is None:
        raise NotFound(f"there is no re-scoring {rescore}")
    return found


def states(connection: Connection, rescore: int) -> Counter[str]:
    """How many frames are in which state."""
    jobs = tables.rescore_jobs.c
    rows = connection.execute(select(jobs.state, func.count()).where(jobs.rescore_seq == rescore).group_by(jobs.state))
    return Counter({str(state): int(count) for state, count in rows})


def use(connection: Connection, rescore: int, by: str, incomplete: bool, now_utc: datetime) -> None:
    """Let lists, map and coverage show the new analyses. Raises NotFound, Conflict where frames would be lost."""
    row, counts = the_rescore(connection, rescore), states(connection, rescore)
    without = counts.total() - counts[DONE]
    if without and not incomplete:
        raise Conflict(
            f"{without} of {counts.total()} frames have no new scores ({counts[WAITING]} still wait); they would show "
            "nothing any more. Say `incomplete` if that is meant"
        )
    _use(connection, rescore, f"re-scored by {row['name']}" + (f", decided by {by}" if by else ""), now_utc)


def use_if_complete(connection: Connection, rescore: int, now_utc: datetime) -> None:
    """What was asked for together with the re-scoring, as soon as no frame would be lost."""
    row, counts = the_rescore(connection, rescore), states(connection, rescore)
    if row["use_when_complete"] and counts.total() == counts[DONE]:
        by = f", decided by {row['decided_by']}" if row["decided_by"] else ""
        _use(connection, rescore, f"re-scored by {row['name']}, complete{by}", now_utc)


def _use(connection: Connection, rescore: int, cause: str, now_utc: datetime) -> None:
    scans, pairs, jobs = tables.rescore_scans.c, tables.pairs.c, tables.rescore_jobs.c
    done = select(jobs.pair_seq).where(jobs.rescore_seq == rescore, jobs.state == DONE)
    for scan in connection.execute(
        select(scans.scan_id, scans.pair_seq)
        .join_from(tables.rescore_scans, tables.pairs, pairs.seq == scans.pair_seq)
        .where(scans.rescore_seq == rescore, scans.pair_seq.in_(done), pairs.current.is_(False))
    ).all():
        of_scan = pairs.scan_id == scan.scan_id
        connection.execute(update(tables.pairs).where(of_scan, pairs.current).values(current=False))
        connection.execute(update(tables.pairs).where(pairs.seq == scan.pair_seq).values(current=True))
        connection.execute(
            insert(tables.decisions),
            {"scan_id": scan.scan_id, "pair_seq": scan.pair_seq, "cause": cause, "decided_utc": now_utc},
        )
