"""Reading the items of a collection: pages by the keys of their last item, so that none is lost or shown twice.

Every page costs what it shows, however deep it lies. Boxes select as the standard says, by outlines that touch the
box; the index finds candidates, and their outlines decide.
"""

from collections.abc import Callable, Iterator

from sqlalchemy import Connection

from crackmap_server.errors import NotFound
from crackmap_server.ogc.addition_items import find_finding, find_mask, read_findings, read_masks
from crackmap_server.ogc.collections import Collection, Kind
from crackmap_server.ogc.coverage_items import find_part, read_coverage
from crackmap_server.ogc.detection_items import find_detection, read_detections
from crackmap_server.ogc.features import Feature
from crackmap_server.ogc.frame_items import find_frame, read_frames
from crackmap_server.ogc.item_pages import Items, read_region
from crackmap_server.ogc.queries import ItemsQuery
from crackmap_server.regions import Region

_READERS: dict[Kind, Callable[[Connection, Collection, ItemsQuery, Region | None], Items]] = {
    Kind.DETECTIONS: read_detections,
    Kind.FRAMES: read_frames,
    Kind.COVERAGE: read_coverage,
    Kind.FINDINGS: read_findings,
    Kind.MASKS: read_masks,
}
_FINDERS: dict[Kind, Callable[[Connection, Collection, str, ItemsQuery], Iterator[Feature]]] = {
    Kind.DETECTIONS: find_detection,
    Kind.FRAMES: find_frame,
    Kind.COVERAGE: find_part,
    Kind.FINDINGS: find_finding,
    Kind.MASKS: find_mask,
}


def read_items(connection: Connection, collection: Collection, query: ItemsQuery) -> Items:
    """Raises BadParameter for another collection's cursor, and for a box where the surface has no place."""
    region = read_region(connection, collection.surface, query.box)
    if region is not None and region.bounds is None:
        return Items([], None, 0 if query.cursor is None else None)
    return _READERS[collection.kind](connection, collection, query, region)


def read_item(connection: Connection, collection: Collection, feature_id: str, query: ItemsQuery) -> Feature:
    """One feature, if the collection has it. Raises NotFound."""
    found = next(_FINDERS[collection.kind](connection, collection, feature_id, query), None)
    if found is None:
        raise NotFound(f"collection {collection.collection_id} has no item {feature_id!r}")
    return found
