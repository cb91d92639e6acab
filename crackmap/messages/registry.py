"""What a server with registered models, its robots and those who score frames again for it tell each other."""

from typing import Self
from uuid import UUID

from pydantic import Field, model_validator

from crackmap.manifest import Sha256
from crackmap.messages.base import LARGEST_SIDE_PX, Message, Text
from crackmap.messages.frames import Image
from crackmap.messages.headers import Camera
from crackmap.messages.placements import Pose, TileGeometry
from crackmap.messages.reports import Flag
from crackmap.messages.score_maps import ScoreMap
from crackmap.surfaces import Surface

MOST_AT_ONCE = 100


class Claim(Message):
    """A worker asks for frames."""

    worker: Text = Field(min_length=1, max_length=200, description="a name, for people")
    most: int = Field(default=4, ge=1, le=MOST_AT_ONCE, description="frames at once")


class View(Message):
    """What is needed to place tiles of another size: they were placed by the robot, and the server cannot."""

    pose_solution_id: UUID
    pose: Pose
    camera: Camera
    surface: Surface


class FrameToScore(Message):
    """One frame, whose picture is `GET /v1/evidence/{image.sha256}`."""

    frame_id: UUID
    label: Text
    image: Image
    tile_px: int = Field(gt=0, le=LARGEST_SIDE_PX)
    stride_px: int = Field(gt=0, le=LARGEST_SIDE_PX)
    mm_per_px: float | None = Field(default=None, gt=0, description="None: it has no pose")
    view: View | None = Field(default=None, description="None: the tiles lie where those of an earlier analysis did")


class Claimed(Message):
    """Frames of one re-scoring, for one worker, for a while."""

    frames: tuple[FrameToScore, ...] = ()
    rescore: int | None = Field(default=None, description="None: there is nothing to do now")
    model_sha256: Sha256 | None = None
    lease_s: float = Field(gt=0, description="after this time another worker may get them")
    with_others: int = Field(ge=0, description="frames that other workers have: some may come back")


class NewScores(Message):
    """What a worker found in one frame, or why it could not."""

    frame_id: UUID
    score_map: ScoreMap | None = None
    flags: tuple[Flag, ...] = ()
    tiles: TileGeometry | None = Field(default=None, description="where the tiles lie, if a view was given")
    failed: Text = Field(default="", max_length=1000)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.score_map is None) != bool(self.failed):
            raise ValueError("give either score_map, or in `failed` why there is none")
        if self.score_map and self.tiles and self.tiles.count != len(self.score_map.scores):
            raise ValueError(f"the score map has {len(self.score_map.scores)} tiles, `tiles` {self.tiles.count}")
        return self


class PinnedModel(Message):
    """The model that an inspection uses, by a person's decision."""

    inspection_id: UUID
    model_sha256: Sha256
    manifest_sha256: Sha256
    name: Text
    size_bytes: int = Field(gt=0)
    decided_by: Text
    decided_utc: str
