"""What is asked of one surface: its detections as a file, and its coverage."""

from collections.abc import Iterator
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection

from crackmap_server.closing.shown import Shown, read_shown
from crackmap_server.detections import find
from crackmap_server.errors import BadRequest, NotFound
from crackmap_server.exports.json_fg import MEDIA_TYPE, feature_collection
from crackmap_server.hits import Wanted
from crackmap_server.resources import Coverage
from crackmap_server.routes.dependencies import (
    BoxOf,
    CloseOutNumber,
    EnginesOf,
    InspectionId,
    Masked,
    Reading,
    ReviewFilter,
    Threshold,
    problems,
)
from crackmap_server.surface_coverage import surface_coverage
from crackmap_server.surface_names import read_surface

router = APIRouter(tags=["surfaces"])


class JsonFgResponse(StreamingResponse):
    """A GeoJSON file that says which frame its coordinates are in."""

    media_type = MEDIA_TYPE


@router.get(
    "/v1/surfaces/{surface_id}/detections.geojson",
    response_class=JsonFgResponse,
    responses={
        200: {"description": "A JSON-FG FeatureCollection", "content": {MEDIA_TYPE: {"schema": {"type": "object"}}}},
        **problems(BadRequest, NotFound),
    },
    summary="Detections for GIS",
)
def get_geojson(
    *,
    surface_id: UUID,
    engines: EnginesOf,
    connection: Reading,
    box: BoxOf,
    inspection_id: InspectionId = None,
    threshold: Threshold = None,
    masked: Masked = None,
    review: ReviewFilter = None,
    close_out: CloseOutNumber = None,
) -> JsonFgResponse:
    """JSON-FG: polygons in metres in the surface's own frame (`place`), and by longitude and latitude (`geometry`).

    `geometry` is null where the surface's description has no placement, and has the height as its third coordinate.

    Unplaced frames have no place on the surface and are left out.
    """
    name = read_surface(connection, surface_id)

    def shown_by(reading: Connection) -> Shown:
        return read_shown(reading, close_out, surface_id=surface_id, inspection_id=inspection_id)

    shown_by(connection)  # raises before the answer begins

    def content() -> Iterator[bytes]:
        with engines.reader.connect() as streaming:
            shown = shown_by(streaming)
            wanted = Wanted(shown.pairs, threshold, box, masked=masked, review=review, closed=shown.closed)
            yield from feature_collection(name, (detection for _, detection in find(streaming, wanted)))

    disposition = {"Content-Disposition": 'attachment; filename="detections.geojson"'}
    return JsonFgResponse(content(), headers=disposition)


@router.get("/v1/surfaces/{surface_id}/coverage", responses=problems(BadRequest, NotFound), summary="What was seen")
def get_coverage(
    surface_id: UUID,
    connection: Reading,
    inspection_id: InspectionId = None,
    close_out: CloseOutNumber = None,
) -> Coverage:
    """Where the placed frames lie, and where a crack of the inspection's target width would have been seen.

    Photographs without a place count, but cover nothing. Without an inspection, what is masked in all of them is.
    """
    surface = read_surface(connection, surface_id)
    shown = read_shown(connection, close_out, surface_id=surface_id, inspection_id=inspection_id)
    return surface_coverage(connection, surface_id, surface.around_m, shown.pairs, shown.closed)
