"""Which frames to keep so that together they show everything that was photographed. Pure.

The surface is divided into square cells; a frame shows the cells whose middle lies in its footprint.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from crackmap.messages import Point

Cells = frozenset[tuple[int, int]]

CELLS_PER_SIDE = 16
"""Cells along the shorter side of a scan's first footprint."""
MOST_CELLS = 100_000


def cell_side_m(footprint_m: Sequence[Point]) -> float:
    """The side of a scan's cells, from the outline of its first placed frame."""
    outline = np.asarray(footprint_m, np.float64)
    return float(np.ptp(outline, axis=0).min()) / CELLS_PER_SIDE


def cells_in(footprint_m: Sequence[Point], side_m: float) -> Cells:
    """Cells (column, row) whose middle lies inside the outline, by the even-odd rule.

    Empty for a footprint that is much smaller or larger than the cells: such a frame is kept anyway.
    """
    outline = np.asarray(footprint_m, np.float64) / side_m
    first = np.floor(outline.min(axis=0))
    columns, rows = (np.ceil(outline.max(axis=0)) - first).astype(int)
    if columns * rows > MOST_CELLS:
        return frozenset()
    u, v = np.meshgrid(first[0] + np.arange(columns) + 0.5, first[1] + np.arange(rows) + 0.5)
    inside = np.zeros(u.shape, bool)
    for (u0, v0), (u1, v1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if v0 != v1:
            inside ^= ((v0 <= v) != (v1 <= v)) & (u < u0 + (v - v0) * (u1 - u0) / (v1 - v0))
    return frozenset(
        zip(np.floor(u[inside]).astype(int).tolist(), np.floor(v[inside]).astype(int).tolist(), strict=True)
    )


@dataclass
class Keyframes:
    """Chooses frame by frame, in the order in which they were taken, knowing only the next one.

    A frame is left out while the following one shows all that no keyframe shows yet, so every cell that was ever
    photographed is shown by a keyframe in the end.
    """

    _shown: set[tuple[int, int]] = field(default_factory=set)
    _pending: set[tuple[int, int]] = field(default_factory=set)

    def choose(self, cells: Cells, following: Cells | None, decided: bool | None = None) -> bool:
        """Whether the frame that shows `cells` is a keyframe; `following` are the next one's, None where none is known.

        `decided` is what was chosen in an earlier run over the same frames. A frame without cells is a keyframe.
        """
        if not cells:
            return True if decided is None else decided
        self._pending |= cells - self._shown
        chosen = decided if decided is not None else not self._pending <= (following or frozenset())
        if chosen:
            self._shown |= cells
            self._pending.clear()
        elif following is not None:
            self._pending &= following  # all of it, unless an earlier run decided otherwise
        return chosen
