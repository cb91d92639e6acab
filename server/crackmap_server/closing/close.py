"""Closing an inspection. Runs in the writer's thread: whatever is reported meanwhile comes before or after it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, and_, func, insert, literal, select, update

from crackmap_server import tables
from crackmap_server.additions.inspection_conditions import target_widths_mm
from crackmap_server.closed import closed_by_row
from crackmap_server.closing.additions import counting
from crackmap_server.closing.newer import newer
from crackmap_server.closing.record import record
from crackmap_server.closing.resources import ClosedAddition, CloseOutOrder
from crackmap_server.errors import Conflict
from crackmap_server.frames import placement_of
from crackmap_server.inserts import inserted_seq
from crackmap_server.pairs import read_pairs
from crackmap_server.quiet import keep_quiet
from crackmap_server.sites import sites, the_inspection


def close(
    connection: Connection, inspection_id: UUID, order: CloseOutOrder, by: str, now_utc: datetime
) -> tuple[RowMapping, bool]:
    """The close-out's row, and whether it is new: without anything newer the last one stands.

    Raises NotFound, and Conflict where there is nothing to close.
    """
    the_inspection(connection, inspection_id)
    keep_quiet(connection, tables.close_outs, tables.reviews)
    last = last_close_out(connection, inspection_id)
    if last is not None and not newer(connection, closed_by_row(connection, last)).anything:
        return last, False
    pairs = read_pairs(connection, inspection_id=inspection_id)
    if not pairs:
        raise Conflict(f"nothing of inspection {inspection_id} has been reported; there is nothing to close")
    of_scan = sites(connection, pairs)
    additions = [
        ClosedAddition(kind=each.kind, id=each.resource_id, version=each.version)
        for each in counting(connection, inspection_id, set(of_scan.values()))
    ]
    row: dict[str, Any] = {
        "inspection_id": inspection_id,
        "number": 1 if last is None else last["number"] + 1,
        "target_width_mm": target_widths_mm(connection, [inspection_id])[inspection_id],
        "reviews_seq": connection.execute(select(func.coalesce(func.max(tables.reviews.c.seq), 0))).scalar_one(),
        "content": {"additions": [each.model_dump(mode="json") for each in additions]},
        "sha256": "",
        "note": order.note,
        "closed_by": by,
        "closed_utc": now_utc,
    }
    seq = inserted_seq(connection, tables.close_outs, row)
    _keep_frames(connection, seq, list(pairs))
    content, sha256 = record(connection, row, closed_by_row(connection, row | {"seq": seq}))
    table = tables.close_outs
    connection.execute(
        update(table).where(table.c.seq == seq).values(content=content.model_dump(mode="json"), sha256=sha256)
    )
    return connection.execute(select(table).where(table.c.seq == seq)).mappings().one(), True


def last_close_out(connection: Connection, inspection_id: UUID) -> RowMapping | None:
    """Its row; None: it was never closed."""
    table = tables.close_outs
    statement = select(table).where(table.c.inspection_id == inspection_id).order_by(table.c.number.desc()).limit(1)
    return connection.execute(statement).mappings().one_or_none()


def _keep_frames(connection: Connection, seq: int, pair_seqs: list[int]) -> None:
    frames, pair, reports = tables.frames.c, tables.pairs.c, tables.reports.c
    there = (
        select(literal(seq), pair.seq, frames.seq, reports.frame_seq.is_not(None), tables.placements.c.seq)
        .join_from(tables.pairs, tables.frames, frames.scan_id == pair.scan_id)
        .outerjoin(tables.reports, and_(reports.frame_seq == frames.seq, reports.pair_seq == pair.seq))
        .outerjoin(tables.placements, placement_of(reports.frame_seq, pair.pose_solution_id))
        .where(pair.seq.in_(pair_seqs))
    )
    columns = ["close_out_seq", "pair_seq", "frame_seq", "reported", "placement_seq"]
    connection.execute(insert(tables.close_out_frames).from_select(columns, there))
