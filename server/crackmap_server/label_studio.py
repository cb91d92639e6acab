"""Results of Label Studio as reviews and findings: pure. Reading the same result again makes the same ids.

What a person left marked as a crack is accepted, what they took away or named otherwise is rejected or corrected, and
what they drew where no detection was is a finding.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, get_args
from uuid import UUID, uuid5

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from crackmap_server.additions.findings import FindingKind, Rectangle
from crackmap_server.additions.masks import MaskKind
from crackmap_server.reviewed_places import same_pixels
from crackmap_server.reviews import Review

NOT_MARKED = "not marked in Label Studio"
KINDS = frozenset(get_args(FindingKind)) | frozenset(get_args(MaskKind))
_Percent = Annotated[float, Field(ge=-0.01, le=100.01, allow_inf_nan=False)]


class _Loose(BaseModel):
    """Label Studio's exports hold more than is used here."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Value(_Loose):
    x: _Percent
    y: _Percent
    width: _Percent
    height: _Percent
    rectanglelabels: list[Annotated[str, Field(max_length=200)]] = Field(default=[], max_length=100)


class _Region(_Loose):
    id: Annotated[str, Field(max_length=200)]
    type: str
    value: dict[str, Any]
    original_width: Annotated[int, Field(ge=1, le=100_000)]
    original_height: Annotated[int, Field(ge=1, le=100_000)]


class _Annotation(_Loose):
    id: Annotated[int, Field(ge=0, lt=2**63)]
    created_at: AwareDatetime
    updated_at: AwareDatetime | None = None
    was_cancelled: bool = False
    completed_by: Annotated[int, Field(ge=0, lt=2**63)] | dict[str, Any] | None = None
    result: list[_Region] = Field(default=[], max_length=100_000)


class _Tile(_Loose):
    tile: Annotated[int, Field(ge=0, lt=1_000_000)]
    region: str
    x_px: Annotated[int, Field(ge=0, le=100_000)]
    y_px: Annotated[int, Field(ge=0, le=100_000)]
    width_px: Annotated[int, Field(ge=1, le=100_000)]
    height_px: Annotated[int, Field(ge=1, le=100_000)]


class _Data(_Loose):
    frame_id: UUID
    analysis_id: UUID
    tiles: list[_Tile] = Field(max_length=100_000)


class Result(_Loose):
    """A task of ours with what people made of it, as Label Studio exports it (JSON)."""

    data: _Data
    annotations: list[_Annotation] = Field(max_length=1000)


@dataclass(frozen=True)
class Drawn:
    """A box where no detection was."""

    finding_id: UUID
    author: str
    kind: FindingKind
    shape: Rectangle


@dataclass(frozen=True)
class Said:
    """A review with its id and who made it."""

    review_id: UUID
    author: str
    review: Review


def said_and_drawn(result: Result) -> Iterator[Said | Drawn]:
    """What the annotations come to, but for those that were skipped."""
    tiles = result.data.tiles
    rectangles = np.array([[t.x_px, t.y_px, t.width_px, t.height_px] for t in tiles], np.int64).reshape(-1, 4)
    for annotation in result.annotations:
        if annotation.was_cancelled:
            continue
        marked: dict[int, str] = {}
        author = _author(annotation)
        for region in annotation.result:
            if region.type != "rectanglelabels":
                continue
            value = _Value.model_validate(region.value)
            label = value.rectanglelabels[0] if value.rectanglelabels else "crack"
            box = _pixels(value, region)
            known = [place for place, tile in enumerate(tiles) if tile.region == region.id]
            places = known or np.flatnonzero(same_pixels(np.array(box)[None], rectangles)).tolist()
            for place in places:
                marked[place] = label
            if not places and label in get_args(FindingKind):
                yield _drawn(result.data, annotation, region, label, box)
        for place, tile in enumerate(tiles):
            yield _said(result.data, annotation, tile.tile, marked.get(place), author)


def _said(data: _Data, annotation: _Annotation, tile: int, label: str | None, author: str) -> Said:
    facts: dict[str, Any] = {"verdict": "reject", "reason": NOT_MARKED if label is None else f"marked as {label}"}
    if label == "crack":
        facts = {"verdict": "accept"}
    elif label in KINDS:
        facts = {"verdict": "correct", "kind": label}
    made_utc = annotation.updated_at or annotation.created_at
    review = Review(frame_id=data.frame_id, analysis_id=data.analysis_id, tile=tile, made_utc=made_utc, **facts)
    name = ["label studio", annotation.id, review.model_dump_json()]
    return Said(uuid5(data.frame_id, json.dumps(name)), author, review)


def _drawn(data: _Data, annotation: _Annotation, region: _Region, label: Any, box: tuple[int, int, int, int]) -> Drawn:
    x_px, y_px, width_px, height_px = box
    author = _author(annotation)
    shape = Rectangle(
        type="rectangle", frame_id=data.frame_id, x_px=x_px, y_px=y_px, width_px=width_px, height_px=height_px
    )
    return Drawn(uuid5(data.frame_id, json.dumps(["label studio", annotation.id, region.id])), author, label, shape)


def _pixels(value: _Value, region: _Region) -> tuple[int, int, int, int]:
    wide, high = region.original_width, region.original_height
    left, top = max(0, round(value.x * wide / 100)), max(0, round(value.y * high / 100))
    right = min(wide, round((value.x + value.width) * wide / 100))
    bottom = min(high, round((value.y + value.height) * high / 100))
    return min(left, wide - 1), min(top, high - 1), max(1, right - left), max(1, bottom - top)


def _author(annotation: _Annotation) -> str:
    by = annotation.completed_by
    named = str(by.get("email") or by.get("id") or "") if isinstance(by, dict) else "" if by is None else str(by)
    return f"Label Studio: {named.replace(chr(0), '')[:100]}" if named else "Label Studio"
