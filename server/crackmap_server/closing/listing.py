"""What is reported from a closed inspection, as lines that never change: anybody can hash them.

Each line is a JSON array without spaces, in UTF-8, and ends with a line feed. Its first item says what it is; floats
are written as Python writes them, places in tenths of a millimetre. Nothing in a line depends on a library that may
round otherwise in a later version: coverage is a function of the frames, so their bytes are hashed and not its shapes.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, and_, select

from crackmap.messages import utc
from crackmap_server import tables
from crackmap_server.closed import Closed
from crackmap_server.detections import find
from crackmap_server.hits import Hit, Wanted
from crackmap_server.pairs import Pair
from crackmap_server.resources import Detection
from crackmap_server.revisions import all_exact

VERSION = 1
_AT_ONCE = 200
_TENTHS_OF_MM = "{:.4f}"

Line = tuple[Any, ...]


def encoded(line: Line) -> bytes:
    """A line as it is hashed."""
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def head(row: Mapping[Any, Any]) -> Line:
    """The first line: which close-out it is, from its row."""
    return (
        "close-out",
        VERSION,
        str(row["inspection_id"]),
        row["number"],
        utc(row["closed_utc"]),
        row["closed_by"],
        row["note"],
        row["target_width_mm"],
    )


def scan_lines(connection: Connection, pairs: Mapping[int, Pair]) -> Iterator[Line]:
    """What was scored by which model and placed by which poses."""
    pair, scans, analyses, poses = (t.c for t in (tables.pairs, tables.scans, tables.analyses, tables.pose_solutions))
    statement = (
        select(
            *(pair.scan_id, scans.surface_id, pair.analysis_id, analyses.model, analyses.model_sha256),
            *(analyses.tile_px, analyses.stride_px, analyses.preprocessing, analyses.threshold),
            *(pair.pose_solution_id, poses.poses_sha256, poses.camera_sha256),
        )
        .join_from(tables.pairs, tables.scans)
        .join(tables.analyses, analyses.analysis_id == pair.analysis_id)
        .outerjoin(tables.pose_solutions, poses.pose_solution_id == pair.pose_solution_id)
        .where(pair.seq.in_(list(pairs)))
        .order_by(pair.scan_id)
    )
    for row in connection.execute(statement):
        yield ("scan", *(_plain(value) for value in row))


def addition_lines(connection: Connection, closed: Closed) -> Iterator[Line]:
    """Each version that people added and that counts."""
    for kind in sorted(closed.additions):
        for each in all_exact(connection, kind, closed.additions[kind]):
            content = hashlib.sha256(encoded((each.content,))).hexdigest()
            yield (
                "addition",
                kind,
                str(each.resource_id),
                each.version,
                each.author,
                utc(each.written_utc),
                content,
            )


def review_lines(connection: Connection, closed: Closed) -> Iterator[Line]:
    """Each review that counts, in the order in which they arrived."""
    table = tables.reviews
    statement = (
        select(table)
        .where(table.c.inspection_id == closed.inspection_id, table.c.seq <= closed.reviews_seq)
        .order_by(table.c.seq)
    )
    for row in connection.execute(statement).mappings():
        bound = {name: _plain(value) for name, value in row.items() if name not in {"seq", "received_utc"}}
        content = hashlib.sha256(encoded((bound,))).hexdigest()
        yield "review", str(row["review_id"]), row["author"], utc(row["made_utc"]), row["verdict"], content


def frame_lines(connection: Connection, pairs: Mapping[int, Pair], closed: Closed) -> Iterator[Line]:
    """Each frame: its picture, and the hash of its scores, of what they show and of where its tiles lie."""
    kept, frames, pair, reports, maps, places = (
        t.c
        for t in (
            tables.close_out_frames,
            tables.frames,
            tables.pairs,
            tables.reports,
            tables.score_maps,
            tables.placements,
        )
    )
    statement = (
        select(
            *(frames.frame_id, frames.scan_id, frames.image_sha256, frames.width_px, frames.height_px),
            *(places.kind, places.mm_per_px, places.footprint_m),
            *(maps.columns, maps.rows, maps.unscored, maps.flags, maps.scores, maps.visible_widths),
            *(reports.origin_u_m, reports.origin_v_m, reports.centres, reports.corners, reports.covariances),
        )
        .join_from(tables.close_out_frames, tables.frames, frames.seq == kept.frame_seq)
        .join(tables.pairs, pair.seq == kept.pair_seq)
        .outerjoin(tables.reports, and_(reports.frame_seq == frames.seq, reports.pair_seq == pair.seq, kept.reported))
        .outerjoin(tables.score_maps, and_(maps.frame_seq == reports.frame_seq, maps.analysis_id == pair.analysis_id))
        .outerjoin(tables.placements, places.seq == kept.placement_seq)
        .where(kept.close_out_seq == closed.seq, kept.pair_seq.in_(list(pairs)))
        .order_by(frames.seq, pair.seq)
    )
    with connection.execute(statement.execution_options(yield_per=_AT_ONCE)) as found:
        for row in found:
            facts = [_plain(value) for value in row[3:]]
            shown = hashlib.sha256(encoded(tuple(facts))).hexdigest()
            yield "frame", str(row.frame_id), str(row.scan_id), row.image_sha256, row.kind or "no_pose", shown


def detection_lines(
    connection: Connection, pairs: Mapping[int, Pair], closed: Closed
) -> Iterator[tuple[Line, Detection]]:
    """Each detection at its analysis' own threshold."""
    for hit, detection in find(connection, Wanted(pairs, closed=closed)):
        yield _detection(hit, detection), detection


def _detection(hit: Hit, detection: Detection) -> Line:
    place = None
    if detection.placement == "placed":
        assert detection.u_m is not None
        assert detection.v_m is not None
        place = [_TENTHS_OF_MM.format(round(metres, 4) + 0.0) for metres in (detection.u_m, detection.v_m)]
    review = detection.review
    return (
        "detection",
        str(detection.detection_id),
        hit.score,
        place,
        detection.masked,
        None if review is None else review.state,
        None if review is None else review.crack,
    )


def _plain(value: Any) -> Any:
    """For JSON: bytes as their hash, ids and times as text."""
    if isinstance(value, bytes | memoryview):
        return hashlib.sha256(value).hexdigest()
    if value is None or isinstance(value, str | int | float | bool | list | dict):
        return value
    return utc(value) if hasattr(value, "isoformat") else str(value)
