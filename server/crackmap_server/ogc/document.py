"""The OpenAPI document of the OGC part, as version 3.0: the class `oas30` asks for that, and FastAPI writes 3.1.

The parameters stand here once: the routes declare them in the server's own document and refuse all others.
"""

from collections.abc import Sequence
from typing import Any

from crackmap_server.ogc.conformance import GEOJSON, JSON, JSON_FG
from crackmap_server.ogc.queries import LARGEST_LIMIT, ItemsQuery

Parameter = dict[str, Any]
_OBJECT = {"type": "object"}
_LINKS = {"type": "array", "items": {"type": "object", "required": ["href", "rel"]}}


def _query(name: str, description: str, schema: dict[str, Any], **more: Any) -> Parameter:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema, **more}


def _path(name: str, description: str) -> Parameter:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": {"type": "string"}}


FORM = _query("f", "the only form that there is", {"type": "string", "enum": ["json"]})
ITEMS_FORM = _query(
    "f",
    "GeoJSON, or JSON-FG with metres in `place`; else by Accept",
    {"type": "string", "enum": ["json", "jsonfg"]},
    example="jsonfg",
)
CURSOR = _query("cursor", "where a page begins; take it from the link `next`", {"type": "string", "maxLength": 4000})
COLLECTION = _path("collectionId", "id of a collection")
ITEM = _path("featureId", "id of an item")
CRS = _query("crs", "one of the collection's `crs`: in which `geometry` is wanted", {"type": "string", "format": "uri"})
INSPECTION = _query("inspection_id", "only of this inspection of the surface", {"type": "string", "format": "uuid"})
THRESHOLD = _query(
    "threshold",
    "probability from which a tile is a detection; by default each analysis' own",
    {"type": "number", "minimum": 0, "maximum": 1},
)
ITEMS = (
    _query(
        "limit",
        f"items on one page; more than {LARGEST_LIMIT} gives {LARGEST_LIMIT}",
        {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": ItemsQuery.limit},
        example=20,
    ),
    _query(
        "bbox",
        "only items that touch this box: west,south,east,north where the surface has them, else u0,v0,u1,v1 in metres "
        "together with bbox-crs; six numbers with heights",
        {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6},
        style="form",
        explode=False,
    ),
    _query("bbox-crs", "the frame of bbox, one of the collection's `crs`", {"type": "string", "format": "uri"}),
    _query(
        "datetime",
        "only photographs taken then, and what they show: a time, or two with / between, one of them may be ..",
        {"type": "string"},
        example="2026-05-01T00:00:00Z/..",
    ),
    CRS,
    INSPECTION,
    THRESHOLD,
    CURSOR,
    ITEMS_FORM,
)
SINGLE = (CRS, INSPECTION, THRESHOLD, ITEMS_FORM)


def names(parameters: Sequence[Parameter]) -> frozenset[str]:
    """Of those in the query."""
    return frozenset(parameter["name"] for parameter in parameters if parameter["in"] == "query")


def _with(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


COLLECTION_SCHEMA = _with(
    "id",
    "links",
    id={"type": "string"},
    title={"type": "string"},
    extent=_OBJECT,
    crs={"type": "array", "items": {"type": "string"}},
    storageCrs={"type": "string"},
    links=_LINKS,
)
FEATURE_SCHEMA = _with(
    "type", "id", "geometry", "properties", type={"type": "string", "enum": ["Feature"]}, properties=_OBJECT
)
LANDING = _with("links", title={"type": "string"}, links=_LINKS)
CONFORMANCE = _with("conformsTo", conformsTo={"type": "array", "items": {"type": "string"}})
COLLECTIONS = _with("links", "collections", links=_LINKS, collections={"type": "array", "items": COLLECTION_SCHEMA})
FEATURES = _with(
    "type",
    "features",
    "links",
    "numberReturned",
    type={"type": "string", "enum": ["FeatureCollection"]},
    features={"type": "array", "items": FEATURE_SCHEMA},
    links=_LINKS,
    numberReturned={"type": "integer", "minimum": 0},
    numberMatched={"type": "integer", "minimum": 0},
)


def answer(description: str, schema: dict[str, Any], *media_types: str) -> dict[str, Any]:
    """An answer with status 200."""
    content = {media_type: {"schema": schema} for media_type in media_types or (JSON,)}
    return {"description": description, "content": content}


def features_answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    """One that is GeoJSON or JSON-FG."""
    headers = {"Content-Crs": {"description": "in which frame coordinates are", "schema": {"type": "string"}}}
    return answer(description, schema, GEOJSON, JSON_FG) | {"headers": headers}


_PROBLEM = {
    "type": "object",
    "required": ["title", "status", "detail"],
    "properties": {"title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"}},
}


def document(whole: dict[str, Any], base: str) -> dict[str, Any]:
    """The operations under /ogc of the server's own document, as a document of their own whose root is `base`."""
    paths = {
        path.removeprefix("/ogc") or "/": operations
        for path, operations in whole["paths"].items()
        if path == "/ogc" or path.startswith("/ogc/")
    }
    return {
        "openapi": "3.0.3",
        "info": {**whole["info"], "title": "crackmap: OGC API - Features"},
        "servers": [{"url": base}],
        "paths": paths,
        "components": {"schemas": {"Problem": _PROBLEM}, "securitySchemes": whole["components"]["securitySchemes"]},
        "security": whole["security"],
    }
