"""Shapes that people draw on a chart, in metres: polygons with openings, and lines. Pure."""

from typing import Annotated

import numpy as np
import shapely
from pydantic import AfterValidator, Field
from shapely.geometry.base import BaseGeometry

from crackmap_server.errors import BadRequest

LEAST_AREA_M2 = 1e-6
_SLACK_M = 1e-6

Metres = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Point = tuple[Metres, Metres]
Ring = Annotated[list[Point], Field(min_length=3, max_length=5000)]


def _oriented(rings: list[Ring]) -> list[Ring]:
    """The same polygon with closed rings: the outer one counterclockwise on the chart, openings clockwise."""
    with np.errstate(divide="ignore", invalid="ignore"):
        shape = shapely.Polygon(rings[0], rings[1:])
        if not shape.is_valid:
            raise ValueError(f"the polygon is not simple: {shapely.is_valid_reason(shape)}")
    if shape.area < LEAST_AREA_M2:
        raise ValueError("the polygon has no area")
    shape = shapely.orient_polygons(shape)
    return [[(float(u), float(v)) for u, v in ring.coords] for ring in (shape.exterior, *shape.interiors)]


def _long_enough(line: list[Point]) -> list[Point]:
    if shapely.LineString(line).length < 1e-6:
        raise ValueError("the line has no length")
    return line


Rings = Annotated[
    list[Ring],
    Field(
        min_length=1,
        max_length=1000,
        description="a polygon in metres on the chart: the outer ring, then its openings; no ring crosses itself or "
        "another. They are kept closed, the outer one counterclockwise and openings clockwise",
    ),
    AfterValidator(_oriented),
]
Line = Annotated[
    list[Point],
    Field(min_length=2, max_length=5000, description="points of a line in metres on the chart"),
    AfterValidator(_long_enough),
]


def polygon(rings: list[Ring]) -> BaseGeometry:
    """As a shape."""
    return shapely.Polygon(rings[0], rings[1:])


def check_on_chart(points_m: list[Point], around_m: float | None, what: str) -> None:
    """Raises BadRequest for a shape that does not fit on a chart that begins again after `around_m`.

    It may go over the seam, but not further round than once.
    """
    if around_m is None:
        return
    us = [u for u, _ in points_m]
    if max(us) - min(us) > around_m + _SLACK_M or max(map(abs, us)) > around_m + _SLACK_M:
        raise BadRequest(
            f"{what} reaches from u {min(us):g} to {max(us):g} m; this cylinder's chart goes from {-around_m / 2:g} to "
            f"{around_m / 2:g} m, and what goes over its seam must end within one turn"
        )
