"""The shipped threshold: as many false tiles as someone who walks along a wall will look at, and no more.

Too low, and an inspector wades through false tiles and stops reading; too high, and hairline cracks stay hidden, which
is worse. Three false tiles per square metre, the coarsest of the three rates that are reported: one for every hundred
tiles. It is chosen on validation tiles only, and was settled before the test figures of the model that ships with it
were looked at. Every data set and surface kind weighs the same, or the one with the most tiles decides. Where tiles
were looked at again, what was seen counts: a crack that nobody had labelled is no false tile.

Every tile's score is kept, so the slider on the map can go either way.
"""

import math
from collections.abc import Sequence

import numpy as np

from crackmap_models.evaluation.kinds import Scored

MOST_PER_M2 = 3.0
RULE = (
    f"lowest score at which at most {MOST_PER_M2:g} false tiles per m2 (at 0.23 mm per pixel) are called crack on "
    "validation tiles, mean over data sets and surface kinds, labels by eye where there are any"
)


def choose_threshold(scored: Sequence[Scored], per_m2: float = MOST_PER_M2) -> float:
    """The lowest logit, among those that crack-free tiles have, whose mean rate of false tiles is at most `per_m2`.

    `scored` is one kind of validation tiles each; where false tiles are counted on other rows (`rates`), on those.
    Just over the highest crack-free logit when even that one is too many.
    """
    kinds = [rows.rates or rows for rows in scored]
    negatives = [np.sort(rows.logits[~rows.labels]) for rows in kinds]
    candidates = np.unique(np.concatenate(negatives))
    rates = [
        (1 - np.searchsorted(logits, candidates, side="left") / len(logits)) / rows.tile_m2
        for rows, logits in zip(kinds, negatives, strict=True)
    ]
    allowed = candidates[np.mean(rates, axis=0) <= per_m2]
    return float(allowed[0] if len(allowed) else np.nextafter(candidates[-1], np.inf))


def probability(logit: float) -> float:
    """A logit as the probability in a manifest, rounded down (0.0001 at least) so that the logit itself passes."""
    return max(1, math.floor(1e4 / (1 + math.exp(-logit)))) / 1e4


def logit(probability_of_crack: float) -> float:
    """The inverse of `probability`, for a threshold in (0, 1)."""
    return math.log(probability_of_crack / (1 - probability_of_crack))
