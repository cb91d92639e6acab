"""What all collections share: a page of items, and what a request selects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from crackmap_server.chart import Box
from crackmap_server.errors import BadParameter, BadRequest
from crackmap_server.ogc.collections import Collection
from crackmap_server.ogc.extents import read_extents
from crackmap_server.ogc.features import Feature
from crackmap_server.ogc.frames import Frame
from crackmap_server.ogc.queries import AskedBox, ItemsQuery
from crackmap_server.paging import decoded
from crackmap_server.pairs import Pair, read_pairs
from crackmap_server.regions import Region, WorldBox, of_chart, of_world
from crackmap_server.surface_names import SurfaceName


@dataclass(frozen=True)
class Items:
    """One page."""

    features: Sequence[Feature]
    after: str | None
    """Cursor of the next page; None on the last one."""
    matched: int | None = None
    """How many there are in all, where that is quickly said."""


def placed_pairs(connection: Connection, collection: Collection, query: ItemsQuery) -> dict[int, Pair]:
    """Photographs with a scale only have no place on the surface."""
    pairs = read_pairs(connection, collection.surface.surface_id, query.inspection_id)
    return {seq: pair for seq, pair in pairs.items() if pair.pose_solution_id is not None}


def cursor_keys(query: ItemsQuery, kinds: Sequence[type]) -> list[Any] | None:
    """The last item's keys. Raises BadParameter for another collection's cursor."""
    if query.cursor is None:
        return None
    try:
        return decoded(query.cursor, kinds)
    except BadRequest as error:
        raise BadParameter(str(error)) from None


def read_region(connection: Connection, surface: SurfaceName, asked: AskedBox | None) -> Region | None:
    """The part of the chart that a box selects, as the standard says: by outlines, borders included. None: all of it.

    Raises BadParameter where the surface has no place in the box's frame.
    """
    if asked is None:
        return None
    (u0, v0), (u1, v1) = asked.low[:2], asked.high[:2]
    if asked.frame is Frame.OWN:  # everything lies on the surface: its heights are none
        return of_chart(Box(u0, v0, u1, v1))
    chart = surface.chart
    if chart is None or (asked.frame is Frame.EARTH and not chart.on_earth):
        raise BadParameter(
            "bbox: this surface has no longitude and latitude, only metres in another frame; say which with bbox-crs, "
            "one of the collection's `crs`"
        )
    within = read_extents(connection, [surface.surface_id]).get(surface.surface_id)
    if asked.frame is Frame.EARTH:
        return of_world(WorldBox(asked.low, asked.high, turns=True), within, chart.geographic, chart.longest_m)
    if chart.northing_first:
        box = WorldBox((v0, u0, *asked.low[2:]), (v1, u1, *asked.high[2:]))
    else:
        box = WorldBox(asked.low, asked.high)
    return of_world(box, within, chart.grid_m, chart.longest_m)


def touches(feature: Feature, region: Region | None) -> bool:
    """Whether the region selects it."""
    return region is None or region.touches(feature.outline)


def uuid_of(text: str) -> UUID | None:
    """None for what is none, or is not written as we write them: one thing has one address."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None
