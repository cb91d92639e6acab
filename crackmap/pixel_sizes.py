"""How large the pixels of a frame are on the surface, each tile by itself: an oblique view has many scales.

Seen at an angle a from square, a pixel is longer by 1 / cos a along the tilt: a crack that runs across it must be wider
by as much to be seen.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

SQUARE_COSINE = math.cos(math.radians(5))
"""So near to square nothing is put down to the angle."""
STEEPEST_COSINE = 0.5
"""Farther from square, 60 degrees, nothing is shown: the model was measured on tiles that are not pressed to half."""


@dataclass(frozen=True)
class PixelSizes:
    """Of each tile, in mm: `widest_mm` (n,) along the tilt, `across_mm` (n,) across it, as if seen squarely."""

    widest_mm: FloatArray
    across_mm: FloatArray

    def narrowest_mm(self, widths_px: FloatArray) -> tuple[FloatArray, FloatArray]:
        """How narrow a crack shows that must be so many pixels wide: as the tile is seen, and if it were square."""
        cosine = self.across_mm / np.maximum(self.widest_mm, 1e-300)
        seen = np.where(cosine < STEEPEST_COSINE, np.inf, widths_px * self.widest_mm)
        square = widths_px * np.where(cosine > SQUARE_COSINE, self.widest_mm, self.across_mm)
        return np.where(np.isnan(widths_px), np.nan, seen), square


def pixel_sizes(corners_m: FloatArray, tile_px: int) -> PixelSizes:
    """From the corners (n, 4, 2) on the chart, in the order top left, top right, bottom right, bottom left.

    The singular values of d(u, v)/d(pixel), in closed form: half of |a + d, b − c| plus and minus |a − d, b + c|.
    """
    top_left, top_right, bottom_right, bottom_left = corners_m.transpose(1, 0, 2)
    a, c = (500 * (top_right - top_left + bottom_right - bottom_left) / tile_px).T
    b, d = (500 * (bottom_left - top_left + bottom_right - top_right) / tile_px).T
    one, other = np.hypot(a + d, b - c) / 2, np.hypot(a - d, b + c) / 2
    return PixelSizes(one + other, np.abs(one - other))
