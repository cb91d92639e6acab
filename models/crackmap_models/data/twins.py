"""Near-duplicates: pairs of files that show the same picture, mirrored, turned by half, re-encoded or taken twice.

Hashes propose, pictures decide. Among METU's and SDNET2018's rows, hashes alone cannot tell a crack that was
photographed twice from two smooth walls with a hole in the same corner: both are alike by 0.58 to 0.75. The
correlation of their details can: 0.8 to 1 for the same spot, mostly 0.75 and less otherwise. Cracks of one course on
two walls reach 0.84 (3 of 30 METU pairs across splits, by eye): a list to look at.

Crops that overlap by half are not found: their pictures differ. Groups (`LabelledTile.group`) are for those.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from crackmap_models.data.fingerprints import FREQUENCIES, Fingerprint, small_grey
from crackmap_models.data.progress import Progress
from crackmap_models.data.tiles import LabelledTile, decode, read_bytes

# Signs that agree less those that differ, as a share of all: 1 for the same file, about 0 for unrelated pictures.
PROPOSED = 0.4
SAME_PICTURE = 0.8
# What is finer than this counts, lighting does not; and so far two shots of one spot may be apart.
DETAIL_SIGMA_PX = 4.0
SHIFT_PX = 4
BLOCK = 512
# A way of laying a picture over another, and the sign that it turns: of odd vertical, of odd horizontal frequencies.
TURNS = {
    "as it is": (1, 1),
    "mirrored left to right": (1, -1),
    "mirrored top to bottom": (-1, 1),
    "half-turn": (-1, -1),
}

Detail = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Twins:
    """Two tiles that show one picture. `turn` lays the second over the first; then their details correlate so far."""

    first: LabelledTile
    second: LabelledTile
    turn: str
    correlation: float
    same_bytes: bool

    @property
    def cross_splits(self) -> bool:
        """What is learnt from one of them is tested on the other."""
        return self.first.split != self.second.split

    @property
    def contradict(self) -> bool:
        """One picture under both labels: one of them is wrong."""
        return self.first.crack != self.second.crack


def twins(
    tiles: Sequence[LabelledTile], prints: Sequence[Fingerprint], *, say: Callable[[str], None] = print
) -> list[Twins]:
    """All pairs that show one picture: those that cross splits first, then contradictions, then the most alike.

    `prints` [n] are the fingerprints of `tiles` [n]. Every pair is compared: n² / 2 products of two hashes, four
    mirror images at the cost of one; 43,000 tiles take about a minute. Raises UnreadableImage.
    """
    found = []
    for j, k, turn in _proposed(prints, say):
        same_bytes = prints[j].sha256 == prints[k].sha256
        correlation = 1.0 if same_bytes else same_picture(_detail(tiles[j]), _turned(_detail(tiles[k]), turn))
        if correlation >= SAME_PICTURE:
            found.append(Twins(tiles[j], tiles[k], turn, correlation, same_bytes))
    return sorted(found, key=lambda pair: (not pair.cross_splits, not pair.contradict, -pair.correlation))


def same_picture(first: Detail, second: Detail) -> float:
    """The highest correlation, -1 to 1, of two details [SMALL_PX, SMALL_PX] laid up to SHIFT_PX apart."""
    inner = second[SHIFT_PX:-SHIFT_PX, SHIFT_PX:-SHIFT_PX]
    return float(cv2.matchTemplate(first, inner, cv2.TM_CCOEFF_NORMED).max())


def _detail(tile: LabelledTile) -> Detail:
    """The small grey picture less its own blur."""
    grey = small_grey(decode(tile.path, read_bytes(tile.path)))
    return np.asarray(grey - cv2.GaussianBlur(grey, (0, 0), DETAIL_SIGMA_PX), np.float32)


def _turned(detail: Detail, turn: str) -> Detail:
    down, across = TURNS[turn]
    return np.ascontiguousarray(detail[::down, ::across])


def _proposed(prints: Sequence[Fingerprint], say: Callable[[str], None]) -> Iterator[tuple[int, int, str]]:
    """Indices j < k of pairs with hashes alike, and the way of laying one over the other that makes them so."""
    if not prints:
        return
    parts = [_part(prints, odd_down, odd_across) for odd_down in (0, 1) for odd_across in (0, 1)]
    enough = PROPOSED * (FREQUENCIES * FREQUENCIES - 1)
    # of n rows, row j meets those after it: what is left shrinks with the square of the rows that are left
    progress = Progress("pairs compared", len(prints) ** 2, say)
    for start in range(0, len(prints), BLOCK):
        even, across, down, both = (part[start : start + BLOCK] @ part[start:].T for part in parts)
        # abs() joins each way with its opposite in the odd frequencies; which one it was is asked of the few that pass
        best = np.maximum(even + both + np.abs(across + down), even - both + np.abs(across - down))
        for row, column in np.argwhere(best >= enough).tolist():
            if row < column:
                products = (product[row, column] for product in (even, across, down, both))
                yield start + row, start + column, _turn(*map(float, products))
        progress.reached(len(prints) ** 2 - max(0, len(prints) - start - BLOCK) ** 2)


def _part(prints: Sequence[Fingerprint], odd_down: int, odd_across: int) -> npt.NDArray[np.float32]:
    """Signs [n, FREQUENCIES² / 4] of the frequencies that are odd or even downwards and across."""
    return np.stack([one.signs[odd_down::2, odd_across::2].ravel() for one in prints]).astype(np.float32)


def _turn(even: float, across: float, down: float, both: float) -> str:
    """The best of the four ways to lay one picture over the other, by the products of the four parts."""
    return max(TURNS, key=lambda turn: even + TURNS[turn][1] * across + TURNS[turn][0] * (down + TURNS[turn][1] * both))
