"""Which tiles are at or over a threshold. Nothing is said of them yet but which they are.

Thresholds at or over the floor are answered from indexed rows, lower ones from the score maps, which are the truth.
Both give the same hits in the same order: by (frame seq, tile).
"""

from collections import defaultdict
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal
from uuid import UUID

import numpy as np
from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, or_, select, tuple_

from crackmap_server import tables
from crackmap_server.chart import Box, unpacked_m
from crackmap_server.closed import Closed
from crackmap_server.frames import captured_within
from crackmap_server.opinions import ReviewState
from crackmap_server.pairs import Pair
from crackmap_server.resources import Detection

_AT_ONCE = 500
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


def rows_suffice(wanted: Wanted) -> bool:
    """Whether every pair has rows for all tiles that are asked for."""
    return all(pair.lowest_score(wanted.threshold) >= pair.floor for pair in wanted.pairs.values())


def hits_from_rows(connection: Connection, wanted: Wanted, limit: int | None = None) -> Generator[Hit]:
    """From `detections`. Right only where `rows_suffice`."""
    if not wanted.pairs:
        return
    walked = wanted.box is None and len(wanted.pairs) > 1
    statement, values = (_in_order(wanted), {}) if walked else _rows(wanted)
    if limit is not None:
        statement = statement.limit(limit)
    with connection.execute(statement, values, execution_options={"yield_per": _AT_ONCE}) as result:
        for frame_seq, pair_seq, tile, score in result:
            yield Hit(frame_seq, pair_seq, tile, score)


def _in_order(wanted: Wanted) -> Select[Any]:
    """Rows of several pairs by a walk along the reports, and in each along its tiles.

    Nothing is sorted, so a page far on costs what the first does. A frame belongs to one scan, and of each scan one
    pair is asked for: that pairs come before tiles in the order changes nothing.
    """
    reports, rows = tables.reports.c, tables.detections.c
    # Sums have no index: the walk must not begin at the detections, nor take "from a frame on" for them.
    pair_seq, frame_seq = reports.pair_seq + 0, reports.frame_seq + 0
    statement = (
        select(rows.frame_seq, rows.pair_seq, rows.tile, rows.score)
        .join_from(tables.reports, tables.detections, and_(rows.pair_seq == pair_seq, rows.frame_seq == frame_seq))
        .where(
            reports.frame_seq >= _first_frame(wanted),
            _of_pairs(wanted, pair_seq),
        )
        .order_by(reports.frame_seq, reports.pair_seq, rows.tile)
    )
    conditions = _frame_conditions(wanted)
    if conditions:
        statement = statement.join(tables.frames, tables.frames.c.seq == reports.frame_seq).where(*conditions)
    if wanted.closed is not None:
        statement = statement.where(wanted.closed.reported(reports.frame_seq, reports.pair_seq))
    if wanted.after is not None:
        last_seq, last_tile = wanted.after
        statement = statement.where(or_(reports.frame_seq > last_seq, rows.tile > last_tile))
    return statement


def _first_frame(wanted: Wanted) -> ColumnElement[int]:
    """The first that has rows of the pairs, not before the last that was shown: one look into the index for a pair."""
    rows, pairs = tables.detections.alias().c, tables.pairs.c
    of_pair = select(func.min(rows.frame_seq)).where(rows.pair_seq == pairs.seq)
    if wanted.after is not None:
        of_pair = of_pair.where(rows.frame_seq >= wanted.after[0])
    first = of_pair.correlate(tables.pairs).scalar_subquery()
    return select(func.min(first)).where(pairs.seq.in_(list(wanted.pairs))).scalar_subquery()


def count_rows(connection: Connection, wanted: Wanted) -> int:
    """How many of `detections` with a place on the surface. Right only where `rows_suffice`."""
    if not wanted.pairs:
        return 0
    statement, values = _rows(wanted, counted=True)
    return int(connection.execute(statement, values).scalar_one())


_ROWS = tables.detections.c


def _rows(wanted: Wanted, *, counted: bool = False) -> tuple[Select[Any], dict[str, Any]]:
    """What lies in a box, found by its cells; or rows of pairs, those of one pair in the order in which they lie."""
    lowest = {pair.lowest_score(wanted.threshold) for pair in wanted.pairs.values()}
    values: dict[str, Any] = {"pairs": list(wanted.pairs), "lowest": min(lowest)}
    cells = None
    if wanted.box is not None:
        cells = wanted.box.cells()
        values |= {"cells": cells} | vars(wanted.box)
    statement = _select_rows(counted=counted, in_box=wanted.box is not None, in_cells=cells is not None)
    if len(lowest) > 1:
        statement = statement.where(_of_pairs(wanted, _ROWS.pair_seq))
    conditions = _frame_conditions(wanted)
    if conditions:
        statement = statement.join(tables.frames, tables.frames.c.seq == _ROWS.frame_seq).where(*conditions)
    if wanted.closed is not None:
        statement = statement.where(wanted.closed.reported(_ROWS.frame_seq, _ROWS.pair_seq))
    if wanted.after is not None:
        statement = statement.where(tuple_(_ROWS.frame_seq, _ROWS.tile) > tuple_(*wanted.after))
    return statement, values


@cache
def _select_rows(*, counted: bool, in_box: bool, in_cells: bool) -> Select[Any]:
    """Built once: a page of a map asks for nothing else, and building would take as long as finding."""
    rows = _ROWS
    statement = (
        select(func.count(rows.u_m)) if counted else select(rows.frame_seq, rows.pair_seq, rows.tile, rows.score)
    )
    statement = statement.where(
        rows.pair_seq.in_(bindparam("pairs", expanding=True)), rows.score >= bindparam("lowest")
    )
    if in_cells:
        statement = statement.where(rows.cell.in_(bindparam("cells", expanding=True)))
    if in_box:
        statement = statement.where(
            rows.u_m.between(bindparam("low_u_m"), bindparam("high_u_m")),
            rows.v_m.between(bindparam("low_v_m"), bindparam("high_v_m")),
        )
    if counted:
        return statement
    # Sums have no index: what lies in a box is found by its cells and then sorted, not by walking in this order.
    return statement.order_by(*((rows.frame_seq + 0, rows.tile + 0) if in_box else (rows.frame_seq, rows.tile)))


def _of_pairs(wanted: Wanted, pair_seq: ColumnElement[int]) -> ColumnElement[bool]:
    """Rows of the pairs, each pair's from its own lowest score on."""
    seqs_of: defaultdict[int, list[int]] = defaultdict(list)
    for seq, pair in wanted.pairs.items():
        seqs_of[pair.lowest_score(wanted.threshold)].append(seq)
    score = tables.detections.c.score
    of_each = [and_(pair_seq.in_(seqs), score >= lowest) for lowest, seqs in seqs_of.items()]
    return of_each[0] if len(of_each) == 1 else and_(pair_seq.in_(list(wanted.pairs)), or_(*of_each))


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
