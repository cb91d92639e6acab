"""From shapes to pixels: coverage of antialiased shapes, and what they do to the background."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from crackmap_models.composites.fields import Plane, Points, grey_of, plane
from crackmap_models.data.tiles import Pixels

FINE = 4  # shapes are drawn this many times finer than pixels, then averaged
FRACTION_BITS = 3
Colour = tuple[float, float, float]


def filled(height: int, width: int, outlines: Sequence[Points]) -> Plane:
    """Coverage 0..1 [height, width] of the union of closed outlines [n, 2] (x, y in px)."""
    fine = np.zeros((height * FINE, width * FINE), np.uint8)
    if outlines:
        corners = _fixed_point(np.concatenate(outlines))
        for outline in np.split(corners, np.cumsum([len(outline) for outline in outlines])[:-1]):
            cv2.fillPoly(fine, [outline], 255, shift=FRACTION_BITS)
    return averaged(fine)


def stroked(height: int, width: int, lines: Sequence[Points] | Points, width_px: float) -> Plane:
    """Coverage 0..1 [height, width] of open lines [n, 2], or [m, n, 2], of one width (to a quarter of a pixel)."""
    fine = np.zeros((height * FINE, width * FINE), np.uint8)
    thickness = max(1, round(width_px * FINE))
    fixed = list(_fixed_point(lines)) if isinstance(lines, np.ndarray) else [_fixed_point(line) for line in lines]
    cv2.polylines(fine, fixed, False, 255, thickness, shift=FRACTION_BITS)
    return averaged(fine)


def averaged(fine: Pixels) -> Plane:
    """A drawing [h * FINE, w * FINE] of 0 and 255 → coverage 0..1 [h, w]; by twos, which is fast."""
    height, width = fine.shape[0] // FINE, fine.shape[1] // FINE
    half = cv2.resize(fine, (width * 2, height * 2), interpolation=cv2.INTER_AREA)
    return plane(cv2.resize(half, (width, height), interpolation=cv2.INTER_AREA)) / np.float32(255)


def shade(pixels: Pixels, factor: Plane, tint: Colour = (1.0, 1.0, 1.0)) -> Pixels:
    """Multiplies light: where `factor` [h, w] is 1 nothing changes; `tint` is an exponent per channel."""
    return blend(pixels, [factor if exponent == 1.0 else factor ** np.float32(exponent) for exponent in tint])


def cover(pixels: Pixels, coverage: Plane, colour: Colour, texture: float = 0.5) -> Pixels:
    """Lays a colour over the pixels as far as `coverage` [h, w] says.

    The background's relief shows through by the share `texture`, as it does through paint and dirt.
    """
    there = box(coverage)
    part, share = pixels[there], coverage[there]
    if not share.size:
        return pixels.copy()
    offsets = [share * np.float32(channel) for channel in colour]
    if texture:
        grey = grey_of(part)
        relief = share * np.float32(texture) * (grey - cv2.blur(grey, (15, 15)))
        offsets = [offset + relief for offset in offsets]
    covered = pixels.copy()
    covered[there] = blend(part, [1 - share] * 3, offsets)
    return covered


def blend(pixels: Pixels, gains: Sequence[Plane], offsets: Sequence[Plane] | None = None) -> Pixels:
    """pixels * gains + offsets, three planes [h, w] each (red, green, blue), rounded and held to 0..255."""
    if offsets is None:
        return np.asarray(cv2.multiply(pixels, cv2.merge(gains), dtype=cv2.CV_8U), np.uint8)
    scaled = cv2.multiply(pixels, cv2.merge(gains), dtype=cv2.CV_32F)
    return np.asarray(cv2.add(scaled, cv2.merge(offsets), dtype=cv2.CV_8U), np.uint8)


def box(coverage: Plane, margin_px: int = 0) -> tuple[slice, slice]:
    """The rows and columns of a coverage [h, w] that hold anything, and a margin about them; empty if nothing does."""
    left, top, wide, high = cv2.boundingRect((coverage > 1 / 512).astype(np.uint8))
    if not wide:
        return slice(0, 0), slice(0, 0)
    return (
        slice(max(0, top - margin_px), top + high + margin_px),
        slice(max(0, left - margin_px), left + wide + margin_px),
    )


def _fixed_point(points: Points) -> npt.NDArray[np.int32]:
    """Coordinates on the fine raster; the middle of a pixel stays its middle."""
    return np.round(((points + 0.5) * FINE - 0.5) * (1 << FRACTION_BITS)).astype(np.int32)
