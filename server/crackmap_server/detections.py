"""Detections: tiles whose score is at or over a threshold, with their place and what people said of it."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import groupby, islice
from typing import Any

import numpy as np
from sqlalchemy import Connection, and_, select

from crackmap.ids import detection_id
from crackmap.scores import probability
from crackmap_server import tables
from crackmap_server.chart import local_corners_m, sigma_m, unpacked_m
from crackmap_server.closed import Closed
from crackmap_server.frames import placement_of
from crackmap_server.hits import Hit, Wanted, hits_from_maps, hits_from_rows, rows_suffice
from crackmap_server.marks import Marks, read_marks
from crackmap_server.pairs import Pair
from crackmap_server.resources import Detection

_AT_ONCE = 500


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
