"""95 % intervals by resampling whole groups.

Tiles of one group (overlapping photographs, crops along one crack) are not independent; an interval that resamples
tiles would be too narrow. Where there are few groups (SDNET2018's test walls: seven), percentiles of resampled groups
are too narrow as well. Hesterberg's expanded percentiles are used for all: of G groups, the levels ±1.96 of a normal
distribution become ±t(G − 1) · √(G / (G − 1)) ("What teachers should know about the bootstrap", The American
Statistician 69, 2015, section 4.3); with hundreds of groups these are the usual 2.5 and 97.5 %.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crackmap_models.evaluation.metrics import Counts, Labels, Measure, Scores, Values, tally

DRAWS = 500


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def with_intervals(
    measures: Mapping[str, Measure],
    labels: Labels,
    scores: Scores,
    groups: npt.NDArray[np.str_],
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> dict[str, Interval]:
    """Every measure on all rows, with its interval over `draws` resamplings of groups [n] with replacement."""
    all_rows = tally(labels, scores)
    drawn = tally(labels, scores, resample(labels, groups, draws=draws, seed=seed))
    units = len(np.unique(groups))
    return {name: interval(float(measure(all_rows)), measure(drawn), units) for name, measure in measures.items()}


def resample(labels: Labels, groups: npt.NDArray[np.str_], *, draws: int = DRAWS, seed: int = 0) -> Counts:
    """How often each row counts [draws, n] in resamplings of groups [n]; the same for the same labels and groups.

    Draws that hold one class only have no figure and are drawn again; `labels` [n] must hold both.
    """
    assert labels.any(), "no crack tiles; check_evaluable comes first"
    assert not labels.all(), "no tiles without a crack; check_evaluable comes first"
    _, group_of = np.unique(groups, return_inverse=True)
    count = int(group_of.max()) + 1
    rng = np.random.default_rng(seed)
    kept = np.empty((0, count), np.int32)
    # A group's part in the two classes says whether a draw holds both, without a look at its rows.
    has_crack, has_other = (np.bincount(group_of[rows], minlength=count) > 0 for rows in (labels, ~labels))
    while len(kept) < draws:
        chosen = rng.integers(count, size=(draws, count)) + np.arange(draws)[:, None] * count
        times = np.bincount(chosen.ravel(), minlength=draws * count).reshape(draws, count).astype(np.int32)
        both = (times @ has_crack > 0) & (times @ has_other > 0)
        kept = np.concatenate([kept, times[both]])[:draws]
    return np.asarray(kept[:, group_of])


def interval(value: float, drawn: Values, units: int) -> Interval:
    """`value` between the expanded percentiles of the figures `drawn` [draws] from `units` groups; it holds `value`."""
    tail = 100 * _tail(units)
    low, high = np.percentile(drawn, [tail, 100 - tail])
    return Interval(value, min(float(low), value), max(float(high), value))


def _tail(units: int) -> float:
    """The share of draws beyond each end of the interval, for this many groups; 0 for a single one."""
    from scipy.stats import norm, t  # noqa: PLC0415 - a second's import, for those who measure

    if units < 2:
        return 0.0
    return float(norm.cdf(t.ppf(0.025, units - 1) * np.sqrt(units / (units - 1))))
