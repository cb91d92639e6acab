"""What is asked of one surface: its detections as a file, and its coverage."""

from collections.abc import Iterator
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from sqlalchemy import func, select

from crackmap_server.additions.surface_descriptions import boundary
from crackmap_server.boundaries import cut
from crackmap_server.coverage import parts, rolled
from crackmap_server.detections import Wanted, find
from crackmap_server.errors import BadRequest, NotFound
from crackmap_server.exports.json_fg import MEDIA_TYPE, feature_collection
from crackmap_server.footprints import footprints
from crackmap_server.frames import kind_column, select_frames
from crackmap_server.masking import masking_of_all, read_masking
from crackmap_server.pairs import read_pairs
from crackmap_server.resources import Coverage, CoveragePart
from crackmap_server.routes.dependencies import (
    BoxOf,
    EnginesOf,
    InspectionId,
    Masked,
    Reading,
    ReviewFilter,
    Threshold,
    problems,
)
from crackmap_server.shapes import polygon
from crackmap_server.sites import sites
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
) -> JsonFgResponse:
    """JSON-FG: polygons in metres in the surface's own frame (`place`), and by longitude and latitude (`geometry`).

    `geometry` is null where the surface's description has no placement, and has the height as its third coordinate.

    Unplaced frames have no place on the surface and are left out.
    """
    name = read_surface(connection, surface_id)

    def content() -> Iterator[bytes]:
        with engines.reader.connect() as streaming:
            wanted = Wanted(
                read_pairs(streaming, surface_id, inspection_id), threshold, box, masked=masked, review=review
            )
            yield from feature_collection(name, (detection for _, detection in find(streaming, wanted)))

    disposition = {"Content-Disposition": 'attachment; filename="detections.geojson"'}
    return JsonFgResponse(content(), headers=disposition)


@router.get("/v1/surfaces/{surface_id}/coverage", responses=problems(BadRequest, NotFound), summary="What was seen")
def get_coverage(surface_id: UUID, connection: Reading, inspection_id: InspectionId = None) -> Coverage:
    """Where the placed frames lie, and where a crack of the inspection's target width would have been seen.

    Photographs without a place count, but cover nothing. Without an inspection, what is masked in all of them is.
    """
    surface = read_surface(connection, surface_id)
    pairs = read_pairs(connection, surface_id, inspection_id)
    kinds = select_frames(pairs).with_only_columns(kind_column().label("kind")).subquery()
    counts = {
        str(kind): int(count)
        for kind, count in connection.execute(select(kinds.c.kind, func.count()).group_by(kinds.c.kind))
    }
    rings = boundary(connection, surface_id)
    edge = None if rings is None else rolled(polygon(rings), surface.around_m)
    masked = masking_of_all(read_masking(connection, sites(connection, pairs).values()))
    whole, by_sight = cut(*parts(footprints(connection, pairs), surface.around_m), edge, masked)
    return Coverage(
        area_m2=whole.area_m2,
        boundary_m2=None if edge is None else edge.area,
        frames_placed=counts.get("placed", 0),
        frames_no_pose=counts.get("no_pose", 0),
        frames_unplaced=counts.get("unplaced", 0),
        outline=whole.outline,
        parts=[CoveragePart(sight=part.sight, area_m2=part.area_m2, outline=part.outline) for part in by_sight],
    )
