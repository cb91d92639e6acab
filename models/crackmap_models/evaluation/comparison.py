"""Several models on the same tiles: is one better, or is it chance? Differences are paired over equal resamplings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from crackmap_models.data.by_eye import Reading
from crackmap_models.data.tiles import LabelledTile
from crackmap_models.evaluation.figures import kinds_of
from crackmap_models.evaluation.intervals import DRAWS, Interval, interval, resample
from crackmap_models.evaluation.kinds import Scored, score_kinds
from crackmap_models.evaluation.metrics import Measure, Tally, Values, tally
from crackmap_models.evaluation.scorers import Say, Scorer, logits_of

RATE_PER_M2 = 1
MEASURES = ("AUROC", f"recall at {RATE_PER_M2} false tile per m2")
MEAN, MEAN_BY_EYE = "mean", "mean by eye"


@dataclass(frozen=True, slots=True)
class Compared:
    """One measure of one model on one kind of data, and how much more it is than the first model's (None for that)."""

    measure: str
    data: str
    model: str
    figure: Interval
    more_than_first: Interval | None


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A figure of one model on one kind: its value, its draws [draws], and from how many groups."""

    value: float
    draws: Values
    units: int


def compare(
    scorers: Sequence[Scorer],
    tiles: Sequence[LabelledTile],
    readings: Mapping[Path, Reading] | None = None,
    *,
    say: Say = print,
) -> list[Compared]:
    """Every measure of every scorer on every kind of `tiles`, and on the mean of the kinds.

    Every model sees the same resampled groups of a kind; different kinds are resampled independently. The interval of
    a mean is as wide as its kind with the fewest groups asks for. Raises UnreadableImage and OneClassSet.
    """
    kinds = kinds_of(tiles, readings)
    paths = [tile.path for tile in tiles]
    found = {
        scorer.name: score_kinds(
            kinds, dict(zip(paths, logits_of(scorer, tiles, say=say).tolist(), strict=True)), scorer.tile_px
        )
        for scorer in scorers
    }
    rows = []
    for measure in MEASURES:
        drawn = {model: _with_means(_drawn(scored, measure)) for model, scored in found.items()}
        first = next(iter(drawn.values()))
        for data, base in first.items():
            for model, kinds_drawn in drawn.items():
                one = kinds_drawn[data]
                more = interval(one.value - base.value, one.draws - base.draws, one.units) if one is not base else None
                rows.append(Compared(measure, data, model, interval(one.value, one.draws, one.units), more))
    return rows


def table(rows: Sequence[Compared], measure: str) -> str:
    """Kinds of data below each other, models side by side; * where the interval of a difference leaves out 0."""
    models = list(dict.fromkeys(row.model for row in rows))
    data = list(dict.fromkeys(row.data for row in rows))
    known = {(row.data, row.model): _cell(row) for row in rows if row.measure == measure}
    cells = [[measure, *models]] + [[name, *(known[name, model] for model in models)] for name in data]
    widths = [max(len(line[column]) for line in cells) for column in range(len(models) + 1)]
    return "\n".join(
        "   ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def _cell(row: Compared) -> str:
    text = f"{row.figure.value:.4f} ({row.figure.low:.4f} to {row.figure.high:.4f})"
    if row.more_than_first is None:
        return text
    more = row.more_than_first
    mark = "*" if more.low > 0 or more.high < 0 else " "
    return f"{text}  {more.value:+.4f} ({more.low:+.4f} to {more.high:+.4f}){mark}"


def _drawn(scored: Sequence[Scored], name: str) -> dict[str, _Drawn]:
    found = {}
    for number, kind in enumerate(scored):
        at_rate = name != "AUROC"
        rows = kind.rates if at_rate and kind.rates else kind
        measure: Measure = (
            partial(Tally.recall_at_false_tiles, per_m2=RATE_PER_M2, tile_m2=rows.tile_m2) if at_rate else Tally.auroc
        )
        times = resample(rows.labels, rows.groups, draws=DRAWS, seed=number)
        value = float(measure(tally(rows.labels, rows.logits)))
        draws = measure(tally(rows.labels, rows.logits, times))
        found[kind.data] = _Drawn(value, draws, len(set(rows.groups)))
    return found


def _with_means(drawn: dict[str, _Drawn]) -> dict[str, _Drawn]:
    """The kinds, the mean of those with published labels, and the mean of those by eye, where there are several."""
    by_eye = [one for data, one in drawn.items() if data.endswith(" by eye")]
    published = [one for data, one in drawn.items() if not data.endswith(" by eye")]
    means = {
        name: _Drawn(
            float(np.mean([one.value for one in several])),
            np.mean([one.draws for one in several], axis=0),
            min(one.units for one in several),
        )
        for name, several in ((MEAN, published), (MEAN_BY_EYE, by_eye))
        if len(several) > 1
    }
    return drawn | means
