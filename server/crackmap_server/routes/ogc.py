"""OGC API - Features. The standard's own rules for parameters hold here: what is unknown is refused with 400."""

import json
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from crackmap_server.errors import BadParameter, BadRequest, NotFound
from crackmap_server.exports.json_fg import coord_ref_sys
from crackmap_server.ogc import document
from crackmap_server.ogc.collections import Collection, read_collection, read_collections
from crackmap_server.ogc.conformance import CONFORMS_TO, GEOJSON, OPENAPI
from crackmap_server.ogc.document import Parameter
from crackmap_server.ogc.extents import read_world_extents
from crackmap_server.ogc.features import collection_body, single_body
from crackmap_server.ogc.frames import Frame, frames, local_crs
from crackmap_server.ogc.item_pages import uuid_of
from crackmap_server.ogc.items import read_item, read_items
from crackmap_server.ogc.pages import (
    collection_page,
    collections_page,
    item_links,
    landing_page,
)
from crackmap_server.ogc.queries import ItemsQuery, read_items_query, single_values
from crackmap_server.routes.dependencies import Reading, problems
from crackmap_server.surface_names import read_surface

router = APIRouter(tags=["ogc"], prefix="/ogc")


def _base(request: Request) -> str:
    return f"{request.base_url}ogc"


def _declared(ok: dict[str, Any], *parameters: Parameter, missing: bool = False) -> dict[str, Any]:
    """A route's answers and parameters. FastAPI is not to read them: it ignores unknown ones, and answers 422."""
    errors = (BadParameter, NotFound) if missing else (BadParameter,)
    extra = {"parameters": list(parameters)} if parameters else {}
    return {"responses": {200: ok, **problems(*errors)}, "openapi_extra": extra, "response_class": JSONResponse}


def _only(request: Request, *parameters: Parameter) -> dict[str, str]:
    return single_values(request.query_params.multi_items(), document.names(parameters))


def _plain(request: Request, *parameters: Parameter) -> dict[str, str]:
    """The parameters of a page that has one form only."""
    values = _only(request, document.FORM, *parameters)
    if values.get("f", "json") != "json":
        raise BadParameter(f"f {values['f']!r} is none of the forms here: json")
    return values


@router.get("", summary="Where it begins", **_declared(document.answer("Links", document.LANDING), document.FORM))
def get_landing_page(request: Request) -> JSONResponse:
    """Links to all else. `OAPIF:` and this address is what GDAL asks for."""
    _plain(request)
    return JSONResponse(landing_page(_base(request)))


@router.get(
    "/conformance",
    summary="What it conforms to",
    **_declared(document.answer("Conformance classes", document.CONFORMANCE), document.FORM),
)
def get_conformance(request: Request) -> JSONResponse:
    """The names of the conformance classes."""
    _plain(request)
    return JSONResponse({"conformsTo": CONFORMS_TO})


@router.get("/api", summary="Its description", **_declared(document.answer("OpenAPI 3.0", {"type": "object"}, OPENAPI)))
def get_api(request: Request) -> Response:
    """The OpenAPI document of this part, in version 3.0."""
    _only(request)
    body = document.document(request.app.openapi(), _base(request))
    return Response(json.dumps(body), media_type=OPENAPI)


@router.get(
    "/crs/{surfaceId}",
    summary="A surface's own frame",
    **_declared(
        document.answer("PROJJSON", {"type": "object"}),
        {**document.COLLECTION, "name": "surfaceId", "description": "id of a surface"},
        document.FORM,
        missing=True,
    ),
)
def get_crs(request: Request, connection: Reading) -> JSONResponse:
    """An engineering CRS in metres, as PROJJSON. It has no place on Earth."""
    _plain(request)
    text = request.path_params["surfaceId"]
    surface_id = uuid_of(text)
    if surface_id is None:
        raise NotFound(f"there is no surface {text!r}")
    return JSONResponse(coord_ref_sys(read_surface(connection, surface_id))["value"])


@router.get(
    "/collections",
    summary="The collections",
    **_declared(document.answer("Collections", document.COLLECTIONS), document.CURSOR, document.FORM),
)
def get_collections(request: Request, connection: Reading) -> JSONResponse:
    """Five of each surface, in the order of the surfaces' names: detections, frames, coverage, findings, masks."""
    values = _plain(request, document.CURSOR)
    try:
        collections, after = read_collections(connection, values.get("cursor"))
    except BadRequest as error:
        raise BadParameter(str(error)) from None
    extents = read_world_extents(connection, {each.surface for each in collections})
    return JSONResponse(collections_page(collections, extents, after, _base(request)))


@router.get(
    "/collections/{collectionId}",
    summary="One collection",
    **_declared(
        document.answer("A collection", document.COLLECTION_SCHEMA), document.COLLECTION, document.FORM, missing=True
    ),
)
def get_collection(request: Request, connection: Reading) -> JSONResponse:
    """Its title, its frames of reference, and where its items are."""
    _plain(request)
    collection = _collection(request, connection)
    extents = read_world_extents(connection, [collection.surface])
    return JSONResponse(collection_page(collection, _base(request), extents.get(collection.surface.surface_id)))


@router.get(
    "/collections/{collectionId}/items",
    summary="Items of a collection",
    **_declared(
        document.features_answer("A page of features", document.FEATURES),
        document.COLLECTION,
        *document.ITEMS,
        missing=True,
    ),
)
def get_items(request: Request, connection: Reading) -> JSONResponse:
    """Page by page; the link `next` leads to the following one.

    Where the surface's description has a placement, `geometry` is longitude, latitude and height. Without one a surface
    has metres only: `geometry` is null unless `crs` names its own frame. JSON-FG has the metres in `place`.
    """
    collection, query = _asked(request, connection, document.ITEMS)
    items = read_items(connection, collection, query)
    address = f"{_base(request)}/collections/{collection.collection_id}"
    parameters = dict(request.query_params)
    body = collection_body(
        items.features,
        collection.surface,
        collection.kind,
        item_links(f"{address}/items", parameters, address, query.media_type, items.after),
        media_type=query.media_type,
        frame=query.frame,
        matched=items.matched,
    )
    return _answered(request, collection, query, body)


@router.get(
    "/collections/{collectionId}/items/{featureId}",
    summary="One item",
    **_declared(
        document.features_answer("A feature", document.FEATURE_SCHEMA),
        document.COLLECTION,
        document.ITEM,
        *document.SINGLE,
        missing=True,
    ),
)
def get_item(request: Request, connection: Reading) -> JSONResponse:
    """As it is in the list."""
    collection, query = _asked(request, connection, document.SINGLE)
    feature = read_item(connection, collection, request.path_params["featureId"], query)
    address = f"{_base(request)}/collections/{collection.collection_id}"
    links = item_links(f"{address}/items/{feature.feature_id}", dict(request.query_params), address, query.media_type)
    body = single_body(
        feature, collection.surface, collection.kind, links, media_type=query.media_type, frame=query.frame
    )
    return _answered(request, collection, query, body)


def _collection(request: Request, connection: Reading) -> Collection:
    return read_collection(connection, request.path_params["collectionId"])


def _asked(request: Request, connection: Reading, parameters: Sequence[Parameter]) -> tuple[Collection, ItemsQuery]:
    collection = _collection(request, connection)
    query = read_items_query(
        request.query_params.multi_items(),
        document.names(parameters),
        frames(collection.surface, _base(request)),
        request.headers.get("accept", ""),
    )
    return collection, query


def _answered(request: Request, collection: Collection, query: ItemsQuery, body: dict[str, Any]) -> JSONResponse:
    of_place = query.media_type != GEOJSON and query.frame is Frame.EARTH
    crs = local_crs(_base(request), collection.surface.surface_id) if of_place else query.crs
    return JSONResponse(body, media_type=query.media_type, headers={"Content-Crs": f"<{crs}>", "Vary": "Accept"})
