"""What a re-scoring changed, scan by scan: detections and their areas at both analyses' thresholds. Reads only."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, RowMapping, select

from crackmap.scores import byte_at_least
from crackmap.tile_grid import TileGrid
from crackmap_server import tables
from crackmap_server.chart import local_corners_m, unpacked_m
from crackmap_server.frames import placement_of
from crackmap_server.registry.resources import AtThreshold, Comparison, ScanComparison, Side

Scores = npt.NDArray[np.uint8]
Corners = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Seen:
    """One frame as one analysis scored it; `corners_m` (n, 4, 2), None where it has no scale."""

    scores: Scores
    grid: TileGrid
    corners_m: Corners | None
    on_surface: bool


@dataclass
class _Tally:
    """Of one analysis at one threshold."""

    detections: int = 0
    area_m2: float = 0.0
    scaled: bool = False
    shapes: list[BaseGeometry] = field(default_factory=list)

    def add(self, seen: Seen, found: Mask) -> None:
        self.detections += int(found.sum())
        if seen.corners_m is None:
            return
        self.scaled = True
        if found.any():
            union = shapely.union_all(shapely.polygons(seen.corners_m[found]))
            if seen.on_surface:
                self.shapes.append(union)
            else:
                self.area_m2 += float(union.area)

    def side(self) -> Side:
        area_m2 = self.area_m2 + (float(shapely.union_all(self.shapes).area) if self.shapes else 0.0)
        return Side(detections=self.detections, area_m2=round(area_m2, 6) if self.scaled else None)


def compare(connection: Connection, rescore: int, model: str) -> Comparison:
    """Of the frames that both analyses scored."""
    scans, surfaces = tables.rescore_scans.c, tables.surfaces.c
    rows = connection.execute(
        select(scans.scan_id, scans.before_pair_seq, scans.pair_seq, surfaces.name)
        .join_from(tables.rescore_scans, tables.scans, tables.scans.c.scan_id == scans.scan_id)
        .join(tables.surfaces, surfaces.surface_id == tables.scans.c.surface_id)
        .where(scans.rescore_seq == rescore)
        .order_by(surfaces.name, scans.scan_id)
    ).all()
    return Comparison(rescore=rescore, model=model, scans=[_scan(connection, row) for row in rows])


def _scan(connection: Connection, scan: Any) -> ScanComparison:
    after = _analysis(connection, scan.pair_seq)
    before = None if scan.before_pair_seq is None else _analysis(connection, scan.before_pair_seq)
    frames, at = 0, []
    if before is not None:
        thresholds = (("before", before.threshold), ("after", after.threshold))
        tallies = [(_Tally(), _Tally(), [0, 0]) for _ in thresholds]
        for old, new in _frames(connection, before, after):
            frames += 1
            for (_, threshold), (of_old, of_new, changed) in zip(thresholds, tallies, strict=True):
                lowest = byte_at_least(threshold)
                found_old, found_new = old.scores >= lowest, new.scores >= lowest
                of_old.add(old, found_old)
                of_new.add(new, found_new)
                changed[0] += int((found_new & ~covered(new.grid, old.grid, found_old)).sum())
                changed[1] += int((found_old & ~covered(old.grid, new.grid, found_new)).sum())
        at = [
            AtThreshold(
                of="before" if name == "before" else "after",
                threshold=threshold,
                before=of_old.side(),
                after=of_new.side(),
                new=changed[0],
                lost=changed[1],
            )
            for (name, threshold), (of_old, of_new, changed) in zip(thresholds, tallies, strict=True)
        ]
    return ScanComparison(
        scan_id=scan.scan_id,
        surface=scan.name,
        model_before=before and before.model,
        analysis_before=before and before.analysis_id,
        analysis_after=after.analysis_id,
        frames=frames,
        same_grid=before is not None and (before.tile_px, before.stride_px) == (after.tile_px, after.stride_px),
        at=at,
    )


def covered(tiles: TileGrid, others: TileGrid, found: Mask) -> Mask:
    """Which tiles of a frame are detections of the other grid's too: the same tile, or one that holds their middle."""
    if tiles == others:
        return found
    inside = np.zeros((tiles.height_px, tiles.width_px), np.bool_)
    for x, y in others.corners_px()[found].tolist():
        inside[y : y + others.tile_px, x : x + others.tile_px] = True
    columns, rows = (tiles.corners_px() + tiles.tile_px // 2).T
    return np.asarray(inside[rows, columns])


def _analysis(connection: Connection, pair_seq: int) -> Any:
    pairs, analyses = tables.pairs.c, tables.analyses
    return connection.execute(
        select(pairs.seq, pairs.pose_solution_id, *analyses.c)
        .join_from(tables.pairs, analyses, analyses.c.analysis_id == pairs.analysis_id)
        .where(pairs.seq == pair_seq)
    ).one()


def _frames(connection: Connection, before: Any, after: Any) -> Iterator[tuple[Seen, Seen]]:
    first, second = (_rows(connection, analysis) for analysis in (before, after))
    new = next(second, None)
    for old in first:  # both in the order of their frames
        while new is not None and new["seq"] < old["seq"]:
            new = next(second, None)
        if new is None:
            return
        if new["seq"] == old["seq"]:
            yield _seen(old, before), _seen(new, after)


def _rows(connection: Connection, analysis: Any) -> Iterator[RowMapping]:
    frames, reports, maps, places = tables.frames.c, tables.reports, tables.score_maps.c, tables.placements.c
    statement = (
        select(frames.seq, frames.width_px, frames.height_px, *reports.c, maps.scores, places.kind, places.mm_per_px)
        .join_from(tables.reports, tables.frames, frames.seq == reports.c.frame_seq)
        .join(
            tables.score_maps,
            (maps.frame_seq == reports.c.frame_seq) & (maps.analysis_id == analysis.analysis_id),
        )
        .join(tables.placements, placement_of(reports.c.frame_seq, _solution(analysis)))
        .where(reports.c.pair_seq == analysis.seq)
        .order_by(frames.seq)
    )
    yield from connection.execute(statement).mappings()


def _solution(analysis: Any) -> Any:
    """The pose solution of a pair, for joining placements."""
    pairs = tables.pairs.c
    return select(pairs.pose_solution_id).where(pairs.seq == analysis.seq).scalar_subquery()


def _seen(row: RowMapping, analysis: Any) -> Seen:
    grid = TileGrid(row["width_px"], row["height_px"], analysis.tile_px, analysis.stride_px)
    corners_m = None
    if row["kind"] == "placed":
        corners_m = unpacked_m(row["corners"], (row["origin_u_m"], row["origin_v_m"])).reshape(-1, 4, 2)
    elif row["kind"] == "unplaced":
        corners_m = local_corners_m(grid.corners_px(), grid.tile_px, row["height_px"], row["mm_per_px"])
    return Seen(np.frombuffer(row["scores"], np.uint8), grid, corners_m, row["kind"] == "placed")
