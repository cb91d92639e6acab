"""What people drew, as items: findings and masks, in the order of their ids."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from crackmap.messages import utc
from crackmap_server.additions.findings import Finding, Polyline, Rectangle
from crackmap_server.additions.masks import Mask
from crackmap_server.masking import holds, inspection_days
from crackmap_server.ogc.collections import Collection
from crackmap_server.ogc.features import Feature
from crackmap_server.ogc.item_pages import Items, cursor_keys, touches
from crackmap_server.ogc.queries import ItemsQuery
from crackmap_server.paging import encoded
from crackmap_server.placed_outlines import Outline
from crackmap_server.regions import Region
from crackmap_server.revisions import Revision, all_current
from crackmap_server.shapes import Ring


def read_findings(connection: Connection, collection: Collection, query: ItemsQuery, region: Region | None) -> Items:
    """Of the wanted inspection. They have no time of their own, so `datetime` selects all of them."""
    return _page(_findings(connection, collection, query), query, region)


def read_masks(connection: Connection, collection: Collection, query: ItemsQuery, region: Region | None) -> Items:
    """That hold for the wanted inspection. They have no time, so `datetime` selects all of them."""
    return _page(_masks(connection, collection, query), query, region)


def find_finding(
    connection: Connection, collection: Collection, feature_id: str, query: ItemsQuery
) -> Iterator[Feature]:
    """One of the wanted inspection, or nothing."""
    return (each for each in _findings(connection, collection, query) if each.feature_id == feature_id)


def find_mask(connection: Connection, collection: Collection, feature_id: str, query: ItemsQuery) -> Iterator[Feature]:
    """One that holds for the wanted inspection, or nothing."""
    return (each for each in _masks(connection, collection, query) if each.feature_id == feature_id)


def _page(features: Iterator[Feature], query: ItemsQuery, region: Region | None) -> Items:
    keys = cursor_keys(query, [UUID])
    after = None if keys is None else str(keys[0])
    found = [each for each in features if (after is None or each.feature_id > after) and touches(each, region)]
    shown = found[: query.limit]
    return Items(
        shown,
        encoded([shown[-1].feature_id]) if len(found) > query.limit else None,
        len(found) if keys is None else None,
    )


def _findings(connection: Connection, collection: Collection, query: ItemsQuery) -> Iterator[Feature]:
    for each in all_current(connection, Finding.kind_name, [collection.surface.surface_id]):
        finding = Finding.model_validate(each.content)
        if query.inspection_id in {None, finding.inspection_id}:
            shape = finding.shape
            said = {
                "finding_id": str(each.resource_id),
                **finding.model_dump(mode="json", include={"kind", "inspection_id", "width_mm", "note"}),
                "frame_id": str(shape.frame_id) if isinstance(shape, Rectangle) else None,
            }
            yield _feature(each, _outline(finding), said)


def _masks(connection: Connection, collection: Collection, query: ItemsQuery) -> Iterator[Feature]:
    kept = all_current(connection, Mask.kind_name, [collection.surface.surface_id])
    masks = [(each, Mask.model_validate(each.content)) for each in kept]
    days = inspection_days(connection, collection.surface.surface_id, [mask for _, mask in masks])
    for each, mask in masks:
        if query.inspection_id is None or holds(mask, query.inspection_id, days):
            said = {
                "mask_id": str(each.resource_id),
                **mask.model_dump(mode="json", exclude={"surface_id", "polygon_m"}),
            }
            yield _feature(each, _polygon(mask.polygon_m), said)


def _feature(kept: Revision, outline: Outline | None, said: dict[str, Any]) -> Feature:
    written = {"version": kept.version, "author": kept.author, "written_utc": utc(kept.written_utc)}
    return Feature(str(kept.resource_id), outline, None, said | written)


def _outline(finding: Finding) -> Outline | None:
    """None for what was marked in a photograph only."""
    shape = finding.shape
    if isinstance(shape, Rectangle):
        return None
    if isinstance(shape, Polyline):
        return {"type": "LineString", "coordinates": [list(point) for point in shape.line_m]}
    return _polygon(shape.rings_m)


def _polygon(rings: list[Ring]) -> Outline:
    return {"type": "Polygon", "coordinates": [[list(point) for point in ring] for ring in rings]}
