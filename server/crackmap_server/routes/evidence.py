"""Pictures in and out, by their SHA-256."""

import asyncio
from typing import Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, StreamingResponse
from sqlalchemy import Connection, Table, insert, select

from crackmap_server import tables
from crackmap_server.engines import Engines
from crackmap_server.errors import BadRequest, Busy, DatabaseFailed, DiskFull, NotAPicture, NotFound, TooLarge
from crackmap_server.hashed_files import HashedFiles
from crackmap_server.people.ownership import check_picture
from crackmap_server.people.roles import Who
from crackmap_server.resources import EvidenceItem
from crackmap_server.routes.dependencies import (
    EnginesOf,
    EvidenceOf,
    MetricsOf,
    NotesOf,
    Reading,
    Sha256Path,
    WhoOf,
    WriterOf,
    problems,
)

router = APIRouter(tags=["evidence"])

_DECODERS = CapacityLimiter(4)  # readers keep their threads
FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}
_RAW = {"schema": {"type": "string", "format": "binary"}}
_PICTURES = dict.fromkeys(("image/jpeg", "image/png", "image/tiff"), _RAW)
_HELD: dict[int | str, dict[str, Any]] = {200: {"description": "The picture", "content": _PICTURES}}


@router.put(
    "/v1/evidence/{sha256}",
    status_code=201,
    responses={
        200: {"description": "It was already there, or retention has removed it", "model": EvidenceItem},
        **problems(BadRequest, NotAPicture, TooLarge, Busy, DatabaseFailed, DiskFull),
    },
    openapi_extra={"requestBody": {"required": True, "content": _PICTURES}},
    summary="Deliver a picture",
)
async def put_evidence(
    *,
    sha256: Sha256Path,
    request: Request,
    response: Response,
    folder: EvidenceOf,
    writer: WriterOf,
    engines: EnginesOf,
    metrics: MetricsOf,
    who: WhoOf,
    notes: NotesOf,
) -> EvidenceItem:
    """The file as it is. It is checked against its SHA-256 and decoded once, then kept under that name for good.

    A robot may deliver what a stored report of its own scans names.
    """
    held, removed = await run_in_threadpool(_known_now, engines, sha256, who)
    there = held if held is not None and await run_in_threadpool(folder.holds, sha256) else removed
    if there is not None:
        response.status_code = 200
        return there
    with folder.arriving(sha256) as arrival:
        async for part in request.stream():
            await run_in_threadpool(arrival.write, part)
        picture = await run_sync(arrival.finish, limiter=_DECODERS)
        item = EvidenceItem(
            sha256=sha256,
            size_bytes=arrival.size_bytes,
            media_type=picture.media_type,
            width_px=picture.width_px,
            height_px=picture.height_px,
        )
    stored = await asyncio.wrap_future(writer.submit(lambda connection: _store(connection, item)))
    metrics.count_picture(item.size_bytes if stored else 0)
    response.status_code = 201 if stored else 200
    notes.outcome = f"{item.size_bytes} bytes"
    return item


@router.head(
    "/v1/evidence/{sha256}", responses={**_HELD, **problems(BadRequest, NotFound)}, summary="Is a picture held?"
)
@router.get(
    "/v1/evidence/{sha256}",
    responses={**_HELD, **problems(BadRequest, NotFound)},
    response_class=FileResponse,
    summary="A picture as it was delivered",
)
def get_evidence(sha256: Sha256Path, request: Request, folder: EvidenceOf, connection: Reading, who: WhoOf) -> Response:
    """The file, byte for byte."""
    check_picture(connection, sha256, who)
    held = _held(connection, sha256)
    removed = removed_on(connection, sha256)
    if removed is not None:
        raise NotFound(f"picture {sha256} was {removed}")
    if held is None or not folder.holds(sha256):
        raise NotFound(f"picture {sha256} is not held")
    return file_answer(request, folder, sha256, held.size_bytes, held.media_type)


def file_answer(request: Request, files: HashedFiles[Any], sha256: str, size_bytes: int, media_type: str) -> Response:
    """A file that is there, byte for byte; from an object store it is read while it is sent."""
    headers = FOR_EVER | {"ETag": f'"{sha256}"'}
    path = files.local(sha256)
    if path is not None:
        return FileResponse(path, media_type=media_type, headers=headers)
    headers["Content-Length"] = str(size_bytes)
    if request.method == "HEAD":
        return Response(media_type=media_type, headers=headers)
    return StreamingResponse(files.parts(sha256), media_type=media_type, headers=headers)


def removed_on(connection: Connection, sha256: str) -> str | None:
    """When and why retention removed a picture, in words; None: it did not."""
    table = tables.removed_evidence.c
    row = connection.execute(select(table.removed_utc, table.cause).where(table.sha256 == sha256)).one_or_none()
    return None if row is None else f"removed on {row.removed_utc:%Y-%m-%d}: {row.cause}"


def _known_now(engines: Engines, sha256: str, who: Who) -> tuple[EvidenceItem | None, EvidenceItem | None]:
    """As it is held, and as it was before retention removed it."""
    # A picture may take long to arrive; no connection waits for it.
    with engines.reader.connect() as connection:
        check_picture(connection, sha256, who)
        return _held(connection, sha256), _held(connection, sha256, tables.removed_evidence)


def _held(connection: Connection, sha256: str, table: Table = tables.evidence) -> EvidenceItem | None:
    columns = [table.c[name] for name in EvidenceItem.model_fields]
    row = connection.execute(select(*columns).where(table.c.sha256 == sha256)).mappings().one_or_none()
    return None if row is None else EvidenceItem(**row)


def _store(connection: Connection, item: EvidenceItem) -> bool:
    if _held(connection, item.sha256) is not None or _held(connection, item.sha256, tables.removed_evidence):
        return False  # removed while it arrived: the next prune removes the file, too
    connection.execute(insert(tables.evidence), item.model_dump())
    return True
