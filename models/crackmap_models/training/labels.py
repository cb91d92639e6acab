"""What the network is asked to answer for each training tile, when labels are known to be wrong.

SDNET2018 marks many tiles "crack" on which none can be seen: by eye, about 0.7 of its wall, 0.45 of its deck and 0.85
of its pavement tiles of that label show one. Five ways to live with it, from none to looking for oneself:

published   the label as it is
trust       a target is how far a label is to be trusted, not 1: the worst labels do not shout the loudest
bootstrap   published, and the loss moves every target a fifth of the way to what the network answers itself (soft
            bootstrapping, Reed et al. 2015, "Training deep neural networks on noisy labels with bootstrapping")
confident   published, without the tiles that another network contradicts more surely than is usual for their label
            (confident learning, Northcutt et al. 2021, "Confident learning: estimating uncertainty in dataset labels")
by_eye      what was seen when looking again, without the doubtful ones; trust for tiles that nobody looked at
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from crackmap_models.data.label_errors import margins_of
from crackmap_models.data.tiles import LabelledTile

Noise = Literal["published", "trust", "bootstrap", "confident", "by_eye"]
Targets = npt.NDArray[np.float32]

# Probability that a crack is there, given the label "crack".
CRACK_TRUST: Mapping[str, float] = {
    "sdnet2018 walls": 0.75,
    "sdnet2018 decks": 0.5,
    "sdnet2018 pavements": 0.88,
}
SURE = 0.98
# METU's cracks are wide and none of them is doubtful: the network may be as sure of them as it can, and surer than of
# hairlines, on which readers differ.
METU_CRACK = 0.998
BOOTSTRAP_SHARE = 0.2


def targets(tiles: Sequence[LabelledTile], noise: Noise, judged: npt.NDArray[np.float64] | None = None) -> Targets:
    """The probability of a crack [n] to be answered for each tile; NaN for a tile to be left out.

    `judged` are another network's probabilities [n], for "confident".
    """
    cracks = np.array([tile.crack for tile in tiles])
    answers = np.where(cracks, SURE, 1 - SURE).astype(np.float32)
    answers[[tile.source == "metu" and tile.crack and not tile.looked_at for tile in tiles]] = METU_CRACK
    if noise in {"trust", "by_eye"}:
        for row, tile in enumerate(tiles):
            if tile.crack and not tile.looked_at:
                answers[row] = CRACK_TRUST.get(tile.data, answers[row])
    if noise == "confident" and judged is not None:
        kinds = np.array([tile.data for tile in tiles])
        for kind in np.unique(kinds):
            rows = kinds == kind
            answers[rows] = np.where(contradicted(cracks[rows], judged[rows]), np.nan, answers[rows])
    return answers


def contradicted(cracks: npt.NDArray[np.bool_], judged: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which labels [n] a network's probabilities [n] contradict.

    How that is told: `crackmap_models.data.label_errors.margins_of`.
    """
    return margins_of(cracks, judged) > 0
