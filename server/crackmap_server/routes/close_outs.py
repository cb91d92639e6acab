"""Closing inspections, and what they were when they were closed.

Who may: an admin closes; everybody who may read sees close-outs and verifies them.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Response
from sqlalchemy import Connection, select

from crackmap.messages import utc
from crackmap_server import ndjson, tables
from crackmap_server.closed import close_out_row, closed_by_row
from crackmap_server.closing.close import close
from crackmap_server.closing.listing import encoded
from crackmap_server.closing.newer import newer
from crackmap_server.closing.record import lines
from crackmap_server.closing.resources import CloseOut, CloseOutOrder, Verification
from crackmap_server.closing.verification import verify
from crackmap_server.errors import BadRequest, Busy, Conflict, DatabaseFailed, DiskFull, NotFound
from crackmap_server.ndjson import NdjsonResponse
from crackmap_server.paging import Cursor, Limit, page
from crackmap_server.resources import Page
from crackmap_server.routes.dependencies import EnginesOf, NotesOf, Reading, WhoOf, WriterOf, problems
from crackmap_server.sites import the_inspection

router = APIRouter(tags=["close-outs"])
Number = Annotated[int, Path(ge=1, lt=2**31, description="number of the close-out")]


@router.post(
    "/v1/inspections/{inspection_id}/close-outs",
    status_code=201,
    responses={
        200: {"description": "Nothing is newer than the last one", "model": CloseOut},
        **problems(BadRequest, NotFound, Conflict, Busy, DatabaseFailed, DiskFull),
    },
    summary="Close an inspection",
)
async def post_close_out(
    *, inspection_id: UUID, order: CloseOutOrder, response: Response, writer: WriterOf, who: WhoOf, notes: NotesOf
) -> CloseOut:
    """As it is now, under the next number. Whatever comes later is stored as ever, and is not in it.

    It takes as long as reading all of its detections; deliveries wait meanwhile.
    """
    now_utc = datetime.now(UTC)

    def store(connection: Any) -> tuple[bool, CloseOut]:
        row, new = close(connection, inspection_id, order, who.named(order.by), now_utc)
        return new, _shown(connection, row)

    new, shown = await asyncio.wrap_future(writer.submit(store))
    notes.outcome = f"close-out {shown.number}, {shown.sha256}"
    response.status_code = 201 if new else 200
    return shown


@router.get(
    "/v1/inspections/{inspection_id}/close-outs",
    responses=problems(BadRequest, NotFound),
    summary="An inspection's close-outs",
)
def get_close_outs(
    inspection_id: UUID, connection: Reading, limit: Limit = 100, cursor: Cursor = None
) -> Page[CloseOut]:
    """The first one first. The last one is what the inspection is closed as."""
    the_inspection(connection, inspection_id)
    table = tables.close_outs
    statement = select(table).where(table.c.inspection_id == inspection_id)
    rows, after = page(connection, statement, {table.c.number: int}, limit, cursor)
    return Page(items=[_shown(connection, row) for row in rows], next=after)


@router.get(
    "/v1/inspections/{inspection_id}/close-outs/{number}",
    responses=problems(BadRequest, NotFound),
    summary="One close-out",
)
def get_close_out(inspection_id: UUID, number: Number, connection: Reading) -> CloseOut:
    """What counted, what came of it, and what is newer."""
    return _shown(connection, close_out_row(connection, inspection_id, number))


@router.get(
    "/v1/inspections/{inspection_id}/close-outs/{number}/verification",
    responses=problems(BadRequest, NotFound),
    summary="Does a close-out still hold?",
)
def get_verification(inspection_id: UUID, number: Number, connection: Reading) -> Verification:
    """Works everything out again from what is stored, and compares it with what was written down."""
    return verify(connection, close_out_row(connection, inspection_id, number))


@router.get(
    "/v1/inspections/{inspection_id}/close-outs/{number}/listing.ndjson",
    response_class=NdjsonResponse,
    responses={**ndjson.answer("JSON array"), **problems(BadRequest, NotFound)},
    summary="What is reported from a close-out",
)
def get_listing(inspection_id: UUID, number: Number, engines: EnginesOf, connection: Reading) -> NdjsonResponse:
    """The lines whose SHA-256 the close-out is known by: `curl … | sha256sum` gives the same."""
    row = close_out_row(connection, inspection_id, number)

    def content() -> Iterator[bytes]:
        with engines.reader.connect() as streaming:
            for line, _ in lines(streaming, row, closed_by_row(streaming, row)):
                yield encoded(line)

    return NdjsonResponse(content())


def _shown(connection: Connection, row: Any) -> CloseOut:
    return CloseOut(
        **row["content"],
        inspection_id=row["inspection_id"],
        number=row["number"],
        closed_utc=utc(row["closed_utc"]),
        closed_by=row["closed_by"],
        note=row["note"],
        target_width_mm=row["target_width_mm"],
        sha256=row["sha256"],
        newer=newer(connection, closed_by_row(connection, row)),
    )
