"""What happens to a training tile on its way into a batch: another scale, turn, light, lens and codec every time.

Every tile of every source goes through the same chain, onto a canvas of the same size, and through the same JPEG
encoder, so that neither the size nor the codec of a data set tells what it shows. `place` moves the surface under
the camera, `photograph` is the camera; what is drawn on a surface is drawn between the two.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from crackmap_models.data.tiles import Pixels


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far a tile may be changed. Probabilities are per tile; ranges are uniform, that of the scale in its log."""

    scale_low: float = 0.65
    scale_high: float = 1.25
    drawn_scale_low: float = 0.45
    drawn_scale_high: float = 1.8
    turn_rad: float = 0.15
    gain: float = 0.35
    offset: float = 35.0
    gamma: float = 0.45
    tint: float = 0.08
    grey_probability: float = 0.15
    shade_probability: float = 0.3
    stain_probability: float = 0.2
    stain_share: float = 0.25
    blur_probability: float = 0.3
    blur_sigma_px: float = 1.4
    sharpen_probability: float = 0.15
    noise_probability: float = 0.5
    noise_sigma: float = 9.0
    jpeg_probability: float = 0.7
    jpeg_quality_low: int = 30


def place(
    pixels: Pixels, canvas_px: int, change: Augmentation, rng: np.random.Generator, *, drawn: bool = False
) -> Pixels:
    """RGB [h, w, 3] of any size → RGB [canvas_px, canvas_px, 3]: scaled, turned, flipped, shifted.

    Turned by any quarter and a little more; shifted where the scaled tile is larger than the canvas. What lies
    outside the tile is its mirror image. A surface that will be drawn on may be scaled further: what is drawn
    cannot get lost.
    """
    height, width = pixels.shape[:2]
    low, high = (change.drawn_scale_low, change.drawn_scale_high) if drawn else (change.scale_low, change.scale_high)
    scale = np.exp(rng.uniform(np.log(low), np.log(high)))
    angle = rng.integers(4) * np.pi / 2 + rng.uniform(-change.turn_rad, change.turn_rad)
    flip = 1.0 if rng.random() < 0.5 else -1.0
    linear = scale * np.array([[np.cos(angle) * flip, -np.sin(angle)], [np.sin(angle) * flip, np.cos(angle)]])
    slack = max(0.0, scale * max(height, width) - canvas_px) / 2
    middle = (canvas_px - 1) / 2 + rng.uniform(-slack, slack, 2)
    shift = middle - linear @ np.array([(width - 1) / 2, (height - 1) / 2])
    matrix = np.column_stack([linear, shift])
    if scale < 0.8:  # linear interpolation alone would skip pixels, and hairlines with them
        pixels = _u8(cv2.GaussianBlur(pixels, (0, 0), 0.35 / scale))
    border = cv2.BORDER_REFLECT_101
    return _u8(cv2.warpAffine(pixels, matrix, (canvas_px, canvas_px), flags=cv2.INTER_LINEAR, borderMode=border))


def photograph(pixels: Pixels, change: Augmentation, rng: np.random.Generator) -> Pixels:
    """RGB [s, s, 3] → RGB [s, s, 3] as another camera would have taken it: light, lens, sensor, codec."""
    if rng.random() < change.stain_probability:
        pixels = _stain(pixels, change.stain_share, rng)
    if rng.random() < change.blur_probability:
        pixels = _u8(cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.3, change.blur_sigma_px)))
    elif rng.random() < change.sharpen_probability:
        soft = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.7, 2.0))
        amount = rng.uniform(0.3, 1.5)
        pixels = _u8(cv2.addWeighted(pixels, 1 + amount, soft, -amount, 0))
    pixels = _u8(cv2.LUT(pixels, _light(change, rng)))
    if rng.random() < change.grey_probability:
        pixels = _u8(cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB))
    if rng.random() < change.shade_probability:
        pixels = _shade(pixels, rng)
    if rng.random() < change.noise_probability:
        pixels = _noise(pixels, change.noise_sigma, rng)
    if rng.random() < change.jpeg_probability:
        quality = int(rng.integers(change.jpeg_quality_low, 96))
        _, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        pixels = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
    return pixels


def _light(change: Augmentation, rng: np.random.Generator) -> Pixels:
    """A table [1, 256, 3] of gamma, gain and offset, with a little colour."""
    gamma = np.exp(rng.uniform(-change.gamma, change.gamma))
    gain = np.exp(rng.uniform(-change.gain, change.gain) + rng.uniform(-change.tint, change.tint, 3))
    values = 255.0 * (np.arange(256) / 255.0) ** gamma
    table = 127.5 + (values[:, None] - 127.5) * gain + rng.uniform(-change.offset, change.offset)
    return _u8(np.clip(table, 0, 255).astype(np.uint8)[None])


def _stain(pixels: Pixels, share: float, rng: np.random.Generator) -> Pixels:
    """Soft patches of other brightness and a little other colour, a third of a tile to a tenth across."""
    knots = int(rng.integers(3, 11))
    grey = rng.uniform(-share, share, (knots, knots, 1))
    field = (1 + grey + rng.uniform(-share / 10, share / 10, (knots, knots, 3))).astype(np.float32)
    smooth = cv2.resize(field, pixels.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return _u8(cv2.multiply(pixels, smooth, dtype=cv2.CV_8U))


def _shade(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A slope of light across the tile; one time in three with an edge, as a cast shadow has (it is not a crack)."""
    side = pixels.shape[0]
    across = np.linspace(-1.0, 1.0, side, dtype=np.float32)
    direction = rng.uniform(0, 2 * np.pi)
    slope = np.float32(np.cos(direction)) * across[None, :] + np.float32(np.sin(direction)) * across[:, None]
    if rng.random() < 1 / 3:
        softness = np.float32(rng.uniform(0.01, 0.15))
        slope = np.clip((slope - np.float32(rng.uniform(-0.8, 0.8))) / softness, -1, 1)
    light = 1 - np.float32(rng.uniform(0.05, 0.3)) * (1 + slope) / 2
    return _u8(cv2.multiply(pixels, cv2.merge([light] * 3), dtype=cv2.CV_8U))


def _noise(pixels: Pixels, sigma_most: float, rng: np.random.Generator) -> Pixels:
    """Normal noise: for half of the tiles the same on all channels, else shifted copies (as good as independent)."""
    side = pixels.shape[0]
    grey = (rng.standard_normal((side, side), np.float32) * np.float32(rng.uniform(0, sigma_most))).astype(np.int16)
    shift = 0 if rng.random() < 0.5 else side // 3
    noise = cv2.merge([grey, np.roll(grey, shift, 0), np.roll(grey, shift, 1)])
    return _u8(cv2.add(pixels, noise, dtype=cv2.CV_8U))


def _u8(pixels: cv2.typing.MatLike) -> Pixels:
    return np.asarray(pixels, np.uint8)
