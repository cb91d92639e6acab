"""What came after an inspection was closed."""

from sqlalchemy import Connection, and_, exists, func, select

from crackmap_server import tables
from crackmap_server.closed import Closed
from crackmap_server.closing.additions import counting
from crackmap_server.closing.resources import Newer
from crackmap_server.pairs import read_pairs
from crackmap_server.sites import sites


def newer(connection: Connection, closed: Closed) -> Newer:
    """Compares what counts now with what counted then."""
    pairs = read_pairs(connection, inspection_id=closed.inspection_id)
    now = counting(connection, closed.inspection_id, set(sites(connection, pairs).values()))
    versions = {(each.kind, each.resource_id): each.version for each in now}
    then = {(kind, one): version for kind, of_kind in closed.additions.items() for one, version in of_kind.items()}
    reviews = tables.reviews.c
    return Newer(
        frames=_frames(connection, closed),
        scans=len(pairs.keys() - closed.pair_seqs),
        reviews=connection.execute(
            select(func.count()).where(reviews.inspection_id == closed.inspection_id, reviews.seq > closed.reviews_seq)
        ).scalar_one(),
        additions=len({key for key in versions.keys() | then.keys() if versions.get(key) != then.get(key)}),
    )


def _frames(connection: Connection, closed: Closed) -> int:
    kept, frames, scans, reports, placed = (
        t.c for t in (tables.close_out_frames, tables.frames, tables.scans, tables.reports, tables.placements)
    )
    own = kept.close_out_seq == closed.seq
    there = exists().where(own, kept.frame_seq == frames.seq)
    new = (
        select(func.count())
        .select_from(tables.frames)
        .join(tables.scans, scans.scan_id == frames.scan_id)
        .where(scans.inspection_id == closed.inspection_id, ~there)
    )
    reported = exists().where(reports.frame_seq == kept.frame_seq, reports.pair_seq == kept.pair_seq)
    scored = select(func.count()).where(own, ~kept.reported, reported)
    then = tables.placements.alias()
    rescaled = (
        select(func.count())
        .select_from(tables.close_out_frames)
        .join(then, then.c.seq == kept.placement_seq)
        .where(
            own,
            exists().where(
                and_(
                    placed.frame_seq == kept.frame_seq,
                    placed.pose_solution_id.is_not_distinct_from(then.c.pose_solution_id),
                    placed.seq > kept.placement_seq,
                )
            ),
        )
    )
    return sum(int(connection.execute(statement).scalar_one()) for statement in (new, scored, rescaled))
