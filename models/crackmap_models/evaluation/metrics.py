"""Figures for scores against labels, by definition.

All of them are functions of a tally: how many crack and how many no_crack tiles have each score. A tally of many
resamplings at once (see intervals.py) gives the figure of each, in one pass over sorted scores.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.bool_]
Scores = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]

CALIBRATION_BINS = 15


@dataclass(frozen=True, slots=True)
class Tally:
    """Distinct scores [m], ascending, and the number of crack and no_crack tiles [..., m] that have each.

    Every tally has tiles of both classes, or its figures are nan. Methods return values [...].
    """

    scores: Scores
    cracks: Counts
    others: Counts

    def auroc(self) -> Values:
        """P(a crack tile scores over a no_crack tile) + ½ P(equal): Mann-Whitney's U over the pairs."""
        below = np.cumsum(self.others, axis=-1) - self.others / 2
        return _values((self.cracks * below).sum(-1) / (self.cracks.sum(-1) * self.others.sum(-1)))

    def auprc(self) -> Values:
        """Average precision: the sum over thresholds of precision × gain in recall; equal scores are one threshold."""
        hits = _from_the_top(self.cracks)
        calls = hits + _from_the_top(self.others)
        return _values((hits / np.maximum(calls, 1) * self.cracks).sum(-1) / self.cracks.sum(-1))

    def f1(self, threshold: float) -> Values:
        """Harmonic mean of precision and recall of `score >= threshold`; 0 when nothing is right."""
        hits, false = self._called(threshold)
        return _values(2 * hits / np.maximum(1, hits + false + self.cracks.sum(-1)))

    def recall(self, threshold: float) -> Values:
        """The part of the crack tiles that scores at or over `threshold`."""
        return _values(self._called(threshold)[0] / self.cracks.sum(-1))

    def false_tiles_per_m2(self, threshold: float, tile_m2: float) -> Values:
        """No_crack tiles at or over `threshold`, per square metre of no_crack tiles of `tile_m2` each."""
        return _values(self._called(threshold)[1] / (self.others.sum(-1) * tile_m2))

    def recall_at_false_tiles(self, per_m2: float, tile_m2: float) -> Values:
        """Recall at the lowest threshold that keeps false tiles within `per_m2`, on no_crack tiles of `tile_m2`."""
        allowed = np.floor(per_m2 * tile_m2 * self.others.sum(-1, keepdims=True) + 1e-9)
        hits = np.where(_from_the_top(self.others) <= allowed, _from_the_top(self.cracks), 0)
        return _values(hits.max(-1) / self.cracks.sum(-1))

    def calibration_error(self, bins: int = CALIBRATION_BINS) -> Values:
        """Expected calibration error of p = sigmoid(score): Σ_b (n_b / n) · |share of cracks in b − mean p in b|.

        Naeini, Cooper, Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015; with
        `bins` bins of equal mass (Nguyen, O'Connor, "Posterior calibration and exploratory analysis for natural
        language processing models", EMNLP 2015); equal scores share a bin. Few tiles per bin push it up.
        """
        cracks, probability, total = self.calibration(bins)
        return _values(np.abs(cracks - probability).sum(-1) / total.sum(-1))

    def calibration(self, bins: int = CALIBRATION_BINS) -> tuple[Values, Values, Values]:
        """Cracks, summed probability and tiles [..., bins] in each bin of equal mass, from the lowest score up."""
        total = self.cracks + self.others
        middle = np.cumsum(total, axis=-1) - total / 2
        bin_of = np.minimum((middle * bins / total.sum(-1, keepdims=True)).astype(np.int64), bins - 1)
        shape = (*total.shape[:-1], bins)
        row = np.arange(int(np.prod(shape[:-1]))).reshape(*shape[:-1], 1)
        place = (row * bins + bin_of).ravel()

        def summed(values: npt.NDArray[np.generic]) -> Values:
            return np.bincount(place, values.ravel(), int(np.prod(shape))).reshape(shape)

        return summed(self.cracks), summed(total * sigmoid(self.scores)), summed(total)

    def brier(self) -> Values:
        """Mean of (sigmoid(score) − label)² (Brier, Monthly Weather Review 78, 1950)."""
        p = sigmoid(self.scores)
        squares = self.cracks * (1 - p) ** 2 + self.others * p**2
        return _values(squares.sum(-1) / (self.cracks.sum(-1) + self.others.sum(-1)))

    def _called(self, threshold: float) -> tuple[Counts, Counts]:
        """Crack and no_crack tiles [...] at or over `threshold`."""
        first = int(np.searchsorted(self.scores, threshold, side="left"))
        return self.cracks[..., first:].sum(-1), self.others[..., first:].sum(-1)


Measure = Callable[[Tally], Values]


def tally(labels: Labels, scores: Scores, weights: Counts | None = None) -> Tally:
    """The tally of labels [n] (True is crack) and scores [n] (higher is more crack-like).

    `weights` [..., n] says how often each row counts (1 without); its leading axes become those of the tally.
    """
    order = np.argsort(scores, kind="stable")
    values, firsts = np.unique(scores[order], return_index=True)
    weights = np.ones(len(scores), np.int64) if weights is None else weights
    weights, cracks = weights[..., order], labels[order]
    counts = [np.add.reduceat(weights * wanted, firsts, axis=-1, dtype=np.int64) for wanted in (cracks, ~cracks)]
    return Tally(values, *counts)


def auroc(labels: Labels, scores: Scores) -> float:
    """The area under the ROC curve of labels [n] and scores [n]; see Tally.auroc."""
    return float(tally(labels, scores).auroc())


def sigmoid(logits: Scores) -> Values:
    """Logits [...] → probabilities [...]."""
    return _values(1 / (1 + np.exp(-logits)))


def _from_the_top(counts: Counts) -> Counts:
    """How many tiles [..., m] have each score or a higher one."""
    return np.asarray(np.cumsum(counts[..., ::-1], axis=-1)[..., ::-1], np.int64)


def _values(array: npt.ArrayLike) -> Values:
    return np.asarray(array, np.float64)
