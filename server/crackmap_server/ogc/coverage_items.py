"""The parts of the coverage as items, best sight first."""

from collections.abc import Iterator

from sqlalchemy import Connection

from crackmap_server.coverage import parts
from crackmap_server.footprints import footprints
from crackmap_server.frames import captured_within
from crackmap_server.ogc.collections import Collection
from crackmap_server.ogc.features import Feature
from crackmap_server.ogc.item_pages import Items, cursor_keys, placed_pairs, touches
from crackmap_server.ogc.queries import ItemsQuery
from crackmap_server.paging import encoded
from crackmap_server.regions import Region
from crackmap_server.sights import ORDER


def read_coverage(connection: Connection, collection: Collection, query: ItemsQuery, region: Region | None) -> Items:
    """Of the wanted inspection: a part for each sight."""
    keys = cursor_keys(query, [int])
    first = 0 if keys is None else keys[0] + 1
    every = _parts(connection, collection, query)
    found = [(place, feature) for place, feature in every if place >= first and touches(feature, region)]
    shown = found[: query.limit]
    return Items(
        [feature for _, feature in shown],
        encoded([shown[-1][0]]) if len(found) > query.limit else None,
        len(found) if keys is None else None,
    )


def _parts(connection: Connection, collection: Collection, query: ItemsQuery) -> list[tuple[int, Feature]]:
    """By their sight's place in ORDER. With a time: of the photographs taken then."""
    pairs = placed_pairs(connection, collection, query)
    seen = footprints(connection, pairs, captured_within(query.from_utc, query.to_utc))
    _, found = parts(seen, collection.surface.around_m)
    return [
        (
            ORDER.index(part.sight),
            Feature(
                part.sight.value,
                {
                    "type": "MultiPolygon",
                    "coordinates": [[list(map(list, ring)) for ring in one] for one in part.outline],
                },
                None,
                {"sight": part.sight.value, "area_m2": part.area_m2},
            ),
        )
        for part in found
    ]


def find_part(connection: Connection, collection: Collection, feature_id: str, query: ItemsQuery) -> Iterator[Feature]:
    """One of them, or nothing."""
    for _, feature in _parts(connection, collection, query):
        if feature.feature_id == feature_id:
            yield feature
