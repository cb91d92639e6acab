"""Which labels are probably wrong, by confident learning (Northcutt, Jiang, Chuang 2021, "Confident learning:
estimating uncertainty in dataset labels", JAIR 70).

The library of its authors, cleanlab, is under the AGPL and not for us; for two classes it is a few lines. A network's
probabilities should be of tiles that it was not trained on: it has learnt the wrong labels of those, and finds fewer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crackmap_models.data.tiles import LabelledTile, by_data

Probabilities = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Suspect:
    """A tile whose label a network contradicts. `margin`: how much surer it is of the other class than is usual for
    that class, and less of the label than is usual for the label, together (0 to 2)."""

    tile: LabelledTile
    crack_probability: float
    margin: float


def suspects(tiles: Sequence[LabelledTile], crack_probability: Probabilities) -> dict[str, list[Suspect]]:
    """For each data kind, the tiles with probably wrong labels, the worst first."""
    probability_of = dict(zip((tile.path for tile in tiles), crack_probability.tolist(), strict=True))
    found = {}
    for data, members in by_data(tiles).items():
        cracks = np.array([tile.crack for tile in members])
        judged = np.array([probability_of[tile.path] for tile in members])
        margins = margins_of(cracks, judged)
        rows = [Suspect(members[k], float(judged[k]), float(margins[k])) for k in np.flatnonzero(margins > 0)]
        found[data] = sorted(rows, key=lambda row: (-row.margin, str(row.tile.path)))
    return found


def worst(rows: Sequence[Suspect], count: int) -> list[Suspect]:
    """The worst `count` of one data kind, as many of each label as may be, those labelled crack first.

    Margins of the two labels do not compare: a model that is seldom sure of a crack contradicts "no_crack" more widely.
    """
    cracks, others = [r for r in rows if r.tile.crack], [r for r in rows if not r.tile.crack]
    half = max(count // 2, count - len(others))
    shown = cracks[:half]
    return shown + others[: count - len(shown)]


def margins_of(cracks: npt.NDArray[np.bool_], judged: Probabilities) -> Probabilities:
    """How surely a network's probabilities of a crack [n] contradict labels [n]; 0 where they do not.

    A class's usual confidence is its mean probability among the tiles of that label. A label is contradicted when the
    other class reaches its usual confidence and its own does not (equation 1, off the diagonal of the confident joint).
    """
    if not len(cracks) or cracks.all() or not cracks.any():
        return np.zeros(len(cracks))
    usual_crack, usual_none = judged[cracks].mean(), (1 - judged[~cracks]).mean()
    over_crack, over_none = judged - usual_crack, 1 - judged - usual_none
    own, other = np.where(cracks, over_crack, over_none), np.where(cracks, over_none, over_crack)
    return np.where((other >= 0) & (own < 0), other - own, 0.0)
