"""What of a surface was photographed, and where a crack of the target width would have been seen. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from crackmap_server.sights import ORDER, Sight

Rings = list[list[list[tuple[float, float]]]]
LEAST_PART_M2 = 1e-6
"""A square millimetre: less is what outline and tiles of one frame differ by."""


@dataclass(frozen=True)
class Footprint:
    """A placed frame on the chart: its outline, its tiles' corners (n, 4, 2) and their sights (n,), as in ORDER."""

    outline_m: Sequence[tuple[float, float]]
    corners_m: npt.NDArray[np.float64]
    sights: npt.NDArray[np.intp]


@dataclass(frozen=True)
class Part:
    """Where one sight holds: its area, and its outline as coordinates of a MultiPolygon."""

    sight: Sight
    area_m2: float
    outline: Rings


def parts(footprints: Iterable[Footprint], around_m: float | None = None) -> tuple[Part, list[Part]]:
    """All that was photographed (as SHOWN), and its parts by sight, best first; no part overlaps another.

    A frame's most frequent sight holds in its whole outline but where tiles have another one: those are few, so only
    their shapes are made. Where tiles of one frame overlap, the best holds. `around_m`: the length after which u begins
    again, of a cylinder; what lies beyond the seam is laid where it belongs.
    """
    by_sight: list[list[BaseGeometry]] = [[] for _ in ORDER]
    outlines: list[BaseGeometry] = []
    for each in footprints:
        outline = shapely.make_valid(shapely.Polygon(each.outline_m))
        outlines.append(outline)
        corners_m = each.corners_m
        if around_m is not None:  # each tile has its middle on the chart: bring it to its frame
            away_m = corners_m[:, :, 0].mean(axis=1) - outline.centroid.x
            corners_m = corners_m - np.stack([np.round(away_m / around_m) * around_m, 0 * away_m], axis=1)[:, None]
        counts = np.bincount(each.sights, minlength=len(ORDER))
        most = int(counts.argmax())
        rest = outline
        for index in np.flatnonzero(counts).tolist():
            if index != most:
                tiles = _union(shapely.polygons(corners_m[each.sights == index]))
                by_sight[index].append(shapely.intersection(tiles, outline))
                rest = _without(rest, tiles)
        by_sight[most].append(rest)
    found: list[Part] = []
    better: BaseGeometry = shapely.Polygon()
    for sight, shapes in zip(ORDER, by_sight, strict=True):
        if shapes:
            union = rolled(_union(shapes), around_m)
            part = _without(union, better)
            better = _union([better, union])
            if part.area > LEAST_PART_M2:
                found.append(part_of(sight, part))
    return part_of(Sight.SHOWN, rolled(_union(outlines), around_m)), found


def rolled(shape: BaseGeometry, around_m: float | None) -> BaseGeometry:
    """What goes beyond the seam, brought back onto the chart."""
    if around_m is None or shape.is_empty:
        return shape
    low, _, high, _ = shape.bounds
    first, last = (math.floor(u / around_m + 0.5) for u in (low, high))
    _, bottom, _, top = shape.bounds
    chart = shapely.box(-around_m / 2, bottom, around_m / 2, top)
    turns = [shapely.transform(shape, lambda uv, k=k: uv - [k * around_m, 0.0]) for k in range(first, last + 1)]
    return _union([shapely.intersection(turn, chart) for turn in turns])


def part_of(sight: Sight, shape: BaseGeometry) -> Part:
    """That sight in that shape; what of it has no area is left out."""
    polygons = [part for part in shapely.get_parts(shapely.orient_polygons(shape)) if part.geom_type == "Polygon"]
    rings = [[_ring(part.exterior), *(_ring(hole) for hole in part.interiors)] for part in polygons]
    return Part(sight, float(shape.area), rings)


def _without(shape: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
    with np.errstate(divide="ignore", invalid="ignore"):  # as in _union
        return shapely.difference(shape, other)


def _union(shapes: Sequence[BaseGeometry] | npt.NDArray[np.object_]) -> BaseGeometry:
    with np.errstate(divide="ignore", invalid="ignore"):  # GEOS may divide by zero, and copes; NumPy would warn
        return shapely.union_all(shapes)


def _ring(ring: shapely.LinearRing) -> list[tuple[float, float]]:
    return [(float(u), float(v)) for u, v in ring.coords]
