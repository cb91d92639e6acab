"""Registered models, and which one an inspection uses.

Who may: an admin registers and pins; robots and everybody who may read get models, manifests and pins.
"""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from sqlalchemy import RowMapping, select

from crackmap.messages import utc
from crackmap.messages.registry import PinnedModel
from crackmap_server import tables
from crackmap_server.errors import BadRequest, Busy, Conflict, DatabaseFailed, DiskFull, NotFound, TooLarge
from crackmap_server.paging import Cursor, Limit, page
from crackmap_server.registry.models import pin, read_manifest, register, select_pins, the_model
from crackmap_server.registry.resources import WHO, PinOrder, RegisteredModel, Who
from crackmap_server.resources import Page
from crackmap_server.routes.dependencies import ModelsOf, Reading, Sha256Path, WhoOf, WriterOf, problems
from crackmap_server.routes.evidence import FOR_EVER, file_answer
from crackmap_server.sites import the_inspection

router = APIRouter(tags=["models"])

MANIFEST_BYTES = 2**20
_BINARY = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_JSON: dict[str, Any] = {"application/json": {"schema": {"type": "object"}}}
_SAME: dict[int | str, dict[str, Any]] = {304: {"description": "It is what `If-None-Match` names"}}
_FILE: dict[int | str, dict[str, Any]] = {200: {"description": "The file", "content": _BINARY}, **_SAME}
_MANIFEST: dict[int | str, dict[str, Any]] = {200: {"description": "The manifest", "content": _JSON}, **_SAME}


@router.put(
    "/v1/models/{sha256}/file",
    status_code=204,
    responses=problems(BadRequest, TooLarge, Busy, DatabaseFailed, DiskFull),
    openapi_extra={"requestBody": {"required": True, "content": _BINARY}},
    summary="Deliver a model's file",
)
async def put_file(*, sha256: Sha256Path, request: Request, folder: ModelsOf) -> Response:
    """The `.tflite` as it is, before its manifest. It is checked against its SHA-256, and never loaded here."""
    if not await run_in_threadpool(folder.holds, sha256):
        with folder.arriving(sha256) as arrival:
            async for part in request.stream():
                await run_in_threadpool(arrival.write, part)
            await run_in_threadpool(arrival.finish)
    return Response(status_code=204)


@router.put(
    "/v1/models/{sha256}",
    status_code=201,
    responses={
        200: {"description": "It was registered before", "model": RegisteredModel},
        **problems(BadRequest, TooLarge, Conflict, Busy, DatabaseFailed, DiskFull),
    },
    openapi_extra={"requestBody": {"required": True, "content": _JSON}},
    summary="Register a model",
)
async def put_model(
    *,
    sha256: Sha256Path,
    request: Request,
    response: Response,
    folder: ModelsOf,
    writer: WriterOf,
    asks: WhoOf,
    by: Annotated[Who, Query(description=WHO)] = "",
) -> RegisteredModel:
    """The manifest as it is, after the file. From then on the model can be pinned; neither of the two ever changes."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MANIFEST_BYTES:
            raise TooLarge(f"the manifest has more than {MANIFEST_BYTES} bytes")
    content = bytes(body)
    manifest, now_utc = read_manifest(sha256, content), datetime.now(UTC)
    size_bytes = await run_in_threadpool(folder.size_bytes, sha256)

    def store(connection: Any) -> tuple[bool, RegisteredModel]:
        new = register(connection, manifest, content, size_bytes=size_bytes, by=asks.named(by), now_utc=now_utc)
        return new, _shown(the_model(connection, sha256))

    new, shown = await asyncio.wrap_future(writer.submit(store))
    response.status_code = 201 if new else 200
    return shown


@router.get("/v1/models", responses=problems(BadRequest), summary="Registered models")
def get_models(connection: Reading, limit: Limit = 100, cursor: Cursor = None) -> Page[RegisteredModel]:
    """In the order of their hashes."""
    table = tables.models
    rows, after = page(connection, select(table), {table.c.model_sha256: str}, limit, cursor)
    return Page(items=[_shown(row) for row in rows], next=after)


@router.get("/v1/models/{sha256}", responses=problems(BadRequest, NotFound), summary="One registered model")
def get_model(sha256: Sha256Path, connection: Reading) -> RegisteredModel:
    """What it is called, how large it is, who registered it when."""
    return _shown(the_model(connection, sha256))


@router.get(
    "/v1/models/{sha256}/manifest",
    response_class=Response,
    responses={**_MANIFEST, **problems(BadRequest, NotFound)},
    summary="What a model promises",
)
def get_manifest(sha256: Sha256Path, request: Request, connection: Reading) -> Response:
    """The manifest, byte for byte."""
    row = the_model(connection, sha256)
    headers = FOR_EVER | {"ETag": f'"{row["manifest_sha256"]}"'}
    if same(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(row["manifest"].encode(), media_type="application/json", headers=headers)


@router.get(
    "/v1/models/{sha256}/file",
    response_class=FileResponse,
    responses={**_FILE, **problems(BadRequest, NotFound)},
    summary="A model's file",
)
def get_file(sha256: Sha256Path, request: Request, connection: Reading, folder: ModelsOf) -> Response:
    """The `.tflite`, byte for byte; its ETag is its SHA-256."""
    the_model(connection, sha256)
    headers = FOR_EVER | {"ETag": f'"{sha256}"'}
    if same(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    size_bytes = folder.size_bytes(sha256)
    if size_bytes is None:
        raise NotFound(f"the file of model {sha256} was lost from the server's disk; send it again")
    return file_answer(request, folder, sha256, size_bytes, "application/octet-stream")


@router.put(
    "/v1/inspections/{inspection_id}/model",
    responses=problems(BadRequest, NotFound, Busy, DatabaseFailed, DiskFull),
    summary="Pin an inspection's model",
)
async def put_pin(*, inspection_id: UUID, order: PinOrder, writer: WriterOf, asks: WhoOf) -> PinnedModel:
    """Robots of the inspection that follow the server take it from now on. A decision is kept; a newer one counts."""
    now_utc = datetime.now(UTC)

    def store(connection: Any) -> PinnedModel:
        pin(connection, inspection_id, order.model_sha256, asks.named(order.by), now_utc)
        return _pinned(connection.execute(select_pins(inspection_id).limit(1)).mappings().one())

    return await asyncio.wrap_future(writer.submit(store))


@router.get(
    "/v1/inspections/{inspection_id}/model",
    responses={**_SAME, **problems(BadRequest, NotFound)},
    response_model=PinnedModel,
    summary="An inspection's model",
)
def get_pin(inspection_id: UUID, request: Request, response: Response, connection: Reading) -> Any:
    """Which model robots are to use. Ask again with `If-None-Match`: most answers are then 304."""
    the_inspection(connection, inspection_id)
    row = connection.execute(select_pins(inspection_id).limit(1)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"no model is pinned for inspection {inspection_id}")
    headers = {"ETag": f'"{row["seq"]}-{row["manifest_sha256"]}"', "Cache-Control": "private, no-cache"}
    if same(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return _pinned(row)


@router.get(
    "/v1/inspections/{inspection_id}/models",
    responses=problems(BadRequest, NotFound),
    summary="All models that an inspection was to use",
)
def get_pins(inspection_id: UUID, connection: Reading) -> list[PinnedModel]:
    """Who decided what when, the newest first."""
    the_inspection(connection, inspection_id)
    return [_pinned(row) for row in connection.execute(select_pins(inspection_id).limit(1000)).mappings()]


def same(request: Request, etag: str) -> bool:
    """Whether the client has it already (RFC 9110, 13.1.2)."""
    named = {part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")}
    return etag in named or "*" in named


def _shown(row: RowMapping) -> RegisteredModel:
    fields = {name: row[name] for name in RegisteredModel.model_fields if name != "registered_utc"}
    return RegisteredModel(**fields, registered_utc=utc(row["registered_utc"]))


def _pinned(row: RowMapping) -> PinnedModel:
    fields = {name: row[name] for name in PinnedModel.model_fields if name != "decided_utc"}
    return PinnedModel(**fields, decided_utc=utc(row["decided_utc"]))
