"""Reviewed tiles out, to train with."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from crackmap_server import tables
from crackmap_server.errors import BadRequest
from crackmap_server.exports.training_sets import class_folders, coco, yolo
from crackmap_server.exports.zip_stream import zip_stream
from crackmap_server.review_items import review_items
from crackmap_server.reviews import select_reviews
from crackmap_server.routes.dependencies import EvidenceOf, InspectionId, Reading, SurfaceId, problems
from crackmap_server.training_samples import held_crops, held_pictures, samples

router = APIRouter(tags=["reviews"])
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_ZIP: dict[int | str, dict[str, Any]] = {200: {"description": "A ZIP file", "content": {"application/zip": _BINARY}}}


class ZipResponse(StreamingResponse):
    """An archive that is made while it is sent."""

    media_type = "application/zip"


@router.get(
    "/v1/training-set.zip",
    response_class=ZipResponse,
    responses={**_ZIP, **problems(BadRequest)},
    summary="Reviewed tiles, to train with",
)
def get_training_set(
    *,
    connection: Reading,
    folder: EvidenceOf,
    surface_id: SurfaceId = None,
    inspection_id: InspectionId = None,
    layout: Annotated[
        Literal["folders", "coco", "yolo"],
        Query(description="`folders`: crack/ and no_crack/, as `crackmap models train` reads them"),
    ] = "folders",
) -> ZipResponse:
    """Tiles on which people agree. What needs review is left out, and so is what no picture is held of.

    Of what is in no folder or box nobody has said anything: it may well show cracks.
    """
    statement = select_reviews(surface_id, inspection_id).order_by(tables.reviews.c.seq)
    items = review_items(connection, list(connection.execute(statement).mappings()))
    found = samples(items)
    pictures = held_pictures(connection, folder, {each.image_sha256 for each in found})
    match layout:
        case "folders":
            files = class_folders(found, pictures, held_crops(connection, folder, items), folder)
        case "coco":
            files = coco(found, pictures, folder)
        case "yolo":
            files = yolo(found, pictures, folder)
    disposition = {"Content-Disposition": f'attachment; filename="training-set-{layout}.zip"'}
    return ZipResponse(zip_stream(files), headers=disposition)
