"""Boxes of the world as parts of a chart, so that what lies on the chart is selected there. Pure.

The chart is cut into facets so small that coordinates of the world change on each as on a plane: what of a facet lies
in a box is then a polygon with straight edges. That is so for a wall too, which from above is only a line.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from crackmap_server.chart import Box
from crackmap_server.placed_charts import Points

LARGEST_FACET_M = 25.0
"""Longitude and latitude along it are less than 0.1 mm off a straight line up to 80° north and south."""
_MOST_U, _MOST_V = 1024, 64
_CORNERS = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)]


@dataclass(frozen=True)
class WorldBox:
    """Closed; two coordinates or three. With `turns` the first is a longitude, and 180° is −180°."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    turns: bool = False

    def unrolled(self) -> "WorldBox":
        """From west to east, also where it crosses 180°."""
        west, east = self.low[0], self.high[0]
        if not self.turns or west <= east < west + 360:
            return self
        west, east = (west, east + 360) if east < west else (-math.inf, math.inf)
        return WorldBox((west, *self.low[1:]), (east, *self.high[1:]), east < math.inf)


class Region:
    """A part of a chart, in pieces."""

    def __init__(self, pieces: Sequence[BaseGeometry]) -> None:
        self._tree = shapely.STRtree(pieces)
        self.bounds = Box(*shapely.total_bounds(pieces).tolist()) if pieces else None
        """None: nothing lies in it."""

    def touches(self, outline: dict[str, Any] | None) -> bool:
        """Whether a GeoJSON geometry in chart metres does, borders included; what has no place does not."""
        if outline is None:
            return False
        return len(self._tree.query(shapely.from_geojson(json.dumps(outline)), predicate="intersects")) > 0


def of_chart(box: Box) -> Region:
    """A box of the chart itself."""
    return Region([shapely.box(box.low_u_m, box.low_v_m, box.high_u_m, box.high_v_m)])


def of_world(
    box: WorldBox, within: Box | None, move: Callable[[Points], Points], longest_m: float | None = None
) -> Region:
    """What of the chart lies in a box of the world. `within`: where there is anything on the chart at all.

    `move` gives world coordinates, (n, 2) → (n, 3); facets are at most `longest_m` wide.
    """
    if within is None:
        return Region([])
    box = box.unrolled()
    middles, halves = _facets(within, LARGEST_FACET_M if longest_m is None else longest_m)
    steps = np.array([(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)]) * halves
    found = move((middles[:, None] + steps).reshape(-1, 2)).reshape(-1, 5, 3)
    if box.turns:
        here, middle = found[:, :1, 0], (box.low[0] + box.high[0]) / 2
        found[:, 1:, 0] = here + _turned(found[:, 1:, 0] - here)
        found[..., 0] += middle + _turned(here - middle) - here
    axes = len(box.low)
    at, along = found[:, 0, :axes], (found[:, (2, 4), :axes] - found[:, (1, 3), :axes]) / 2
    low, high = np.array(box.low), np.array(box.high)
    reach = np.abs(along).sum(axis=1)
    some = ((at + reach >= low) & (at - reach <= high)).all(axis=1)
    pieces = []
    for middle, there, change in zip(middles[some], at[some], along[some], strict=True):
        corners = _inside(there, change, low, high)
        if corners:
            pieces.append(shapely.convex_hull(shapely.multipoints(middle + np.array(corners) * halves)))
    return Region(pieces)


def _turned(degrees: Points) -> Points:
    """By whole turns, to −180° up to 180°."""
    return np.asarray((degrees + 180) % 360 - 180)


def sampled(within: Box, longest_m: float | None = None) -> Points:
    """Points (n, 2) all over it, its corners too, as close to each other as facets are wide."""
    middles, halves = _facets(within, LARGEST_FACET_M if longest_m is None else longest_m)
    return np.asarray((middles[:, None] + np.array(_CORNERS) * halves).reshape(-1, 2))


def _facets(within: Box, longest_m: float) -> tuple[Points, Points]:
    """Middles (n, 2) of equal facets that cover it, and half their sides."""
    sides_m = np.array([within.high_u_m - within.low_u_m, within.high_v_m - within.low_v_m])
    wide_m = min(longest_m, LARGEST_FACET_M)
    counts = (
        min(max(math.ceil(sides_m[0] / wide_m), 1), _MOST_U),
        min(max(math.ceil(sides_m[1] / LARGEST_FACET_M), 1), _MOST_V),
    )
    halves = sides_m / counts / 2
    places = np.stack(np.meshgrid(*map(np.arange, counts), indexing="ij"), axis=-1).reshape(-1, 2)
    return np.array([within.low_u_m, within.low_v_m]) + (2 * places + 1) * halves, halves


def _inside(at: Points, along: Points, low: Points, high: Points) -> list[tuple[float, float]]:
    """What of one facet lies in the box, in halves of its sides; `along`: what changes towards its edges (2, axes)."""
    corners = list(_CORNERS)
    for axis in range(len(low)):
        for side, limit in ((1, low[axis]), (-1, high[axis])):
            corners = _clipped(corners, side * along[:, axis], side * (at[axis] - limit))
    return corners


def _clipped(corners: list[tuple[float, float]], slope: Points, offset: float) -> list[tuple[float, float]]:
    """The part of a convex polygon where slope · corner + offset ≥ 0."""
    heights = [slope[0] * s + slope[1] * t + offset for s, t in corners]
    kept = []
    for place, (corner, height) in enumerate(zip(corners, heights, strict=True)):
        before, height_before = corners[place - 1], heights[place - 1]
        if (height < 0) != (height_before < 0):
            share = height_before / (height_before - height)
            kept.append((before[0] + share * (corner[0] - before[0]), before[1] + share * (corner[1] - before[1])))
        if height >= 0:
            kept.append(corner)
    return kept
