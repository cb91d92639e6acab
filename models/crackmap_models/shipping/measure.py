"""What a converted model is measured to do: its threshold from validation tiles, its figures on test tiles."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crackmap_models.conversion.lite import LiteModel
from crackmap_models.data.by_eye import Reading
from crackmap_models.data.tiles import LabelledTile, Pixels
from crackmap_models.evaluation.evaluation import Evaluation, evaluate
from crackmap_models.evaluation.scorers import Say


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model file on its way to a manifest; `threshold_logit` is None until one has been chosen."""

    name: str
    lite: LiteModel
    threshold_logit: float | None = None

    @property
    def tile_px(self) -> int:
        """Width and height of the input."""
        return self.lite.tile_px

    def logits(self, pixels: Sequence[Pixels]) -> npt.NDArray[np.float64]:
        """RGB [tile_px, tile_px, 3] each → logits [n]."""
        return np.array([self.lite.logit(tile) for tile in pixels], np.float64)


def measure(
    candidate: Candidate, tiles: Sequence[LabelledTile], readings: Mapping[Path, Reading], say: Say
) -> Evaluation:
    """Figures on the test rows of `tiles`; a candidate without a threshold gets the one that its val rows give.

    Raises UnreadableImage, OneClassSet, and RunError when a threshold is to be chosen and there are no val rows.
    """
    return evaluate(candidate, tiles, "test", readings, say=say)


def threshold_of(evaluation: Evaluation) -> float:
    """The probability that a manifest promises."""
    return round(1 / (1 + math.exp(-evaluation.threshold_logit)), 4)
