"""Detections to Label Studio and what people made of them back."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Request
from fastapi.responses import StreamingResponse
from pydantic import ValidationError
from sqlalchemy import Connection, select

from crackmap_server import tables
from crackmap_server.additions.findings import Finding
from crackmap_server.detections import find
from crackmap_server.errors import BadRequest, Busy, Conflict, DatabaseFailed, DiskFull, NotFound
from crackmap_server.exports.label_studio import task
from crackmap_server.hits import Wanted
from crackmap_server.label_studio import Drawn, Result, said_and_drawn
from crackmap_server.pairs import read_pairs
from crackmap_server.resources import Imported
from crackmap_server.reviews import store
from crackmap_server.revisions import Revision, latest, put
from crackmap_server.routes.dependencies import (
    AnalysisId,
    EnginesOf,
    InspectionId,
    Masked,
    ReviewFilter,
    SurfaceId,
    Threshold,
    WriterOf,
    problems,
)
from crackmap_server.sites import sites_of

router = APIRouter(tags=["label studio"])
MOST_MESSAGES = 100


@router.get(
    "/v1/label-studio/tasks",
    response_class=StreamingResponse,
    responses={
        200: {"description": "A list of tasks", "content": {"application/json": {"schema": {"type": "array"}}}},
        **problems(BadRequest),
    },
    summary="Detections as tasks for Label Studio",
)
def get_tasks(
    *,
    request: Request,
    engines: EnginesOf,
    surface_id: SurfaceId = None,
    inspection_id: InspectionId = None,
    analysis_id: AnalysisId = None,
    threshold: Threshold = None,
    masked: Masked = None,
    review: ReviewFilter = None,
) -> StreamingResponse:
    """One task for each photograph with detections, to be imported as a JSON file; they are its predictions.

    The labels are rectangles from `label` to `image`: crack, and other kinds of findings and masks.
    """
    address = str(request.base_url)

    def content() -> Iterator[str]:
        with engines.reader.connect() as connection:
            pairs = read_pairs(connection, surface_id, inspection_id, analysis_id=analysis_id)
            wanted = Wanted(pairs, threshold, masked=masked, review=review)
            separator = "["
            for _, group in groupby(find(connection, wanted), lambda found: found[1].frame_id):
                detections = [detection for _, detection in group]
                yield separator + json.dumps(_task(connection, address, detections))
                separator = ",\n"
            yield "[]" if separator == "[" else "]"

    return StreamingResponse(content(), media_type="application/json")


@router.post(
    "/v1/label-studio/results",
    responses=problems(BadRequest, Busy, DatabaseFailed, DiskFull),
    summary="Results of Label Studio, as reviews and findings",
)
def post_results(results: Annotated[list[Result], Body(max_length=10_000)], writer: WriterOf) -> Imported:
    """Label Studio's JSON export of such tasks. Each item is taken by itself; sending it again changes nothing.

    What is still marked as a crack is accepted; what is not is rejected, or corrected to what it was marked as; boxes
    where no detection was are findings. Skipped annotations are left out.
    """
    now_utc = datetime.now(UTC)
    return writer.submit(lambda connection: _import(connection, results, now_utc)).result()


def _task(connection: Connection, address: str, detections: list[Any]) -> dict[str, Any]:
    frames, analyses = tables.frames.c, tables.analyses.c
    first = detections[0]
    frame = connection.execute(select(frames.width_px, frames.height_px).where(frames.frame_id == first.frame_id)).one()
    model = connection.execute(
        select(analyses.model, analyses.model_sha256).where(analyses.analysis_id == first.analysis_id)
    ).one()
    # Made anew without EXIF: a viewer that turned it would turn it away from its boxes.
    image = f"{address}v1/frames/{first.frame_id}/picture.jpg?max_px=4096"
    return task(image, frame.width_px, frame.height_px, f"{model.model} {model.model_sha256[:12]}", detections)


def _import(connection: Connection, results: list[Result], now_utc: datetime) -> Imported:
    stored = there = 0
    invalid: list[str] = []
    for place, result in enumerate(results):
        try:
            with connection.begin_nested():
                new = [_keep(connection, result.data.frame_id, each, now_utc) for each in said_and_drawn(result)]
        except (BadRequest, Conflict, NotFound, ValidationError) as error:
            invalid.append(f"{place}: {error}")
            continue
        stored += sum(new)
        there += len(new) - sum(new)
    return Imported(stored=stored, already_there=there, invalid=len(invalid), messages=invalid[:MOST_MESSAGES])


def _keep(connection: Connection, frame_id: UUID, each: Any, now_utc: datetime) -> bool:
    if isinstance(each, Drawn):
        return _keep_finding(connection, frame_id, each, now_utc)
    return store(connection, each.review_id, each.review, each.author, now_utc)[1]


def _keep_finding(connection: Connection, frame_id: UUID, drawn: Drawn, now_utc: datetime) -> bool:
    if latest(connection, Finding.kind_name, drawn.finding_id) is not None:
        return False  # perhaps changed or deleted since; that stays
    frames = tables.frames.c
    scan_id = connection.execute(select(frames.scan_id).where(frames.frame_id == frame_id)).scalar()
    site = None if scan_id is None else sites_of(connection, [scan_id])[scan_id]
    if site is None:
        raise BadRequest(f"frame {frame_id} is not stored")
    finding = Finding(
        surface_id=site.face.surface_id, inspection_id=site.inspection_id, kind=drawn.kind, shape=drawn.shape
    )
    finding.check(connection, drawn.finding_id)
    content = finding.model_dump(mode="json")
    put(
        connection,
        Revision(finding.kind_name, drawn.finding_id, 0, finding.owner_id, content, drawn.author, now_utc),
        None,
    )
    return True
