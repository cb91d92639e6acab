"""How far two blind passes by eye agree with each other and with the published labels, and what of disputed tiles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crackmap_models.data.by_eye import Reading, passes_needed
from crackmap_models.data.tiles import LabelledTile, by_data
from crackmap_models.evaluation.metrics import sigmoid


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Of tiles with one published label: how many the eye called crack, no_crack, or left disputed."""

    crack: int
    no_crack: int
    disputed: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """One surface kind by eye. Shares are nan where nothing was counted.

    `once` tiles were looked at once where others were twice: they are in none of the other numbers.
    `same` is the share of tiles of which both passes said the same of three words; `kappa` what of it is more than
    chance (Cohen, Educational and Psychological Measurement 20, 1960).
    """

    data: str
    once: int
    twice: int
    same: float
    kappa: float
    published_crack: Verdicts
    published_no_crack: Verdicts


@dataclass(frozen=True, slots=True)
class Disputed:
    """Tiles on which the passes differ or one of them doubts: what a model says of them; nan without any."""

    data: str
    tiles: int
    mean_probability: float
    called_crack: float


def agreements(tiles: Sequence[LabelledTile], readings: Mapping[Path, Reading]) -> list[Agreement]:
    """One row for each surface kind with readings, over the tiles that were looked at often enough."""
    rows = []
    for data, looked_at in by_data(tile for tile in tiles if tile.path in readings).items():
        needed = passes_needed(readings[tile.path] for tile in looked_at)
        members = [tile for tile in looked_at if readings[tile.path].passes >= needed]
        twice = [r for tile in members if (r := readings[tile.path]).second]
        same = float(np.mean([r.first == r.second for r in twice])) if twice else float("nan")
        verdicts = (_verdicts([readings[tile.path] for tile in members if tile.crack == crack]) for crack in (1, 0))
        once = len(looked_at) - len(members)
        rows.append(Agreement(f"{data} by eye", once, len(twice), same, _kappa(twice), *verdicts))
    return rows


def disputed(
    tiles: Sequence[LabelledTile],
    readings: Mapping[Path, Reading],
    logit_of: Mapping[Path, float],
    threshold_logit: float,
) -> list[Disputed]:
    """One row for each surface kind with readings; logits by the tile's path."""
    rows = []
    for data, looked_at in by_data(tile for tile in tiles if tile.path in readings).items():
        needed = passes_needed(readings[tile.path] for tile in looked_at)
        members = [tile for tile in looked_at if readings[tile.path].passes >= needed]
        logits = np.array([logit_of[tile.path] for tile in members if readings[tile.path].crack is None], np.float64)
        mean, called = (
            (float(sigmoid(logits).mean()), float((logits >= threshold_logit).mean()))
            if len(logits)
            else (float("nan"), float("nan"))
        )
        rows.append(Disputed(f"{data} by eye, disputed", len(logits), mean, called))
    return rows


def _verdicts(readings: Sequence[Reading]) -> Verdicts:
    said = [reading.crack for reading in readings]
    return Verdicts(said.count(True), said.count(False), said.count(None))


def _kappa(twice: Sequence[Reading]) -> float:
    """Cohen's kappa of first and second pass; 1 where both said one and the same word throughout."""
    from sklearn.metrics import cohen_kappa_score  # noqa: PLC0415 - seconds, for those who have labels by eye

    words = {word for reading in twice for word in (reading.first, reading.second)}
    if len(words) < 2:
        return 1.0 if words else float("nan")
    return float(cohen_kappa_score([r.first for r in twice], [r.second for r in twice]))
