"""Coverage within the boundary of a surface and beside its masks. Pure."""

import shapely
from shapely.geometry.base import BaseGeometry

from crackmap_server.coverage import LEAST_PART_M2, Part, part_of
from crackmap_server.sights import Sight


def cut(
    whole: Part, by_sight: list[Part], boundary: BaseGeometry | None, masked: BaseGeometry
) -> tuple[Part, list[Part]]:
    """What was photographed, and its parts, cut to the boundary (None: all); all shapes lie on the chart.

    What is masked becomes a part of its own: a crack there would not be told from what is known to be there. What of
    the boundary no frame shows is a part too, so that parts add up to the boundary; no part overlaps another.
    """
    if boundary is None and masked.is_empty:
        return whole, by_sight
    seen = _shape(whole)
    if boundary is not None:
        seen = shapely.intersection(seen, boundary)
    parts = [(each.sight, shapely.difference(shapely.intersection(_shape(each), seen), masked)) for each in by_sight]
    parts.append((Sight.MASKED, shapely.intersection(seen, masked)))
    if boundary is not None:
        parts.append((Sight.NEVER_SEEN, shapely.difference(boundary, seen)))
    return part_of(Sight.SHOWN, seen), [part_of(*each) for each in parts if each[1].area > LEAST_PART_M2]


def _shape(part: Part) -> BaseGeometry:
    return shapely.union_all([shapely.Polygon(rings[0], rings[1:]) for rings in part.outline])
