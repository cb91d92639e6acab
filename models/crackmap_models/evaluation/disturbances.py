"""What a camera, a codec or a distance may do to a tile, one thing at a time and in steps.

All functions take and give RGB [h, w, 3] and keep the size.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from crackmap_models.data.fit import fit
from crackmap_models.data.tiles import Pixels, decode

Change = Callable[[Pixels], Pixels]


@dataclass(frozen=True, slots=True)
class Disturbance:
    """One kind of disturbance: its unit, its levels in order, the one that changes nothing, and what a level does."""

    name: str
    unit: str
    levels: tuple[float, ...]
    neutral: float
    apply: Callable[[Pixels, float], Pixels]

    def at(self, level: float) -> Change | None:
        """What to do to a tile at `level`; None for the neutral level."""
        return None if level == self.neutral else lambda pixels: self.apply(pixels, level)


def blur(pixels: Pixels, sigma_px: float) -> Pixels:
    """Gaussian blur."""
    return _u8(cv2.GaussianBlur(pixels, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT_101))


def exposure(pixels: Pixels, ev: float) -> Pixels:
    """`ev` stops more light: twice the linear light for each, through sRGB's curve (IEC 61966-2-1); whites clip."""
    encoded = np.arange(256) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    lit = np.clip(linear * 2.0**ev, 0, 1)
    again = np.where(lit <= 0.0031308, lit * 12.92, 1.055 * lit ** (1 / 2.4) - 0.055)
    return _u8(cv2.LUT(pixels, np.round(again * 255).astype(np.uint8)))


def jpeg(pixels: Pixels, quality: float) -> Pixels:
    """Through a JPEG encoder (4:2:0) and back."""
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    _, content = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    return decode(Path("disturbed.jpg"), content.tobytes())


def scale(pixels: Pixels, factor: float) -> Pixels:
    """The surface `factor` times as large: cropped around the middle when larger, mirrored out when smaller.

    A crack near the edge leaves the crop and its label stays: over 1, figures fall for that reason, too.
    """
    height, width = pixels.shape[:2]
    if factor < 1:
        size = max(1, round(width * factor)), max(1, round(height * factor))
        small = _u8(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
        return fit(small, max(height, width))[:height, :width]
    inner_height, inner_width = round(height / factor), round(width / factor)
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    inner = pixels[top : top + inner_height, left : left + inner_width]
    return _u8(cv2.resize(inner, (width, height), interpolation=cv2.INTER_CUBIC))


def noise(pixels: Pixels, sigma: float) -> Pixels:
    """Normal noise of `sigma` grey levels, independent in every pixel and channel; always the same for a tile."""
    drawn = np.random.default_rng(int(pixels.sum(dtype=np.int64))).normal(0, sigma, pixels.shape)
    return np.clip(np.round(pixels + drawn), 0, 255).astype(np.uint8)


def grey(pixels: Pixels, share: float) -> Pixels:
    """Colour taken away: 1 is grey (ITU-R BT.601 luma), 0 is as it was."""
    luma = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return _u8(cv2.addWeighted(pixels, 1 - share, luma, share, 0))


DISTURBANCES = (
    Disturbance("blur", "sigma, px", (0, 0.5, 1, 1.5, 2, 3), 0, blur),
    Disturbance("exposure", "stops", (-2, -1, -0.5, 0, 0.5, 1, 2), 0, exposure),
    Disturbance("jpeg", "quality; 100: as it was", (100, 95, 80, 60, 40, 25, 10), 100, jpeg),
    Disturbance("scale", "size of content; over 1 cropped", (0.5, 0.67, 0.8, 1, 1.25, 1.5, 2), 1, scale),
    Disturbance("noise", "sigma, grey levels", (0, 4, 8, 16, 32), 0, noise),
    Disturbance("grey", "colour taken away", (0, 0.5, 1), 0, grey),
)


def _u8(pixels: cv2.typing.MatLike) -> Pixels:
    return np.asarray(pixels, np.uint8)
