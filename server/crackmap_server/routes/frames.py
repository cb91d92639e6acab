"""Frames and their pictures."""

import base64
from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import Connection, Select, select

from crackmap.scores import byte_at_least
from crackmap_server import ndjson, tables
from crackmap_server.errors import BadRequest, NotFound
from crackmap_server.evidence import EvidenceFolder
from crackmap_server.frames import captured_within, first_seq, frame, frame_fields, kind_column, select_frames, touching
from crackmap_server.ndjson import LinesWanted, NdjsonResponse
from crackmap_server.paging import Cursor, Limit, page
from crackmap_server.pairs import Pair, read_pairs
from crackmap_server.pictures import Cut, cutting, smaller
from crackmap_server.resources import FrameDetail, FrameItem, Page, PlacementKind, ScoreMapItem
from crackmap_server.routes.dependencies import (
    AnalysisId,
    BoxOf,
    EnginesOf,
    EvidenceOf,
    From,
    PairsOf,
    Reading,
    To,
    problems,
)
from crackmap_server.routes.evidence import FOR_EVER, removed_on

router = APIRouter(tags=["frames"])
_JPEG: dict[int | str, dict[str, Any]] = {
    200: {"description": "A JPEG", "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}
}
_AT_ONCE = 200
Pixels = Annotated[int, Query(ge=0, le=100_000)]
Side = Annotated[int, Query(ge=1, le=100_000)]


class JpegResponse(Response):
    """A picture made on demand."""

    media_type = "image/jpeg"


async def _asked(
    *,
    pairs: PairsOf,
    box: BoxOf,
    placement: Annotated[PlacementKind | None, Query(description="only frames placed like this")] = None,
    from_utc: From = None,
    to_utc: To = None,
    score: Annotated[
        float | None, Query(ge=0, le=1, description="only frames whose surest tile is at or over this probability")
    ] = None,
) -> Select[Any]:
    statement = select_frames(pairs, in_order=True).where(*captured_within(from_utc, to_utc))
    if placement is not None:
        statement = statement.where(kind_column() == placement)
    if box is not None:
        statement = statement.where(touching(box))
    if score is not None:
        statement = statement.where(tables.score_maps.c.highest_score >= byte_at_least(score))
    return statement


Asked = Annotated[Any, Depends(_asked)]


@router.get(
    "/v1/frames",
    response_model=Page[FrameItem],
    responses={**ndjson.answer("FrameItem"), **problems(BadRequest)},
    summary="Images and where they lie",
)
def get_frames(
    *,
    connection: Reading,
    engines: EnginesOf,
    asked: Asked,
    pairs: PairsOf,
    as_lines: LinesWanted,
    response: Response,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[FrameItem] | NdjsonResponse:
    """In the order in which they were stored. With `bbox`, those whose footprint's bounds touch the box.

    With `Accept: application/x-ndjson` as `/v1/frames.ndjson`, whatever limit and cursor are.
    """
    if as_lines:
        return get_frames_as_lines(engines, asked)
    response.headers.update(ndjson.VARY)
    if cursor is None:
        asked = asked.where(tables.frames.c.seq >= first_seq(pairs))
    rows, after = page(connection, asked, {tables.frames.c.seq: int}, limit, cursor)
    return Page(items=[frame(row) for row in rows], next=after)


@router.get(
    "/v1/frames.ndjson",
    response_class=NdjsonResponse,
    responses={**ndjson.answer("FrameItem"), **problems(BadRequest)},
    summary="All of them, as lines of JSON",
)
def get_frames_as_lines(engines: EnginesOf, asked: Asked) -> NdjsonResponse:
    """As `/v1/frames`, without pages: one answer that is read while it is sent, and shows one moment's state."""
    statement = asked.order_by(tables.frames.c.seq).execution_options(yield_per=_AT_ONCE)

    def content() -> Iterator[bytes]:
        with engines.reader.connect() as streaming, streaming.execute(statement) as found:
            yield from ndjson.lines(frame(row) for row in found.mappings())

    return NdjsonResponse(content(), headers=ndjson.VARY)


@router.get("/v1/frames/{frame_id}", responses=problems(BadRequest, NotFound), summary="All that is known of one image")
def get_frame(frame_id: UUID, connection: Reading, analysis_id: AnalysisId = None) -> FrameDetail:
    """With the score maps of all its analyses, its pose and its camera."""
    row = _stored(connection, frame_id)
    pairs = read_pairs(connection, scan_id=row["scan_id"], analysis_id=analysis_id)
    shown = (
        connection.execute(select_frames(pairs).where(tables.frames.c.frame_id == frame_id)).mappings().one_or_none()
    )
    if shown is None:
        raise NotFound(f"frame {frame_id} was not analysed by {analysis_id}")
    pair = pairs[shown["pair_seq"]]
    return FrameDetail(
        **frame_fields(shown),
        source_key=row["source_key"],
        image_sha256=row["image_sha256"],
        size_bytes=row["size_bytes"],
        media_type=row["media_type"],
        time_source=row["time_source"],
        score_maps=_score_maps(connection, row["seq"], pair),
        pose=shown["pose"],
        camera=_camera(connection, pair),
        pose_solution_id=pair.pose_solution_id,
    )


@router.get(
    "/v1/frames/{frame_id}/picture.jpg",
    response_class=JpegResponse,
    responses={**_JPEG, **problems(BadRequest, NotFound)},
    summary="An image, made smaller",
)
def get_picture(
    frame_id: UUID,
    connection: Reading,
    folder: EvidenceOf,
    max_px: Annotated[int, Query(ge=16, le=8192, description="longer side")] = 1024,
) -> JpegResponse:
    """The stored raster, never turned: `exif_orientation` of the frame says how to show it upright."""
    row = _stored(connection, frame_id)
    with folder.reading(_picture(connection, folder, row)) as path:
        return JpegResponse(smaller(path, max_px), headers=FOR_EVER)


@router.get(
    "/v1/frames/{frame_id}/crop.jpg",
    response_class=JpegResponse,
    responses={**_JPEG, **problems(BadRequest, NotFound)},
    summary="A part of an image, pixel for pixel",
)
def get_crop(
    *,
    frame_id: UUID,
    connection: Reading,
    folder: EvidenceOf,
    x_px: Pixels,
    y_px: Pixels,
    width_px: Side,
    height_px: Side,
    margin_px: Annotated[int, Query(ge=0, le=4096, description="around it, as far as the image reaches")] = 0,
) -> JpegResponse:
    """Cut from the image, or the kept picture of that one tile where images are not kept (then without margin)."""
    row = _stored(connection, frame_id)
    cut = Cut(x_px, y_px, width_px, height_px)
    cut.grown(margin_px, row["width_px"], row["height_px"])
    tile = _kept_tile(connection, row, cut)
    if tile is not None:
        with folder.reading(tile) as path:
            return JpegResponse(smaller(path, max(width_px, height_px)), headers=FOR_EVER)
    with folder.reading(_picture(connection, folder, row)) as path:
        return JpegResponse(cutting(path, cut, margin_px), headers=FOR_EVER)


def _stored(connection: Connection, frame_id: UUID) -> Any:
    table = tables.frames
    row = connection.execute(select(table).where(table.c.frame_id == frame_id)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"frame {frame_id} is not stored")
    return row


def _picture(connection: Connection, folder: EvidenceFolder, row: Any) -> str:
    """SHA-256 of the frame's picture, which is there."""
    held, sha256 = tables.evidence.c.sha256, str(row["image_sha256"])
    if connection.execute(select(held).where(held == sha256)).scalar() is None or not folder.holds(sha256):
        removed = removed_on(connection, row["image_sha256"])
        if removed is not None:
            raise NotFound(f"the picture of frame {row['frame_id']} was {removed}")
        promised = "was promised but has not arrived yet" if row["picture_expected"] else "was not kept by the scan"
        raise NotFound(f"the picture of frame {row['frame_id']} {promised}")
    return sha256


def _kept_tile(connection: Connection, row: Any, cut: Cut) -> str | None:
    """SHA-256 of the kept picture of just that tile, if the whole image is not held."""
    crops, held = tables.crops.c, tables.evidence.c.sha256
    if connection.execute(select(held).where(held == row["image_sha256"])).scalar() is not None:
        return None
    kept = connection.execute(
        select(crops.analysis_id, crops.tile, crops.sha256)
        .join_from(tables.crops, tables.evidence, crops.sha256 == held)
        .where(crops.frame_seq == row["seq"])
    ).all()
    for analysis_id in {crop.analysis_id for crop in kept}:
        for pair in read_pairs(connection, scan_id=row["scan_id"], analysis_id=analysis_id).values():
            grid = pair.grid(row["width_px"], row["height_px"])
            for crop in kept:
                of_tile = Cut(*grid.origin_px(crop.tile), pair.tile_px, pair.tile_px)
                if crop.analysis_id == analysis_id and of_tile == cut:
                    return str(crop.sha256)
    return None


def _score_maps(connection: Connection, frame_seq: int, current: Pair) -> list[ScoreMapItem]:
    maps, analyses = tables.score_maps, tables.analyses
    rows = connection.execute(
        select(maps, analyses.c.tile_px, analyses.c.stride_px)
        .join_from(maps, analyses)
        .where(maps.c.frame_seq == frame_seq)
        .order_by(maps.c.analysis_id)
    ).mappings()
    return [
        ScoreMapItem(
            **{
                key: row[key] for key in ("analysis_id", "tile_px", "stride_px", "columns", "rows", "unscored", "flags")
            },
            current=row["analysis_id"] == current.analysis_id,
            scores=base64.b64encode(row["scores"]).decode(),
        )
        for row in rows
    ]


def _camera(connection: Connection, pair: Pair) -> Any:
    poses = tables.pose_solutions.c
    if pair.pose_solution_id is None:
        return None
    return connection.execute(select(poses.camera).where(poses.pose_solution_id == pair.pose_solution_id)).scalar_one()
