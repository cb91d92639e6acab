"""A tile of any size as the network's input."""

import cv2
import numpy as np

from crackmap_models.data.tiles import Pixels


def fit(pixels: Pixels, tile_px: int) -> Pixels:
    """RGB [h, w, 3] → RGB [tile_px, tile_px, 3] that shows as much: larger tiles shrink, smaller are mirrored out."""
    height, width = pixels.shape[:2]
    if max(height, width) > tile_px:
        pixels = np.asarray(cv2.resize(pixels, (tile_px, tile_px), interpolation=cv2.INTER_AREA), np.uint8)
        height = width = tile_px
    top, left = (tile_px - height) // 2, (tile_px - width) // 2
    if not (top or left or height < tile_px or width < tile_px):
        return pixels
    bottom, right = tile_px - height - top, tile_px - width - left
    return np.asarray(cv2.copyMakeBorder(pixels, top, bottom, left, right, cv2.BORDER_REFLECT_101), np.uint8)
