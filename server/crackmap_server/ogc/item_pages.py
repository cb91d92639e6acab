"""What all collections share: a page of items, and what a request selects."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import shapely
from sqlalchemy import Connection

from crackmap_server.chart import Box
from crackmap_server.errors import BadParameter, BadRequest
from crackmap_server.ogc.collections import Collection
from crackmap_server.ogc.features import Feature
from crackmap_server.ogc.queries import ItemsQuery
from crackmap_server.paging import decoded
from crackmap_server.pairs import Pair, read_pairs


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


def touches(outline: dict[str, Any], box: Box | None) -> bool:
    """Whether a feature is selected by the box, as the standard says: by its outline, borders included."""
    if box is None:
        return True
    area = shapely.box(box.low_u_m, box.low_v_m, box.high_u_m, box.high_v_m)
    return bool(shapely.intersects(shapely.from_geojson(json.dumps(outline)), area))


def uuid_of(text: str) -> UUID | None:
    """None for what is none, or is not written as we write them: one thing has one address."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None
