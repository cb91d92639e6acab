"""How far re-scorings are. Reads only."""

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, select

from crackmap.messages import utc
from crackmap_server import tables
from crackmap_server.registry.orders import DONE, FAILED, NOT_POSSIBLE, WAITING
from crackmap_server.registry.resources import Frames, RescoreItem


def select_rescores() -> Select[Any]:
    """All of them with their model's name."""
    return select(tables.rescores, tables.models.c.name).join_from(tables.rescores, tables.models)


def item(connection: Connection, row: RowMapping, now_utc: datetime) -> RescoreItem:
    """A row of `select_rescores` as it is shown."""
    frames = _frames(connection, row["seq"], now_utc)
    return RescoreItem(
        rescore=row["seq"],
        inspection_id=row["inspection_id"],
        model_sha256=row["model_sha256"],
        model=row["name"],
        use_when_complete=row["use_when_complete"],
        decided_by=row["decided_by"],
        decided_utc=utc(row["decided_utc"]),
        finished=frames.waiting + frames.taken == 0,
        current=_current(connection, row["seq"]),
        frames=frames,
    )


def _frames(connection: Connection, rescore: int, now_utc: datetime) -> Frames:
    jobs = tables.rescore_jobs.c
    taken = (jobs.leased_until_utc.is_not(None)) & (jobs.leased_until_utc > now_utc)
    counts: Counter[str] = Counter()
    causes: Counter[str] = Counter()
    statement = (
        select(jobs.state, jobs.cause, taken.label("taken"), func.count().label("frames"))
        .where(jobs.rescore_seq == rescore)
        .group_by(jobs.state, jobs.cause, taken)
    )
    for row in connection.execute(statement):
        counts["taken" if row.state == WAITING and row.taken else row.state] += row.frames
        if row.cause:
            causes[row.cause] += row.frames
    return Frames(
        total=counts.total(),
        waiting=counts[WAITING],
        taken=counts["taken"],
        done=counts[DONE],
        failed=counts[FAILED],
        not_possible=counts[NOT_POSSIBLE],
        causes=dict(sorted(causes.items())),
    )


def _current(connection: Connection, rescore: int) -> bool:
    scans, pairs = tables.rescore_scans.c, tables.pairs.c
    flags = connection.execute(
        select(pairs.current)
        .join_from(tables.rescore_scans, tables.pairs, pairs.seq == scans.pair_seq)
        .where(scans.rescore_seq == rescore)
    ).scalars()
    return all(flags)
