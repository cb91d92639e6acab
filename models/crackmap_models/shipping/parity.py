"""What conversion costs: the Keras network and the .tflite file on the same tiles."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from crackmap.manifest import Figure
from crackmap_models.conversion.lite import LiteModel
from crackmap_models.data.tiles import LabelledTile, by_data
from crackmap_models.errors import PrecisionLost
from crackmap_models.evaluation.metrics import auroc
from crackmap_models.training.validation import logits

MOST_AUROC_LOST = 0.003
BY_CONVERSION = "by conversion"


@dataclass(frozen=True, slots=True)
class Parity:
    """Differences of the two answers on one data set and surface kind of validation tiles; logits, no probabilities."""

    data: str
    tiles: int
    auroc_lost: float
    mean_difference: float
    largest_difference: float
    same_side: float  # the share of tiles that both put on the same side of the threshold


def parity(model: Any, lite: LiteModel, tiles: Sequence[LabelledTile], threshold_logit: float) -> list[Parity]:
    """Compare `model` (Keras) and `lite` on `tiles`, kind by kind, with both classes in each."""
    found = []
    for data, members in by_data(tiles).items():
        labels = np.array([tile.crack for tile in members])
        exact, rounded = logits(model, members, lite.tile_px), lite.logits(members)
        apart = np.abs(exact - rounded)
        same = ((exact >= threshold_logit) == (rounded >= threshold_logit)).mean()
        lost = auroc(labels, exact) - auroc(labels, rounded)
        found.append(Parity(data, len(members), lost, float(apart.mean()), float(apart.max()), float(same)))
    return found


def check_precision(found: Sequence[Parity], most_auroc_lost: float = MOST_AUROC_LOST) -> None:
    """Raises PrecisionLost where AUROC falls by more than `most_auroc_lost`."""
    for kind in found:
        if kind.auroc_lost > most_auroc_lost:
            raise PrecisionLost(
                f"{kind.data}: conversion costs {kind.auroc_lost:.4f} AUROC on {kind.tiles} validation tiles; at most "
                f"{most_auroc_lost:g} is allowed. Measure the ranges on more tiles, or train on until the network's "
                "own answers are further apart."
            )


def as_figures(found: Sequence[Parity]) -> tuple[Figure, ...]:
    """For the manifest. They are no estimates of anything else, so they have no interval."""
    return tuple(
        Figure(data=f"{kind.data} val", measure=f"{name} {BY_CONVERSION}", count=kind.tiles, **_exactly(value))
        for kind in found
        for name, value in (
            ("AUROC lost", kind.auroc_lost),
            ("mean change of logit", kind.mean_difference),
            ("largest change of logit", kind.largest_difference),
            ("same side of the threshold", kind.same_side),
        )
    )


def _exactly(value: float) -> dict[str, float]:
    return dict.fromkeys(("value", "low", "high"), round(value, 4) + 0.0)  # no -0
