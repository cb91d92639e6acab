"""Figures of a .tflite file per data set and surface kind, with 95 % intervals over groups of overlapping tiles.

Areas are those of whole tiles at 0.23 mm per pixel: SDNET2018's own scale (uncertain by 15 %), and for METU, whose
scale is not stated, no more than a way to put false tiles into the same unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from crackmap.manifest import Figure
from crackmap_models.conversion.lite import LiteModel
from crackmap_models.data.tiles import LabelledTile, by_data, check_evaluable
from crackmap_models.evaluation.metrics import (
    Measure,
    auprc,
    auroc,
    f1,
    false_tiles_per_m2,
    recall,
    recall_at_false_tiles,
    with_interval,
)

MM_PER_PX = 0.23
NATIVE_TILE_PX = {"metu": 227, "sdnet2018": 256}
FALSE_TILES_PER_M2 = (1, 10)


@dataclass(frozen=True, slots=True)
class Scored:
    """One data set and surface kind: labels [n], logits [n], groups [n], and the area of one tile."""

    data: str
    labels: npt.NDArray[np.bool_]
    logits: npt.NDArray[np.float64]
    groups: npt.NDArray[np.str_]
    tile_m2: float


def tile_m2(tile: LabelledTile, tile_px: int) -> float:
    """The area that a tile shows at MM_PER_PX; a rendered tile is as large as the model's input."""
    side_m = NATIVE_TILE_PX.get(tile.source, tile_px) * MM_PER_PX / 1000
    return side_m * side_m


def score(model: LiteModel, tiles: Sequence[LabelledTile]) -> list[Scored]:
    """The model's logits of `tiles`, by data set and surface kind.

    Raises UnreadableImage, and OneClassSet for a kind with tiles of one class only.
    """
    scored = []
    for data, members in by_data(tiles).items():
        labels = np.array([tile.crack for tile in members])
        check_evaluable(labels, f"{data} {members[0].split}")
        area_m2 = tile_m2(members[0], model.tile_px)
        scored.append(Scored(data, labels, model.logits(members), resampling_units(members), area_m2))
    return scored


def resampling_units(tiles: Sequence[LabelledTile]) -> npt.NDArray[np.str_]:
    """The groups [n] of tiles; their photographs [n] where all overlap into one group, which has no interval."""
    groups = np.array([tile.group for tile in tiles])
    return groups if len(set(groups)) > 1 else np.array([tile.photo for tile in tiles])


def figures(scored: Sequence[Scored], threshold_logit: float, split: str, draws: int = 500) -> tuple[Figure, ...]:
    """Every measure of every kind, with intervals, ready for a manifest."""
    found = []
    for rows in scored:
        for name, measure in measures(threshold_logit, rows.tile_m2).items():
            interval = with_interval(measure, rows.labels, rows.logits, rows.groups, draws=draws)
            rounded = {part: round(getattr(interval, part), 4) for part in ("value", "low", "high")}
            found.append(Figure(data=f"{rows.data} {split}", measure=name, count=len(rows.labels), **rounded))
    return tuple(found)


def measures(threshold_logit: float, area_m2: float) -> dict[str, Measure]:
    """What is reported, by name; `area_m2` is that of one tile."""
    fixed: dict[str, Measure] = {
        "AUROC": auroc,
        "AUPRC": auprc,
        "F1": partial(f1, threshold=threshold_logit),
        "recall": partial(recall, threshold=threshold_logit),
        "false tiles per m2": partial(false_tiles_per_m2, threshold=threshold_logit, tile_m2=area_m2),
    }
    for rate in FALSE_TILES_PER_M2:
        fixed[f"recall at {rate} false tiles per m2"] = partial(recall_at_false_tiles, per_m2=rate, tile_m2=area_m2)
    return fixed
