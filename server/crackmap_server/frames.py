"""Reading frames: what they are, where they lie under the scan's pair, and whether their picture is held."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, func, select

from crackmap.messages import utc
from crackmap.scores import probability
from crackmap_server import tables
from crackmap_server.chart import Box
from crackmap_server.closed import Closed
from crackmap_server.pairs import Pair
from crackmap_server.resources import FrameItem, FramePlacement

NOT_REPORTED = "not reported under the scan's current analysis and pose solution"


def placement_of(frame_seq: ColumnElement[Any], pose_solution_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Joins `placements`: the frame's place under that pose solution; of several scales the last one."""
    every = tables.placements.alias()
    newest = (
        select(func.max(every.c.seq))
        .where(every.c.frame_seq == frame_seq, every.c.pose_solution_id.is_not_distinct_from(pose_solution_id))
        .scalar_subquery()
    )
    return tables.placements.c.seq == newest


def select_frames(pairs: Mapping[int, Pair], closed: Closed | None = None, *, in_order: bool = False) -> Select[Any]:
    """Frames of the pairs' scans, with score map, placement and evidence where there are any.

    `in_order`: for pages in the order of seq. Those of several scans are found by a walk along all frames, so that
    nothing is sorted and a page far on costs what the first does.
    """
    walked = in_order and len(pairs) > 1
    frames, pair, reports, maps = tables.frames.c, tables.pairs.c, tables.reports.c, tables.score_maps.c
    counts = () if closed is None else (closed.reported(reports.frame_seq, pair.seq),)
    there = () if closed is None else (closed.stored(frames.seq, pair.seq),)
    place = placement_of(reports.frame_seq, pair.pose_solution_id)
    if closed is not None:
        place = closed.placed(reports.frame_seq, pair.seq)
    return (
        select(
            *tables.frames.c,
            pair.seq.label("pair_seq"),
            maps.highest_score,
            maps.flags,
            tables.placements.c.kind,
            tables.placements.c.mm_per_px,
            tables.placements.c.cause,
            tables.placements.c.footprint_m,
            tables.placements.c.pose,
            tables.evidence.c.sha256.label("held"),
            tables.removed_evidence.c.sha256.label("removed"),
        )
        .join_from(tables.frames, tables.pairs, pair.scan_id == frames.scan_id)
        .outerjoin(tables.reports, and_(reports.frame_seq == frames.seq, reports.pair_seq == pair.seq, *counts))
        .outerjoin(tables.score_maps, and_(maps.frame_seq == reports.frame_seq, maps.analysis_id == pair.analysis_id))
        .outerjoin(tables.placements, place)
        .outerjoin(tables.evidence, tables.evidence.c.sha256 == frames.image_sha256)
        .outerjoin(tables.removed_evidence, tables.removed_evidence.c.sha256 == frames.image_sha256)
        .where((pair.seq + 0 if walked else pair.seq).in_(list(pairs)), *there)  # sums have no index to begin with
    )


def first_seq(pairs: Mapping[int, Pair]) -> ColumnElement[int]:
    """seq of the first frame of the pairs' scans: one look into an index for each."""
    frames, pair = tables.frames.alias().c, tables.pairs.alias().c
    of_scan = select(func.min(frames.seq)).where(frames.scan_id == pair.scan_id).correlate(pair.seq.table)
    return select(func.min(of_scan.scalar_subquery())).where(pair.seq.in_(list(pairs))).scalar_subquery()


def captured_within(from_utc: datetime | None, to_utc: datetime | None) -> list[ColumnElement[bool]]:
    """Captured then, ends included; frames without a time never match."""
    captured = tables.frames.c.captured_utc
    conditions: list[ColumnElement[bool]] = []
    if from_utc is not None:
        conditions.append(captured >= from_utc)
    if to_utc is not None:
        conditions.append(captured <= to_utc)
    return conditions


def touching(box: Box) -> ColumnElement[bool]:
    """The bounds of the footprint touch the box."""
    placed = tables.placements.c
    return and_(
        placed.low_u_m <= box.high_u_m,
        placed.high_u_m >= box.low_u_m,
        placed.low_v_m <= box.high_v_m,
        placed.high_v_m >= box.low_v_m,
    )


def kind_column() -> ColumnElement[str]:
    """The frame's kind of placement; a frame that the pair does not know has no pose."""
    return func.coalesce(tables.placements.c.kind, "no_pose")


def frame_fields(row: RowMapping) -> dict[str, Any]:
    """A row of `select_frames` as the fields of a `FrameItem`."""
    missing = "removed" if row["removed"] else "expected" if row["picture_expected"] else "none"
    held = "held" if row["held"] else missing
    return {
        "frame_id": row["frame_id"],
        "scan_id": row["scan_id"],
        "label": row["label"],
        "width_px": row["width_px"],
        "height_px": row["height_px"],
        "exif_orientation": row["exif_orientation"],
        "captured_utc": row["captured_utc"] and utc(row["captured_utc"]),
        "captured_local": row["captured_local"] and row["captured_local"].isoformat(),
        "placement": FramePlacement(
            kind=row["kind"] or "no_pose",
            mm_per_px=row["mm_per_px"],
            footprint_m=row["footprint_m"],
            cause=row["cause"] if row["kind"] else NOT_REPORTED,
        ),
        "evidence": held,
        "highest_score": probability(row["highest_score"]) if row["highest_score"] else None,
        "flags": row["flags"] or [],
    }


def frame(row: RowMapping) -> FrameItem:
    """A row of `select_frames` as it is shown."""
    return FrameItem(**frame_fields(row))
