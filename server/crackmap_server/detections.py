"""Detections: tiles whose score is at or over a threshold, with their place.

Thresholds at or over the floor are answered from indexed rows, lower ones from the score maps, which are the truth.
Both give the same items in the same order: by (frame seq, tile).
"""

from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from typing import Any, Literal
from uuid import UUID

import numpy as np
from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, true, tuple_, union_all

from crackmap.ids import detection_id
from crackmap.scores import probability
from crackmap_server import tables
from crackmap_server.chart import Box, local_corners_m, sigma_m, unpacked_m
from crackmap_server.closing.closed import Closed
from crackmap_server.frames import captured_within, placement_of
from crackmap_server.marks import Marks, read_marks
from crackmap_server.opinions import ReviewState
from crackmap_server.pairs import Pair
from crackmap_server.resources import Detection

_AT_ONCE = 500
_MOST_PARTS = 128  # of one statement
_MAPS_AT_ONCE = 64  # a score map may be large


@dataclass(frozen=True)
class Wanted:
    """Which detections are asked for."""

    pairs: Mapping[int, Pair]
    threshold: float | None = None
    box: Box | None = None
    frame_id: UUID | None = None
    from_utc: datetime | None = None
    to_utc: datetime | None = None
    after: tuple[int, int] | None = None  # frame seq and tile of the last item that was shown
    masked: bool | None = None  # only those in a mask, or only those in none
    review: ReviewState | Literal["unreviewed"] | None = None
    closed: Closed | None = None  # as the inspection was closed, and not as it is now

    @property
    def all_shown(self) -> bool:
        """Whether every hit is shown, whatever people said of it."""
        return self.masked is None and self.review is None

    def shows(self, detection: Detection) -> bool:
        """Whether a detection is among those that are asked for by what people said of it."""
        state = detection.review.state if detection.review else "unreviewed"
        of_review = self.review in {None, state} or (self.review == "unreviewed" and state == "commented")
        return of_review and self.masked in {None, detection.masked is not None}


@dataclass(frozen=True)
class Hit:
    """A tile over the threshold."""

    frame_seq: int
    pair_seq: int
    tile: int
    score: int


def find(connection: Connection, wanted: Wanted, limit: int | None = None) -> Iterator[tuple[Hit, Detection]]:
    """In the order of (frame seq, tile), at most `limit`; read in portions, so that any number can be streamed."""
    most = limit if wanted.all_shown else None
    source = hits_from_rows(connection, wanted, most) if rows_suffice(wanted) else hits_from_maps(connection, wanted)
    marks = read_marks(connection, wanted.pairs, wanted.closed)
    with closing(source):
        yield from islice(
            (found for found in _all(connection, wanted, marks, islice(source, most)) if wanted.shows(found[1])),
            limit,
        )


def _all(connection: Connection, wanted: Wanted, marks: Marks, hits: Iterator[Hit]) -> Iterator[tuple[Hit, Detection]]:
    while portion := list(islice(hits, _AT_ONCE)):
        yield from zip(portion, _described(connection, wanted, marks, portion), strict=True)


def rows_suffice(wanted: Wanted) -> bool:
    """Whether every pair has rows for all tiles that are asked for."""
    return all(pair.lowest_score(wanted.threshold) >= pair.floor for pair in wanted.pairs.values())


def hits_from_rows(connection: Connection, wanted: Wanted, limit: int | None = None) -> Generator[Hit]:
    """From `detections`. Right only where `rows_suffice`."""
    parts = [_rows(wanted, *part) for part in _parts(wanted)]
    if not parts:
        return
    found = (union_all(*parts) if len(parts) > 1 else parts[0]).subquery().c
    statement = select(found.frame_seq, found.pair_seq, found.tile, found.score)
    # Sums have no index: what lies in a box is found by its cells and then sorted, not by walking in this order.
    order = (found.frame_seq, found.tile) if wanted.box is None else (found.frame_seq + 0, found.tile + 0)
    statement = statement.order_by(*order).limit(limit)
    with connection.execute(statement.execution_options(yield_per=_AT_ONCE)) as result:
        for row in result:
            yield Hit(row.frame_seq, row.pair_seq, row.tile, row.score)


def count_rows(connection: Connection, wanted: Wanted) -> int:
    """How many of `detections` with a place on the surface. Right only where `rows_suffice`."""
    placed = tables.detections.c.u_m.is_not(None)
    statements = [_rows(wanted, *part).where(placed).with_only_columns(func.count()) for part in _parts(wanted)]
    return sum(int(connection.execute(statement).scalar_one()) for statement in statements)


def _parts(wanted: Wanted) -> list[tuple[list[int], int, ColumnElement[bool]]]:
    """Pairs, their lowest score, and a range of cells: each part is one walk along an index, none overlaps another.

    SQLite does not find several ranges of cells by the index when they stand in one condition (95 ms instead of 5 ms
    for 2 m among 1e6 rows).
    """
    pairs_of: defaultdict[int, list[int]] = defaultdict(list)
    for seq, pair in wanted.pairs.items():
        pairs_of[pair.lowest_score(wanted.threshold)].append(seq)
    ranges = wanted.box.cell_ranges() if wanted.box is not None else None
    cell = tables.detections.c.cell
    places = [true()] if ranges is None else [cell.between(low, high) for low, high in ranges]
    if len(pairs_of) * len(places) > _MOST_PARTS:
        places = [true()]
    return [(seqs, lowest, place) for lowest, seqs in pairs_of.items() for place in places]


def _rows(wanted: Wanted, pair_seqs: list[int], lowest: int, place: ColumnElement[bool]) -> Select[Any]:
    rows = tables.detections.c
    statement = select(rows.frame_seq, rows.pair_seq, rows.tile, rows.score).where(
        rows.pair_seq.in_(pair_seqs), rows.score >= lowest, place
    )
    conditions = _frame_conditions(wanted)
    if conditions:
        statement = statement.join_from(tables.detections, tables.frames).where(*conditions)
    if wanted.box is not None:
        statement = statement.where(
            rows.u_m.between(wanted.box.low_u_m, wanted.box.high_u_m),
            rows.v_m.between(wanted.box.low_v_m, wanted.box.high_v_m),
        )
    if wanted.closed is not None:
        statement = statement.where(wanted.closed.reported(rows.frame_seq, rows.pair_seq))
    if wanted.after is not None:
        statement = statement.where(tuple_(rows.frame_seq, rows.tile) > tuple_(*wanted.after))
    return statement


def hits_from_maps(connection: Connection, wanted: Wanted) -> Generator[Hit]:
    """From `score_maps`, for any threshold."""
    reports, maps, pairs, frames = tables.reports.c, tables.score_maps.c, tables.pairs.c, tables.frames.c
    statement: Select[Any] = (
        select(
            reports.frame_seq,
            reports.pair_seq,
            maps.scores,
            *((reports.centres, reports.origin_u_m, reports.origin_v_m) if wanted.box is not None else ()),
        )
        .join_from(tables.reports, tables.pairs)
        .join(tables.score_maps, and_(maps.frame_seq == reports.frame_seq, maps.analysis_id == pairs.analysis_id))
        .where(reports.pair_seq.in_(list(wanted.pairs)))
        .order_by(reports.frame_seq)
    )
    conditions = _frame_conditions(wanted)
    if conditions:
        statement = statement.join(tables.frames, frames.seq == reports.frame_seq).where(*conditions)
    if wanted.closed is not None:
        statement = statement.where(wanted.closed.reported(reports.frame_seq, reports.pair_seq))
    if wanted.after is not None:
        statement = statement.where(reports.frame_seq >= wanted.after[0])
    with connection.execute(statement.execution_options(yield_per=_MAPS_AT_ONCE)) as found:
        for row in found:
            for tile, score in _over(row, wanted):
                if wanted.after is None or (row.frame_seq, tile) > wanted.after:
                    yield Hit(row.frame_seq, row.pair_seq, tile, score)


def _over(row: Any, wanted: Wanted) -> list[tuple[int, int]]:
    """Tiles and scores of one score map that are wanted."""
    scores = np.frombuffer(row.scores, np.uint8)
    over = scores >= wanted.pairs[row.pair_seq].lowest_score(wanted.threshold)
    if wanted.box is not None:
        if row.centres is None:
            return []
        over &= wanted.box.holds(unpacked_m(row.centres, (row.origin_u_m, row.origin_v_m)))
    tiles = np.flatnonzero(over)
    return list(zip(tiles.tolist(), scores[tiles].tolist(), strict=True))


def _frame_conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    frames = tables.frames.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.frame_id is not None:
        conditions.append(frames.frame_id == wanted.frame_id)
    return conditions + captured_within(wanted.from_utc, wanted.to_utc)


# ---------------------------------------------------------------------------------------------------------- describing


def _described(connection: Connection, wanted: Wanted, marks: Marks, hits: list[Hit]) -> Iterator[Detection]:
    of_frame = {(row.frame_seq, row.pair_seq): row for row in _frames_of(connection, hits, wanted.closed)}
    for key, group in groupby(hits, lambda hit: (hit.frame_seq, hit.pair_seq)):
        yield from _in_frame(of_frame[key], wanted.pairs[key[1]], marks, list(group))


def _frames_of(connection: Connection, hits: Iterable[Hit], closed: Closed | None) -> Iterable[Any]:
    frames, reports, pairs, maps = tables.frames.c, tables.reports.c, tables.pairs.c, tables.score_maps.c
    placements = placement_of(frames.seq, pairs.pose_solution_id)
    if closed is not None:
        placements = closed.placed(frames.seq, pairs.seq)
    statement = (
        select(
            *tables.reports.c,
            frames.frame_id,
            frames.scan_id,
            frames.width_px,
            frames.height_px,
            maps.flags,
            tables.placements.c.kind,
            tables.placements.c.mm_per_px,
        )
        .join_from(tables.reports, tables.frames)
        .join(tables.pairs, pairs.seq == reports.pair_seq)
        .join(tables.score_maps, and_(maps.frame_seq == frames.seq, maps.analysis_id == pairs.analysis_id))
        .join(tables.placements, placements)
        .where(
            reports.frame_seq.in_(sorted({hit.frame_seq for hit in hits})),
            reports.pair_seq.in_(sorted({hit.pair_seq for hit in hits})),
        )
    )
    return connection.execute(statement)


def _in_frame(frame: Any, pair: Pair, marks: Marks, hits: list[Hit]) -> Iterator[Detection]:
    tiles = np.array([hit.tile for hit in hits])
    origins_px = pair.grid(frame.width_px, frame.height_px).corners_px()[tiles]
    nowhere: list[Any] = [None] * len(hits)
    centres, corners, covariances = nowhere, nowhere, nowhere
    if frame.kind == "placed":
        origin_m = (frame.origin_u_m, frame.origin_v_m)
        centres = unpacked_m(frame.centres, origin_m)[tiles].tolist()
        corners = unpacked_m(frame.corners, origin_m).reshape(-1, 4, 2)[tiles].tolist()
        if frame.covariances is not None:
            covariances = np.frombuffer(frame.covariances, "<f4").reshape(-1, 3)[tiles].astype(float).tolist()
    elif frame.kind == "unplaced":
        local = local_corners_m(origins_px, pair.tile_px, frame.height_px, frame.mm_per_px)
        corners, centres = local.tolist(), local.mean(axis=1).tolist()
    masked = marks.masked(pair.scan_id, centres) if frame.kind == "placed" else nowhere
    rectangles = np.concatenate([origins_px, np.full_like(origins_px, pair.tile_px)], axis=1)
    on_chart = np.array(corners) if frame.kind == "placed" else None
    reviews = marks.reviews(pair, frame.frame_id, rectangles, on_chart, [hit.score for hit in hits])
    for hit, (x_px, y_px), centre, outline, covariance, mask, review in zip(
        hits, origins_px.tolist(), centres, corners, covariances, masked, reviews, strict=True
    ):
        known = covariance is not None and covariance[0] > 0 and covariance[2] > 0  # zero means unknown, not perfect
        yield Detection(
            detection_id=detection_id(frame.frame_id, pair.analysis_id, hit.tile),
            frame_id=frame.frame_id,
            scan_id=frame.scan_id,
            analysis_id=pair.analysis_id,
            tile=hit.tile,
            x_px=x_px,
            y_px=y_px,
            width_px=pair.tile_px,
            height_px=pair.tile_px,
            score=probability(hit.score),
            placement=frame.kind,
            u_m=None if centre is None else centre[0],
            v_m=None if centre is None else centre[1],
            corners_m=outline,
            covariance_m2=covariance if known else None,
            sigma_m=sigma_m(*covariance) if known else None,
            flags=frame.flags,
            masked=mask,
            review=review,
        )
