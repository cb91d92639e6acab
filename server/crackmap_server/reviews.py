"""Reviews: what a person says of one tile, bound to the picture and the place that was before them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import Connection, RowMapping, Select, bindparam, func, insert, select, union

from crackmap_server import tables
from crackmap_server.additions.addition import Note
from crackmap_server.additions.findings import ChartShape, FindingKind, check_shape
from crackmap_server.additions.masks import MaskKind
from crackmap_server.chart import cells, cells_over, unpacked_m
from crackmap_server.errors import BadRequest, Conflict
from crackmap_server.opinions import Opinion
from crackmap_server.pairs import Pair, read_pairs
from crackmap_server.reviewed_places import Corners, Reviewed, ReviewedPlaces
from crackmap_server.sites import Site, sites_of

Verdict = Literal["accept", "reject", "correct", "comment"]
CLOCK_SLACK = timedelta(hours=1)


class Review(BaseModel):
    """Of one tile of one frame, as one analysis saw it. It is never changed: who thinks again writes another."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "frame_id": "9a8fb8b3-fc2b-5c6c-98a6-1eea108a51a3",
                    "analysis_id": "8815d2a1-6032-5e17-b343-037f8cff8de3",
                    "tile": 1,
                    "verdict": "reject",
                    "reason": "formwork joint",
                }
            ]
        },
    )

    frame_id: UUID
    analysis_id: UUID
    tile: Annotated[int, Field(ge=0, lt=1_000_000, description="number of the tile in its frame, row by row")]
    verdict: Verdict
    reason: Note = Field(default="", description="why it is rejected")
    kind: FindingKind | MaskKind | None = Field(default=None, description="what it is, where that is corrected")
    shape: ChartShape | None = Field(default=None, description="where it is on the chart, where that is corrected")
    note: Note = ""
    settles: bool = Field(
        default=False, description="earlier reviews of the place count no longer: people disagreed, and this decides"
    )
    made_utc: AwareDatetime | None = Field(
        default=None, description="when the person said so, which orders reviews; by default when it arrives"
    )

    @model_validator(mode="after")
    def _says_enough(self) -> Self:
        if self.verdict == "reject" and not self.reason.strip():
            raise ValueError("reject needs a reason")
        if (self.verdict == "correct") != (self.kind is not None or self.shape is not None):
            raise ValueError("correct needs a kind or a shape, and no other verdict has them")
        if self.verdict == "comment" and (not self.note.strip() or self.settles):
            raise ValueError("comment needs a note, and settles nothing")
        if self.made_utc is not None and not 1970 <= self.made_utc.year <= 9998:
            raise ValueError("made_utc lies outside the years 1970 to 9998")
        return self

    @property
    def crack(self) -> bool | None:
        """Whether it says that there is a crack; a comment says nothing."""
        return _crack(self.verdict, self.kind)


def _crack(verdict: str, kind: str | None) -> bool | None:
    said = {"accept": True, "reject": False, "comment": None}
    return said.get(verdict, kind in {None, "crack"})


def store(
    connection: Connection, review_id: UUID, review: Review, author: str | None, now_utc: datetime
) -> tuple[RowMapping, bool]:
    """Bind it to what is stored and keep it; the row, and whether it is new. Sending it twice changes nothing.

    Raises BadRequest (there is no such tile), Conflict (another review has that id).
    """
    content = review.model_dump(mode="json")
    there = _row(connection, review_id)
    if there is not None:
        if there["content"] != content:
            raise Conflict(f"review {review_id} is stored with another content; reviews are not changed, write another")
        return there, False
    if review.made_utc is not None and review.made_utc > now_utc + CLOCK_SLACK:
        raise BadRequest("made_utc lies in the future")
    connection.execute(
        insert(tables.reviews),
        {
            "review_id": review_id,
            **_bound(connection, review),
            "verdict": review.verdict,
            "content": content,
            "author": author,
            "made_utc": review.made_utc or now_utc,
            "received_utc": now_utc,
        },
    )
    written = _row(connection, review_id)
    assert written is not None
    return written, True


def _row(connection: Connection, review_id: UUID) -> RowMapping | None:
    table = tables.reviews
    return connection.execute(select(table).where(table.c.review_id == review_id)).mappings().one_or_none()


def _bound(connection: Connection, review: Review) -> dict[str, Any]:
    """What the person had before them: picture, pixels, place, score."""
    frames, maps, reports = tables.frames.c, tables.score_maps.c, tables.reports.c
    frame = connection.execute(
        select(tables.frames, maps.scores)
        .join_from(tables.frames, tables.score_maps)
        .where(frames.frame_id == review.frame_id, maps.analysis_id == review.analysis_id)
    ).one_or_none()
    if frame is None:
        raise BadRequest(f"frame {review.frame_id} with scores of analysis {review.analysis_id} is not stored")
    (pair,) = read_pairs(connection, scan_id=frame.scan_id, analysis_id=review.analysis_id).values()
    if review.tile >= len(frame.scores):
        raise BadRequest(f"tile: the frame has {len(frame.scores)} tiles")
    site = sites_of(connection, [frame.scan_id])[frame.scan_id]
    if review.shape is not None:
        check_shape(review.shape, site.face, "shape")
    report = connection.execute(
        select(reports.corners, reports.origin_u_m, reports.origin_v_m).where(
            reports.frame_seq == frame.seq, reports.pair_seq == pair.seq
        )
    ).one_or_none()
    corners = None
    if report is not None and report.corners is not None:
        of_tiles = unpacked_m(report.corners, (report.origin_u_m, report.origin_v_m)).reshape(-1, 4, 2)
        corners = of_tiles[review.tile].tolist()
    x_px, y_px = pair.grid(frame.width_px, frame.height_px).origin_px(review.tile)
    score = frame.scores[review.tile]
    return {
        "surface_id": site.face.surface_id,
        "inspection_id": site.inspection_id,
        "frame_id": review.frame_id,
        "image_sha256": frame.image_sha256,
        "x_px": x_px,
        "y_px": y_px,
        "width_px": pair.tile_px,
        "height_px": pair.tile_px,
        "corners_m": corners,
        **_found_by(corners),
        "analysis_id": review.analysis_id,
        "tile": review.tile,
        "score": score,
        "over": score >= pair.lowest_score(None),
    }


def _found_by(corners_m: Sequence[Sequence[float]] | None) -> dict[str, Any]:
    """The cell of a tile's middle, and how far from it the outline reaches at most along u or v."""
    if corners_m is None:
        return {"cell": None, "reach_m": None}
    corners = np.array(corners_m)
    middle = corners.mean(axis=0)
    return {"cell": int(cells(middle[None])[0]), "reach_m": float(np.abs(corners - middle).max())}


_LAST = 2**31 - 1
_ROWS = tables.reviews.c
_REACH = select(func.max(_ROWS.reach_m)).where(_ROWS.surface_id == bindparam("surface"))
"""No review of the surface reaches farther."""
_OF_INSPECTION = (
    select(tables.reviews)
    .where(_ROWS.inspection_id == bindparam("inspection"), _ROWS.seq <= bindparam("until"))
    .order_by(_ROWS.seq)
)
_ALL = _OF_INSPECTION.where(_ROWS.surface_id == bindparam("surface"))
_NEAR = _OF_INSPECTION.where(
    _ROWS.seq.in_(
        union(
            select(_ROWS.seq).where(_ROWS.frame_id.in_(bindparam("frames", expanding=True))),
            select(_ROWS.seq).where(
                _ROWS.surface_id == bindparam("surface"), _ROWS.cell.in_(bindparam("cells", expanding=True))
            ),
        )
    )
)


def read_reviewed(
    connection: Connection,
    site: Site,
    frame_ids: Collection[UUID],
    outlines_m: Corners | None,
    until_seq: int | None = None,
) -> ReviewedPlaces:
    """The site's reviews that may be of tiles of these frames, which are its own, or of tiles with these outlines.

    Outlines are (n, 4, 2). There may be others among them; none is missing. `until_seq` is the last one that counts.
    """
    values: dict[str, Any] = {
        "surface": site.face.surface_id,
        "inspection": site.inspection_id,
        "frames": list(frame_ids),
        "cells": [],
        "until": _LAST if until_seq is None else until_seq,
    }
    reach_m = connection.execute(_REACH, values).scalar_one()
    statement = _NEAR
    if reach_m is not None and outlines_m is not None:
        turns_m = (0.0,) if site.face.around_m is None else (-site.face.around_m, 0.0, site.face.around_m)
        turned = np.concatenate([outlines_m + np.array([turn, 0.0]) for turn in turns_m])
        near = cells_over(turned.min(axis=1) - reach_m, turned.max(axis=1) + reach_m)
        statement, values["cells"] = (_ALL, []) if near is None else (_NEAR, near)
    rows = connection.execute(statement, values).mappings()
    return ReviewedPlaces([reviewed(row) for row in rows], site.face.around_m)


def select_reviews(
    surface_id: UUID | None = None, inspection_id: UUID | None = None, frame_id: UUID | None = None
) -> Select[Any]:
    """Rows of `reviews` that fit."""
    table = tables.reviews
    statement = select(table)
    for column, value in (
        (table.c.surface_id, surface_id),
        (table.c.inspection_id, inspection_id),
        (table.c.frame_id, frame_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    return statement


def reviewed(row: Mapping[Any, Any]) -> Reviewed:
    """A row of `reviews`. Its content was checked when it came, and is not again."""
    content = row["content"]
    opinion = Opinion(
        review_id=row["review_id"],
        frame_id=row["frame_id"],
        analysis_id=row["analysis_id"],
        over=row["over"],
        verdict=row["verdict"],
        crack=_crack(row["verdict"], content["kind"]),
        settles=content["settles"],
        author=row["author"],
        made_utc=row["made_utc"],
    )
    return Reviewed(opinion, rectangle_px(row), row["corners_m"])


def rectangle_px(row: Mapping[Any, Any]) -> tuple[int, int, int, int]:
    """x, y, width and height of what was reviewed."""
    return row["x_px"], row["y_px"], row["width_px"], row["height_px"]


def tile_now(pair: Pair, width_px: int, height_px: int, rectangle: tuple[int, int, int, int]) -> int:
    """The tile of the pair's grid whose middle is nearest to the rectangle's: what the pair says of that place."""
    x_px, y_px, wide_px, high_px = rectangle
    middles = 2 * pair.grid(width_px, height_px).corners_px() + pair.tile_px
    return int(np.abs(middles - [2 * x_px + wide_px, 2 * y_px + high_px]).max(axis=1).argmin())
