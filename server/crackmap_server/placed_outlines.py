"""Outlines on a chart as outlines in the world. Pure."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely

from crackmap_server.placed_charts import PlacedChart, Points

Outline = dict[str, Any]
"""A GeoJSON geometry."""


def on_grid(outline: Outline, chart: PlacedChart) -> Outline:
    """In the placement's CRS, its two first coordinates in the order that the CRS itself has them in."""

    def move(points_m: Points) -> Points:
        found = chart.grid_m(points_m)
        return found[:, [1, 0, 2]] if chart.northing_first else found

    return _moved(outline, move, chart.longest_m)


def on_earth(outline: Outline, chart: PlacedChart) -> Outline | None:
    """Longitude, latitude, height; None where PROJ cannot say them."""
    found = _moved(outline, chart.geographic, chart.longest_m)
    return found if np.isfinite(_points(found["coordinates"])).all() else None


def _moved(outline: Outline, move: Callable[[Points], Points], longest_m: float | None) -> Outline:
    """All its points at once. On a cylinder long edges get more of them, so that they keep to the shell."""
    if longest_m is not None:
        shape = shapely.segmentize(shapely.from_geojson(json.dumps(outline)), longest_m)
        outline = json.loads(shapely.to_geojson(shape))
    moved = iter(move(np.array(_points(outline["coordinates"]))).tolist())
    return {"type": outline["type"], "coordinates": _replaced(outline["coordinates"], moved)}


def _points(coordinates: Any) -> list[Any]:
    if isinstance(coordinates[0], int | float):
        return [coordinates]
    return [point for part in coordinates for point in _points(part)]


def _replaced(coordinates: Any, points: Any) -> Any:
    if isinstance(coordinates[0], int | float):
        return next(points)
    return [_replaced(part, points) for part in coordinates]
