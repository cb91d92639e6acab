"""The documents around the items: landing page, collections, links. Pure; `base` is the address of /ogc."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from crackmap_server.ogc.collections import Collection
from crackmap_server.ogc.conformance import CRS84, GEOJSON, JSON, JSON_FG, OPENAPI
from crackmap_server.ogc.extents import Extent
from crackmap_server.ogc.features import Link
from crackmap_server.ogc.frames import frames, local_crs, storage_crs


def link(href: str, rel: str, media_type: str, title: str) -> Link:
    """One link."""
    return {"href": href, "rel": rel, "type": media_type, "title": title}


def landing_page(base: str) -> dict[str, Any]:
    """Where everything begins."""
    return {
        "title": "crackmap",
        "description": "What was seen, found and drawn on inspected surfaces, in metres, and where they stand.",
        "links": [
            link(base, "self", JSON, "this page"),
            link(f"{base}/api", "service-desc", OPENAPI, "the API's description"),
            link(f"{base}/conformance", "conformance", JSON, "what it conforms to"),
            link(f"{base}/collections", "data", JSON, "the collections"),
        ],
    }


def collection_page(collection: Collection, base: str, extent: Extent | None) -> dict[str, Any]:
    """One collection; `extent` of its surface by longitude and latitude, where it has them."""
    here = f"{base}/collections/{collection.collection_id}"
    own = local_crs(base, collection.surface.surface_id)
    return {
        "id": collection.collection_id,
        "title": collection.title,
        "description": collection.description,
        "itemType": "feature",
        **({} if extent is None else {"extent": {"spatial": {"bbox": [list(extent)], "crs": CRS84}}}),
        "crs": list(frames(collection.surface, base)),
        "storageCrs": storage_crs(collection.surface, base),
        "links": [
            link(here, "self", JSON, "this collection"),
            link(f"{here}/items", "items", GEOJSON, "its items"),
            link(f"{here}/items?f=jsonfg", "items", JSON_FG, "its items, with metres in `place`"),
            link(own, "http://www.opengis.net/def/rel/ogc/1.0/crs", JSON, "the surface's own frame, as PROJJSON"),
        ],
    }


def collections_page(
    collections: Sequence[Collection], extents: Mapping[UUID, Extent], after: str | None, base: str
) -> dict[str, Any]:
    """A list of them; extents by surface."""
    here = f"{base}/collections"
    links = [link(here, "self", JSON, "these collections")]
    if after is not None:
        links.append(link(f"{here}?{urlencode({'cursor': after})}", "next", JSON, "further collections"))
    pages = [collection_page(each, base, extents.get(each.surface.surface_id)) for each in collections]
    return {"links": links, "collections": pages}


def item_links(
    address: str, parameters: Mapping[str, str], collection_address: str, media_type: str, after: str | None = None
) -> list[Link]:
    """Of a page of items, or of one: itself, its other form, what it belongs to, what comes next.

    `parameters` are those of the request; they go on in each link.
    """
    forms = {GEOJSON: ("json", "as GeoJSON"), JSON_FG: ("jsonfg", "as JSON-FG")}
    links = []
    for form, (name, title) in forms.items():
        rel = "self" if (form == GEOJSON) == (media_type == GEOJSON) else "alternate"
        links.append(link(_address(address, {**parameters, "f": name}), rel, form, title))
    links.append(link(collection_address, "collection", JSON, "the collection"))
    if after is not None:
        links.append(link(_address(address, {**parameters, "cursor": after}), "next", media_type, "the next page"))
    return links


def _address(address: str, parameters: Mapping[str, str]) -> str:
    return f"{address}?{urlencode(parameters)}" if parameters else address
