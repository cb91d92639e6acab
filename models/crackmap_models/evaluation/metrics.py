"""Figures for scores against labels, by definition, and their 95 % intervals by resampling whole groups.

Tiles of one group (overlapping photographs, crops along one crack) are not independent; an interval that resamples
tiles would be too narrow. All functions take labels [n] (True is crack) and scores [n] (higher is more crack-like).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.bool_]
Scores = npt.NDArray[np.float64]
Measure = Callable[[Labels, Scores], float]


def auroc(labels: Labels, scores: Scores) -> float:
    """P(a crack tile scores over a no_crack tile) + ½ P(equal): Mann-Whitney's U over the pairs."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    middle_rank = np.cumsum(counts) - (counts - 1) / 2
    positive = int(labels.sum())
    negative = len(labels) - positive
    rank_sum = float(middle_rank[inverse][labels].sum())
    return (rank_sum - positive * (positive + 1) / 2) / (positive * negative)


def auprc(labels: Labels, scores: Scores) -> float:
    """Average precision: the sum over thresholds of precision × gain in recall; equal scores are one threshold."""
    hits, calls = _at_each_threshold(labels, scores)
    gains = np.diff(hits, prepend=0) / labels.sum()
    return float((hits / calls * gains).sum())


def f1(labels: Labels, scores: Scores, threshold: float) -> float:
    """Harmonic mean of precision and recall of `scores >= threshold`; 0 when nothing is right."""
    called = scores >= threshold
    return float(2 * (called & labels).sum() / max(1, called.sum() + labels.sum()))


def recall(labels: Labels, scores: Scores, threshold: float) -> float:
    """The part of the crack tiles that scores at or over `threshold`."""
    return float((scores[labels] >= threshold).mean())


def false_tiles_per_m2(labels: Labels, scores: Scores, threshold: float, tile_m2: float) -> float:
    """No_crack tiles at or over `threshold`, per square metre of no_crack tiles of `tile_m2` each."""
    return float((scores[~labels] >= threshold).mean() / tile_m2)


def threshold_at_false_tiles(labels: Labels, scores: Scores, per_m2: float, tile_m2: float) -> float:
    """The lowest score at which false tiles stay within `per_m2`, on no_crack tiles of `tile_m2` each.

    The next float over the highest no_crack score when not even one false tile is allowed.
    """
    negatives = np.sort(scores[~labels])[::-1]
    allowed = int(np.floor(per_m2 * tile_m2 * len(negatives) + 1e-9))
    if allowed >= len(negatives):
        return float(scores.min())
    # All scores strictly over the first one that is not allowed any more.
    return float(np.nextafter(negatives[allowed], np.inf))


def recall_at_false_tiles(labels: Labels, scores: Scores, per_m2: float, tile_m2: float) -> float:
    """Recall at the lowest threshold that keeps false tiles within `per_m2`."""
    return recall(labels, scores, threshold_at_false_tiles(labels, scores, per_m2, tile_m2))


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def with_interval(
    measure: Measure, labels: Labels, scores: Scores, groups: npt.NDArray[np.str_], *, draws: int = 500, seed: int = 0
) -> Interval:
    """`measure` on all rows, and the 2.5 and 97.5 percentiles over `draws` resamplings of groups [n] with replacement.

    Draws that hold one class only have no figure and are drawn again.
    """
    value = measure(labels, scores)
    _, inverse = np.unique(groups, return_inverse=True)
    members = np.split(np.argsort(inverse, kind="stable"), np.cumsum(np.bincount(inverse))[:-1])
    rng = np.random.default_rng(seed)
    figures: list[float] = []
    while len(figures) < draws:
        rows = np.concatenate([members[k] for k in rng.integers(len(members), size=len(members))])
        drawn = labels[rows]
        if drawn.any() and not drawn.all():
            figures.append(measure(drawn, scores[rows]))
    low, high = np.percentile(figures, [2.5, 97.5])
    return Interval(value, min(float(low), value), max(float(high), value))


def _at_each_threshold(labels: Labels, scores: Scores) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Right calls and all calls at each distinct score, from the highest down."""
    order = np.argsort(-scores, kind="stable")
    last_of_equal = np.append(np.diff(scores[order]) != 0, True)
    hits = np.cumsum(labels[order])[last_of_equal]
    calls = np.arange(1, len(scores) + 1)[last_of_equal]
    return hits.astype(np.int64), calls.astype(np.int64)
