"""Some tiles of frames, and where they lie: read for many hits at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, select

from crackmap.tile_grid import TileGrid
from crackmap_server import tables
from crackmap_server.chart import local_corners_m, unpacked_m
from crackmap_server.closed import Closed
from crackmap_server.frames import placement_of
from crackmap_server.hits import Hit
from crackmap_server.pairs import Pair
from crackmap_server.resources import PlacementKind


@dataclass(frozen=True)
class FrameTiles:
    """Tiles of one frame under one pair, n of them, with their score bytes."""

    pair: Pair
    frame_id: UUID
    placement: PlacementKind
    flags: list[str]
    tiles: list[int]
    scores: list[int]
    rectangles_px: npt.NDArray[np.int64]
    """(n, 4): x, y, width, height."""
    centres_m: npt.NDArray[np.float64] | None
    """(n, 2): on the chart, or in the picture where the frame is unplaced; None without a pose, as the others."""
    corners_m: npt.NDArray[np.float64] | None
    """(n, 4, 2)."""
    covariances_m2: npt.NDArray[np.float64] | None
    """(n, 3): uu, uv, vv; None also where the report told none."""

    @property
    def on_chart_m(self) -> npt.NDArray[np.float64] | None:
        """Corners of tiles that have a place on the surface."""
        return self.corners_m if self.placement == "placed" else None


def read_frame_tiles(
    connection: Connection, pairs: Mapping[int, Pair], hits: Sequence[Hit], closed: Closed | None = None
) -> Iterator[FrameTiles]:
    """Of hits that stand in the order of their frames, and in it."""
    statement = _FRAMES if closed is None else _select_frames(closed.placed(_FRAME_SEQ, _PAIR_SEQ))
    keys = {"frames": sorted({hit.frame_seq for hit in hits}), "pairs": sorted({hit.pair_seq for hit in hits})}
    frames = {(row.frame_seq, row.pair_seq): row for row in connection.execute(statement, keys)}
    for key, group in groupby(hits, lambda hit: (hit.frame_seq, hit.pair_seq)):
        yield _frame_tiles(frames[key], pairs[key[1]], list(group))


_FRAME_SEQ, _PAIR_SEQ = tables.frames.c.seq, tables.pairs.c.seq


def _select_frames(placed: ColumnElement[bool]) -> Select[Any]:
    reports, maps, frames = tables.reports.c, tables.score_maps.c, tables.frames.c
    return (
        select(
            *tables.reports.c,
            frames.frame_id,
            frames.width_px,
            frames.height_px,
            maps.flags,
            tables.placements.c.kind,
            tables.placements.c.mm_per_px,
        )
        .join_from(tables.reports, tables.frames)
        .join(tables.pairs, reports.pair_seq == _PAIR_SEQ)
        .join(tables.score_maps, and_(maps.frame_seq == _FRAME_SEQ, maps.analysis_id == tables.pairs.c.analysis_id))
        .join(tables.placements, placed)
        .where(
            reports.frame_seq.in_(bindparam("frames", expanding=True)),
            reports.pair_seq.in_(bindparam("pairs", expanding=True)),
        )
    )


_FRAMES = _select_frames(placement_of(_FRAME_SEQ, tables.pairs.c.pose_solution_id))


def _frame_tiles(frame: Any, pair: Pair, hits: list[Hit]) -> FrameTiles:
    tiles = [hit.tile for hit in hits]
    rectangles_px = _rectangles_px(pair.grid(frame.width_px, frame.height_px))[tiles]
    centres = corners = covariances = None
    if frame.kind == "placed":
        origin_m = (frame.origin_u_m, frame.origin_v_m)
        centres = unpacked_m(frame.centres, origin_m)[tiles]
        corners = unpacked_m(frame.corners, origin_m).reshape(-1, 4, 2)[tiles]
        if frame.covariances is not None:
            covariances = np.frombuffer(frame.covariances, "<f4").reshape(-1, 3)[tiles].astype(np.float64)
    elif frame.kind == "unplaced":
        corners = local_corners_m(rectangles_px[:, :2], pair.tile_px, frame.height_px, frame.mm_per_px)
        centres = corners.mean(axis=1)
    return FrameTiles(
        pair=pair,
        frame_id=frame.frame_id,
        placement=frame.kind,
        flags=frame.flags,
        tiles=tiles,
        scores=[hit.score for hit in hits],
        rectangles_px=rectangles_px,
        centres_m=centres,
        corners_m=corners,
        covariances_m2=covariances,
    )


@lru_cache(maxsize=64)
def _rectangles_px(grid: TileGrid) -> npt.NDArray[np.int64]:
    """Of all tiles of the grid, which is the same for most frames of a scan."""
    origins = grid.corners_px()
    rectangles = np.concatenate([origins, np.full_like(origins, grid.tile_px)], axis=1)
    rectangles.setflags(write=False)
    return rectangles
