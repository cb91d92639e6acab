"""How much of a surface the frames lie over."""

from collections.abc import Iterable, Sequence

import numpy as np
import shapely

Rings = list[list[list[tuple[float, float]]]]


def union_m(footprints_m: Iterable[Sequence[tuple[float, float]]]) -> tuple[float, Rings]:
    """Area in m² of the union of outlines, and the union as coordinates of a MultiPolygon."""
    polygons = [shapely.make_valid(shapely.Polygon(outline)) for outline in footprints_m]
    with np.errstate(divide="ignore", invalid="ignore"):  # GEOS may divide by zero, and copes; NumPy would warn
        union = shapely.union_all(polygons)
    parts = [part for part in shapely.get_parts(shapely.orient_polygons(union)) if part.geom_type == "Polygon"]
    return float(union.area), [[_ring(part.exterior), *(_ring(hole) for hole in part.interiors)] for part in parts]


def _ring(ring: shapely.LinearRing) -> list[tuple[float, float]]:
    return [(float(u), float(v)) for u, v in ring.coords]
