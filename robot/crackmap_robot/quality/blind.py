"""Tiles in which nothing can be seen, whatever the model says of them. Pure.

A tile that is black or burned out shows no crack even where there is one; its score would be read as "looked at". So it
gets a reason in place of a score. Only tiles without any hope: what is dim or hazy is scored.
"""

from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt

from crackmap.messages import Reason
from crackmap.tile_grid import TileGrid

BLACK, WHITE = 16, 250
"""Grey levels. At or under the one all three channels are the sensor's noise; at or over the other all have reached
their end, JPEG's ringing taken off."""
BLIND_SHARE = 0.95
"""Of a tile: a crack that is a hundredth of it could still be seen in the rest."""
SAMPLED_EVERY_PX = 4
BOUNDS = {
    Reason.DARK: ((0, 0, 0), (BLACK, BLACK, BLACK)),
    Reason.BRIGHT: ((WHITE, WHITE, WHITE), (255, 255, 255)),
}


def blind_tiles(pixels: npt.NDArray[np.uint8], grid: TileGrid) -> Mapping[Reason, list[int]]:
    """Numbers of the tiles of a frame (h, w, 3) that show nothing, by reason; reasons without a tile are left out."""
    size = -(-grid.width_px // SAMPLED_EVERY_PX), -(-grid.height_px // SAMPLED_EVERY_PX)
    sampled = cv2.resize(pixels, size, interpolation=cv2.INTER_NEAREST)
    found = {}
    for reason, (low, high) in BOUNDS.items():
        blind = np.asarray(cv2.inRange(sampled, low, high), np.uint8)
        if not blind.any():
            continue
        tiles = np.flatnonzero(_shares(blind, grid) >= BLIND_SHARE).tolist()
        if tiles:
            found[reason] = tiles
    return found


def _shares(mask: npt.NDArray[np.uint8], grid: TileGrid) -> npt.NDArray[np.float64]:
    """The share of each tile's sampled pixels that are 255, by the sums over all pixels above and left of each."""
    sums = cv2.integral(mask, sdepth=cv2.CV_64F)
    first = -(-grid.corners_px() // SAMPLED_EVERY_PX)
    last = -(-(grid.corners_px() + grid.tile_px) // SAMPLED_EVERY_PX)
    (x, y), (right, down) = first.T, last.T
    inside = sums[down, right] - sums[y, right] - sums[down, x] + sums[y, x]
    return np.asarray(inside / (255 * (right - x) * (down - y)), np.float64)
