"""What one analysis found in one frame, and batches of that."""

from enum import StrEnum
from typing import Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from crackmap.manifest import Sha256
from crackmap.messages.base import LARGEST_INTEGER, LARGEST_TILE_COUNT, Message
from crackmap.messages.frames import Frame
from crackmap.messages.headers import Analysis, PoseSolution, Scan
from crackmap.messages.placements import Placed, Placement, Unplaced
from crackmap.messages.score_maps import ScoreMap


class Crop(Message):
    """The picture of one tile, kept alone because its frame is not kept."""

    tile: int = Field(ge=0)
    sha256: Sha256
    size_bytes: int = Field(gt=0, le=LARGEST_INTEGER)


class Evidence(Message):
    """Which pictures of the frame will be sent: the whole file (named by the image's SHA-256), or crops."""

    frame: bool
    crops: tuple[Crop, ...] = ()


class Flag(StrEnum):
    """What a reader of the scores should know."""

    OUT_OF_RANGE = "out_of_range"  # the frame's mm/px lies outside what the model's manifest promises


class Report(Message):
    """All that one analysis found in one frame, and where the frame lies."""

    frame: Frame
    analysis_id: UUID
    score_map: ScoreMap
    placement: Placement
    evidence: Evidence
    flags: tuple[Flag, ...] = ()

    @model_validator(mode="after")
    def _tiles_agree(self) -> Self:
        tiles = self.score_map.columns * self.score_map.rows
        if tiles > LARGEST_TILE_COUNT:
            raise ValueError(f"{tiles} tiles in one frame; at most {LARGEST_TILE_COUNT} are taken")
        if isinstance(self.placement, Placed) and self.placement.tiles.count != tiles:
            raise ValueError(f"the score map has {tiles} tiles, the placement {self.placement.tiles.count}")
        if any(crop.tile >= tiles for crop in self.evidence.crops):
            raise ValueError(f"a crop names a tile that is not among the {tiles}")
        return self

    @property
    def pose_solution_id(self) -> UUID | None:
        return None if isinstance(self.placement, Unplaced) else self.placement.pose_solution_id


class ReportBatch(Message):
    """What `POST /v1/reports` takes. Reports are checked one by one, so that a bad one never blocks its neighbours."""

    version: Literal[1] = 1
    scans: tuple[Scan, ...] = ()
    analyses: tuple[Analysis, ...] = ()
    pose_solutions: tuple[PoseSolution, ...] = ()
    reports: tuple[Report, ...] = ()
