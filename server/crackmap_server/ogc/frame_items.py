"""Photographs that lie on the surface as items, in the order in which they were stored."""

from collections.abc import Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, func, select

from crackmap_server import tables
from crackmap_server.frames import captured_within, frame_fields, select_frames, touching
from crackmap_server.ogc.collections import Collection
from crackmap_server.ogc.features import Feature, polygon
from crackmap_server.ogc.item_pages import Items, cursor_keys, placed_pairs, touches, uuid_of
from crackmap_server.ogc.queries import ItemsQuery
from crackmap_server.paging import encoded
from crackmap_server.regions import Region

_AT_ONCE = 500


def read_frames(connection: Connection, collection: Collection, query: ItemsQuery, region: Region | None) -> Items:
    """Placed ones, in the order in which they were stored."""
    keys = cursor_keys(query, [int])
    statement = _placed_frames(connection, collection, query)
    for condition in captured_within(query.from_utc, query.to_utc):
        statement = statement.where(condition)
    if region is not None and region.bounds is not None:
        statement = statement.where(touching(region.bounds))
    found = list(islice(_touching_frames(connection, statement, keys[0] if keys else None, region), query.limit + 1))
    shown = found[: query.limit]
    counted = keys is None and region is None
    return Items(
        [feature for _, feature in shown],
        encoded([shown[-1][0]]) if len(found) > query.limit else None,
        connection.execute(select(func.count()).select_from(statement.subquery())).scalar_one() if counted else None,
    )


def _touching_frames(
    connection: Connection, statement: Select[Any], after: int | None, region: Region | None
) -> Iterator[tuple[int, Feature]]:
    seq = tables.frames.c.seq
    while True:
        portion = statement if after is None else statement.where(seq > after)
        rows = list(connection.execute(portion.order_by(seq).limit(_AT_ONCE)).mappings())
        for row in rows:
            feature = _frame(row)
            if touches(feature, region):
                yield row["seq"], feature
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1]["seq"]


def _placed_frames(connection: Connection, collection: Collection, query: ItemsQuery) -> Select[Any]:
    return select_frames(placed_pairs(connection, collection, query), in_order=True).where(
        tables.placements.c.kind == "placed"
    )


def _frame(row: Any) -> Feature:
    fields = frame_fields(row)
    placement = fields.pop("placement")
    flags = ", ".join(fields.pop("flags"))
    shown = {name: str(value) if isinstance(value, UUID) else value for name, value in fields.items()}
    return Feature(
        shown["frame_id"],
        polygon(placement.footprint_m),
        fields["captured_utc"],
        shown | {"mm_per_px": placement.mm_per_px, "flags": flags},
    )


def find_frame(connection: Connection, collection: Collection, feature_id: str, query: ItemsQuery) -> Iterator[Feature]:
    """One that is placed, or nothing."""
    frame_id = uuid_of(feature_id)
    if frame_id is not None:
        statement = _placed_frames(connection, collection, query).where(tables.frames.c.frame_id == frame_id)
        yield from map(_frame, connection.execute(statement).mappings())
