"""The shipped threshold: what someone who scans a wall wants to see first, chosen on validation tiles only.

Too low, and an inspector wades through hundreds of false tiles per wall and stops reading; too high, and hairline
cracks stay hidden, which is worse. Of the first model's validation walls, 1, 2 and 4 % found 35, 50 and 63 % of the
tiles that are labelled crack (a third of them wrongly), for 1.5, 4 and 10 false tiles per square metre: 2 % it is.
(Test figures at 1 % had been seen by then. The highest mean F1 on validation tiles would give 0.35, and 21 false tiles
per square metre of wall.)
Every tile's score is kept, so the slider on the map can go either way. Every data set and surface kind weighs the
same, or the one with the most tiles decides.
"""

import math
from collections.abc import Sequence

import numpy as np

from crackmap_models.evaluation.kinds import Scored

FALSE_TILE_SHARE = 0.02
RULE = (
    f"lowest score at which at most {FALSE_TILE_SHARE:.0%} of the crack-free validation tiles are called crack "
    "(mean over data sets and surface kinds); about 6 false tiles per m2 at 0.23 mm per pixel"
)


def choose_threshold(scored: Sequence[Scored], share: float = FALSE_TILE_SHARE) -> float:
    """The lowest logit, among those that crack-free tiles have, whose mean share of false tiles is at most `share`.

    `scored` is one kind of validation tiles each, all with tiles of both classes. Just over the highest
    crack-free logit when even that one is too many.
    """
    negatives = [np.sort(rows.logits[~rows.labels]) for rows in scored]
    candidates = np.unique(np.concatenate(negatives))
    shares = np.mean([1 - np.searchsorted(kind, candidates, side="left") / len(kind) for kind in negatives], axis=0)
    allowed = candidates[shares <= share]
    return float(allowed[0] if len(allowed) else np.nextafter(candidates[-1], np.inf))


def probability(logit: float) -> float:
    """A logit as the probability in a manifest, rounded down (0.0001 at least) so that the logit itself passes."""
    return max(1, math.floor(1e4 / (1 + math.exp(-logit)))) / 1e4


def logit(probability_of_crack: float) -> float:
    """The inverse of `probability`, for a threshold in (0, 1)."""
    return math.log(probability_of_crack / (1 - probability_of_crack))
