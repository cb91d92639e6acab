"""From shapes to pixels: coverage of antialiased shapes, and what they do to the background."""

from collections.abc import Sequence

import cv2
import numpy as np

from crackmap_models.data.tiles import Pixels
from crackmap_models.training.composites.fields import Plane, Points, plane

FINE = 4  # shapes are drawn this many times finer than pixels, then averaged
FRACTION_BITS = 3
Colour = tuple[float, float, float]


def filled(height: int, width: int, outlines: Sequence[Points]) -> Plane:
    """Coverage 0..1 [height, width] of the union of closed outlines [n, 2] (x, y in px)."""
    fine = np.zeros((height * FINE, width * FINE), np.uint8)
    for outline in outlines:
        cv2.fillPoly(fine, [_fine(outline)], 255, shift=FRACTION_BITS)
    return _coverage(fine, width, height)


def stroked(height: int, width: int, lines: Sequence[Points], width_px: float) -> Plane:
    """Coverage 0..1 [height, width] of open lines [n, 2] of one width (to a quarter of a pixel)."""
    fine = np.zeros((height * FINE, width * FINE), np.uint8)
    thickness = max(1, round(width_px * FINE))
    cv2.polylines(fine, [_fine(line) for line in lines], False, 255, thickness, shift=FRACTION_BITS)
    return _coverage(fine, width, height)


def shade(pixels: Pixels, factor: Plane, tint: Colour = (1.0, 1.0, 1.0)) -> Pixels:
    """Multiplies light: where `factor` [h, w] is 1 nothing changes; `tint` is an exponent per channel."""
    channels = [factor if exponent == 1.0 else factor**exponent for exponent in tint]
    return np.asarray(cv2.multiply(pixels, cv2.merge(channels), dtype=cv2.CV_8U), np.uint8)


def cover(pixels: Pixels, coverage: Plane, colour: Colour, texture: float = 0.5) -> Pixels:
    """Lays a colour over the pixels as far as `coverage` [h, w] says.

    The background's relief shows through by the share `texture`, as it does through paint and dirt.
    """
    base = pixels.astype(np.float32)
    paint = np.broadcast_to(np.array(colour, np.float32), base.shape)
    if texture > 0:
        relief = base.mean(2) - cv2.blur(base.mean(2), (15, 15))
        paint = paint + np.float32(texture) * relief[:, :, None]
    mixed = base + coverage[:, :, None] * (paint - base)
    return np.asarray(np.clip(mixed, 0, 255), np.uint8)


def _fine(points: Points) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    """Fixed-point coordinates on the fine raster (pixel centres stay pixel centres)."""
    return np.round(((points + 0.5) * FINE - 0.5) * (1 << FRACTION_BITS)).astype(np.int32)


def _coverage(fine: Pixels, width: int, height: int) -> Plane:
    return plane(cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)) / np.float32(255)
