"""A score byte for every tile of a frame, and the reason where there is none."""

from enum import StrEnum
from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from crackmap import scores
from crackmap.messages.base import Base64, Message


class Reason(StrEnum):
    """Why a tile was not scored."""

    BLURRED = "blurred"
    DARK = "dark"
    BRIGHT = "bright"
    OUT_OF_RANGE = "out_of_range"
    OBSTRUCTED = "obstructed"
    DROPPED = "dropped"
    MODEL_FAILED = "model_failed"


class Unscored(Message):
    """Tiles that have no score, for one reason."""

    reason: Reason
    tiles: tuple[int, ...] = Field(min_length=1)


class ScoreMap(Message):
    """A byte for every tile of the frame, row by row (`crackmap.scores`); 0 where `unscored` says why.

    `visible_widths` is a second byte for every tile (`crackmap.visible_widths`): how narrow a crack it would show. None
    where the model does not say how narrow a crack it finds.
    """

    columns: int = Field(gt=0)
    rows: int = Field(gt=0)
    scores: Base64
    unscored: tuple[Unscored, ...] = ()
    visible_widths: Base64 | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if len(self.scores) != self.columns * self.rows:
            raise ValueError(f"{self.columns} × {self.rows} tiles need as many score bytes, not {len(self.scores)}")
        if self.visible_widths is not None and len(self.visible_widths) != len(self.scores):
            raise ValueError(f"{len(self.scores)} tiles need as many visible widths, not {len(self.visible_widths)}")
        listed = [tile for group in self.unscored for tile in group.tiles]
        if self.scores.count(scores.NOT_SCORED) != len(listed) or (listed and not self._not_scored(listed)):
            raise ValueError("`unscored` must list each tile whose byte is 0, once, and no other")
        return self

    def _not_scored(self, tiles: list[int]) -> bool:
        """Whether the byte of each of them is 0, and none is there twice."""
        return len(set(tiles)) == len(tiles) and all(
            0 <= tile < len(self.scores) and self.scores[tile] == scores.NOT_SCORED for tile in tiles
        )

    def array(self) -> npt.NDArray[np.uint8]:
        """Score bytes, shape (rows × columns,)."""
        return np.frombuffer(self.scores, np.uint8)
