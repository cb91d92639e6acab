"""Detections, at any threshold."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from crackmap_server.detections import Wanted, find
from crackmap_server.errors import BadRequest
from crackmap_server.paging import Cursor, Limit, decoded, encoded
from crackmap_server.pairs import read_pairs
from crackmap_server.resources import Detection, Page
from crackmap_server.routes.dependencies import (
    AnalysisId,
    BoxOf,
    From,
    InspectionId,
    Masked,
    Reading,
    ReviewFilter,
    ScanId,
    SurfaceId,
    Threshold,
    To,
    problems,
)

router = APIRouter(tags=["detections"])


@router.get("/v1/detections", responses=problems(BadRequest), summary="Tiles at or over a threshold, with their place")
def get_detections(
    *,
    connection: Reading,
    box: BoxOf,
    surface_id: SurfaceId = None,
    inspection_id: InspectionId = None,
    scan_id: ScanId = None,
    frame_id: Annotated[UUID | None, Query(description="only of this frame")] = None,
    analysis_id: AnalysisId = None,
    threshold: Threshold = None,
    from_utc: From = None,
    to_utc: To = None,
    masked: Masked = None,
    review: ReviewFilter = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[Detection]:
    """In the order of frames and tiles. The threshold may be changed freely; nothing is scanned again."""
    frame_seq, tile = decoded(cursor, [int, int]) if cursor is not None else (None, None)
    wanted = Wanted(
        pairs=read_pairs(connection, surface_id, inspection_id, scan_id, analysis_id),
        threshold=threshold,
        box=box,
        frame_id=frame_id,
        from_utc=from_utc,
        to_utc=to_utc,
        masked=masked,
        review=review,
        after=None if frame_seq is None or tile is None else (frame_seq, tile),
    )
    found = list(find(connection, wanted, limit + 1))
    shown = found[:limit]
    last = shown[-1][0] if len(found) > limit else None
    return Page(
        items=[detection for _, detection in shown],
        next=None if last is None else encoded([last.frame_seq, last.tile]),
    )
