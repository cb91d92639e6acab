"""Figures of a model per data set and surface kind, with 95 % intervals over groups of overlapping tiles.

Areas are those of whole tiles at 0.23 mm per pixel: SDNET2018's own scale (uncertain by 15 %), and for METU, whose
scale is not stated, no more than a way to put false tiles into the same unit.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from crackmap.manifest import Figure
from crackmap_models.conversion.lite import LiteModel
from crackmap_models.data.by_eye import Reading
from crackmap_models.data.tiles import LabelledTile
from crackmap_models.evaluation.intervals import DRAWS, with_intervals
from crackmap_models.evaluation.kinds import Kind, Scored, by_eye_kinds, published_kinds, score_kinds
from crackmap_models.evaluation.metrics import Measure, Tally

FALSE_TILES_PER_M2 = (3, 1, 0.3)


def kinds_of(tiles: Sequence[LabelledTile], readings: Mapping[Path, Reading] | None = None) -> list[Kind]:
    """What figures are reported for: published labels, and right after each what the eye saw, where it looked.

    Raises OneClassSet for a kind with tiles of one class only.
    """
    by_eye = {kind.data: kind for kind in by_eye_kinds(tiles, readings or {})}
    return [
        kind
        for published in published_kinds(tiles)
        for kind in (published, by_eye.get(f"{published.data} by eye"))
        if kind is not None
    ]


def score(
    model: LiteModel, tiles: Sequence[LabelledTile], readings: Mapping[Path, Reading] | None = None
) -> list[Scored]:
    """The model's logits of `tiles`, by kind. Raises UnreadableImage and OneClassSet."""
    kinds = kinds_of(tiles, readings)
    logits = dict(zip([tile.path for tile in tiles], model.logits(tiles).tolist(), strict=True))
    return score_kinds(kinds, logits, model.tile_px)


def figures(scored: Sequence[Scored], threshold_logit: float, split: str, draws: int = DRAWS) -> tuple[Figure, ...]:
    """Every measure of every kind, with intervals, ready for a manifest."""
    found: list[Figure] = []
    for rows in scored:
        plain, rates = measures(threshold_logit), rate_measures(threshold_logit, rows.tile_m2)
        if rows.rates is None:
            found += _figures(rows, plain | rates, split, draws)
        else:
            found += _figures(rows, plain, split, draws) + _figures(rows.rates, rates, split, draws)
    return tuple(found)


def measures(threshold_logit: float) -> dict[str, Measure]:
    """What is reported, by name."""
    return {
        "AUROC": Tally.auroc,
        "AUPRC": Tally.auprc,
        "F1": partial(Tally.f1, threshold=threshold_logit),
        "recall": partial(Tally.recall, threshold=threshold_logit),
        "calibration error": Tally.calibration_error,
        "Brier score": Tally.brier,
    }


def rate_measures(threshold_logit: float, area_m2: float) -> dict[str, Measure]:
    """What is reported of false tiles, by name; `area_m2` is that of one tile."""
    at_threshold = partial(Tally.false_tiles_per_m2, threshold=threshold_logit, tile_m2=area_m2)
    found: dict[str, Measure] = {"false tiles per m2": at_threshold}
    for rate in FALSE_TILES_PER_M2:
        name = f"recall at {rate:g} false tile{'' if rate == 1 else 's'} per m2"
        found[name] = partial(Tally.recall_at_false_tiles, per_m2=rate, tile_m2=area_m2)
    return found


def _figures(rows: Scored, wanted: Mapping[str, Measure], split: str, draws: int) -> list[Figure]:
    found = with_intervals(wanted, rows.labels, rows.logits, rows.groups, draws=draws)
    return [
        Figure(
            data=f"{rows.data} {split}",
            measure=name,
            value=round(interval.value, 4),
            low=round(interval.low, 4),
            high=round(interval.high, 4),
            count=len(rows.labels),
        )
        for name, interval in found.items()
    ]
