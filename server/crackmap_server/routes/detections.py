"""Detections, at any threshold."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from crackmap_server import ndjson
from crackmap_server.detections import find
from crackmap_server.errors import BadRequest, NotFound
from crackmap_server.hits import Wanted
from crackmap_server.ndjson import LinesWanted, NdjsonResponse
from crackmap_server.paging import Cursor, Limit, decoded, encoded
from crackmap_server.resources import Detection, Page
from crackmap_server.routes.dependencies import (
    BoxOf,
    EnginesOf,
    From,
    Masked,
    Reading,
    ReviewFilter,
    ShownOf,
    Threshold,
    To,
    problems,
)

router = APIRouter(tags=["detections"])


async def _wanted(
    *,
    shown: ShownOf,
    box: BoxOf,
    frame_id: Annotated[UUID | None, Query(description="only of this frame")] = None,
    threshold: Threshold = None,
    from_utc: From = None,
    to_utc: To = None,
    masked: Masked = None,
    review: ReviewFilter = None,
) -> Wanted:
    return Wanted(
        pairs=shown.pairs,
        threshold=threshold,
        box=box,
        frame_id=frame_id,
        from_utc=from_utc,
        to_utc=to_utc,
        masked=masked,
        review=review,
        closed=shown.closed,
    )


WantedOf = Annotated[Wanted, Depends(_wanted)]


@router.get(
    "/v1/detections",
    response_model=Page[Detection],
    responses={**ndjson.answer("Detection"), **problems(BadRequest, NotFound)},
    summary="Tiles at or over a threshold, with their place",
)
def get_detections(
    *,
    connection: Reading,
    engines: EnginesOf,
    wanted: WantedOf,
    as_lines: LinesWanted,
    response: Response,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[Detection] | NdjsonResponse:
    """In the order of frames and tiles. The threshold may be changed freely; nothing is scanned again.

    With `Accept: application/x-ndjson` as `/v1/detections.ndjson`, whatever limit and cursor are.
    """
    if as_lines:
        return get_detections_as_lines(engines, wanted)
    response.headers.update(ndjson.VARY)
    if cursor is not None:
        frame_seq, tile = decoded(cursor, [int, int])
        wanted = replace(wanted, after=(frame_seq, tile))
    found = list(find(connection, wanted, limit + 1))
    shown = found[:limit]
    last = shown[-1][0] if len(found) > limit else None
    return Page(
        items=[detection for _, detection in shown],
        next=None if last is None else encoded([last.frame_seq, last.tile]),
    )


@router.get(
    "/v1/detections.ndjson",
    response_class=NdjsonResponse,
    responses={**ndjson.answer("Detection"), **problems(BadRequest, NotFound)},
    summary="All of them, as lines of JSON",
)
def get_detections_as_lines(engines: EnginesOf, wanted: WantedOf) -> NdjsonResponse:
    """As `/v1/detections`, without pages: one answer that is read while it is sent, and shows one moment's state."""

    def content() -> Iterator[bytes]:
        with engines.reader.connect() as streaming:
            yield from ndjson.lines(detection for _, detection in find(streaming, wanted))

    return NdjsonResponse(content(), headers=ndjson.VARY)
