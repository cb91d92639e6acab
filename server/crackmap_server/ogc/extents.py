"""How far it reaches what lies on surfaces: on their charts, and by longitude and latitude."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import pairwise
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, func, select

from crackmap_server import tables
from crackmap_server.additions.findings import Finding, Polyline, Rectangle
from crackmap_server.additions.masks import Mask
from crackmap_server.chart import Box
from crackmap_server.regions import sampled
from crackmap_server.revisions import all_current
from crackmap_server.shapes import Point
from crackmap_server.surface_names import SurfaceName

Extent = tuple[float, float, float, float]
"""West, south, east, north in degrees; west is greater than east where it goes over 180°."""


def read_extents(connection: Connection, surface_ids: Collection[UUID]) -> dict[UUID, Box]:
    """On the charts: of all photographs that were ever placed, by whichever poses, and of all that people drew."""
    places, frames, scans = tables.placements.c, tables.frames.c, tables.scans.c
    corners: defaultdict[UUID, list[Point]] = defaultdict(list)
    statement = (
        select(
            scans.surface_id,
            func.min(places.low_u_m),
            func.min(places.low_v_m),
            func.max(places.high_u_m),
            func.max(places.high_v_m),
        )
        .join_from(tables.placements, tables.frames, frames.seq == places.frame_seq)
        .join(tables.scans, scans.scan_id == frames.scan_id)
        .where(scans.surface_id.in_(surface_ids), places.kind == "placed")
        .group_by(scans.surface_id)
    )
    for surface_id, low_u_m, low_v_m, high_u_m, high_v_m in connection.execute(statement):
        corners[surface_id] += [(low_u_m, low_v_m), (high_u_m, high_v_m)]
    for each in all_current(connection, Mask.kind_name, surface_ids):
        corners[each.owner_id] += Mask.model_validate(each.content).polygon_m[0]
    for each in all_current(connection, Finding.kind_name, surface_ids):
        shape = Finding.model_validate(each.content).shape
        if not isinstance(shape, Rectangle):
            corners[each.owner_id] += shape.line_m if isinstance(shape, Polyline) else shape.rings_m[0]
    return {surface_id: _bounds(points) for surface_id, points in corners.items()}


def read_world_extents(connection: Connection, surfaces: Iterable[SurfaceName]) -> dict[UUID, Extent]:
    """Of those surfaces that have longitude and latitude, and anything on them."""
    charts = {each.surface_id: each.chart for each in surfaces if each.chart is not None and each.chart.on_earth}
    found = {}
    for surface_id, box in read_extents(connection, charts).items():
        chart = charts[surface_id]
        points = chart.geographic(sampled(box, chart.longest_m))
        if np.isfinite(points).all():
            found[surface_id] = _around(points[:, 0].tolist(), points[:, 1].tolist())
    return found


def _bounds(points: Iterable[Point]) -> Box:
    us, vs = zip(*points, strict=True)
    return Box(min(us), min(vs), max(us), max(vs))


def _around(longitudes: list[float], latitudes: list[float]) -> Extent:
    """The widest gap between longitudes is what lies outside."""
    inside = sorted(set(longitudes))
    gaps = [(east - west, west, east) for west, east in pairwise(inside)]
    gap, west, east = max([*gaps, (inside[0] + 360 - inside[-1], inside[-1], inside[0])])
    del gap
    return (east, min(latitudes), west, max(latitudes))
