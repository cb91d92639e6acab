"""What a surface must tell: where lines of sight meet it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from crackmap_robot.projection.lines import Lines

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Slopes:
    """How a point (u, v) on the surface follows what is not known exactly.

    by_position  (n, 2, 3) d(u, v)/d(where its line of sight starts)
    by_ray       (n, 2, 3) d(u, v)/d(along what it goes)
    by_face      (n, 2)    d(u, v)/d(how far the face lies off its shape, along the outward normal)
    """

    by_position: FloatArray
    by_ray: FloatArray
    by_face: FloatArray


class Shape(Protocol):
    """A plane or a cylinder."""

    @property
    def border_pieces(self) -> int:
        """Into how many a straight piece of a picture's border is cut."""
        ...

    def hits(self, lines: Lines) -> FloatArray:
        """(u, v) in metres (n, 2) where lines of sight meet it. Raises NoView."""
        ...

    def hit_slopes(self, lines: Lines) -> Slopes:
        """How those follow errors. Raises NoView."""
        ...
