"""What happens to a training tile on its way into a batch: another scale, turn, light, lens and codec every time.

Every tile of every source goes through the same chain, onto a canvas of the same size, and through the same JPEG
encoder, so that neither the size nor the codec of a data set tells what it shows.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from crackmap_models.data.tiles import Pixels


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far a tile may be changed. Probabilities are per tile; ranges are uniform."""

    scale_low: float = 0.75
    scale_high: float = 1.2
    turn_rad: float = 0.15
    gain: float = 0.3
    offset: float = 30.0
    gamma: float = 0.35
    tint: float = 0.06
    shade_probability: float = 0.3
    blur_probability: float = 0.3
    blur_sigma_px: float = 1.1
    noise_probability: float = 0.5
    noise_sigma: float = 8.0
    jpeg_probability: float = 0.7
    jpeg_quality_low: int = 35


def augment(pixels: Pixels, canvas_px: int, change: Augmentation, rng: np.random.Generator) -> Pixels:
    """RGB [h, w, 3] of any size → RGB [canvas_px, canvas_px, 3]; what lies outside the tile is its mirror image."""
    pixels = _place(pixels, canvas_px, change, rng)
    if rng.random() < change.blur_probability:
        pixels = _u8(cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.3, change.blur_sigma_px)))
    pixels = _u8(cv2.LUT(pixels, _light(change, rng)))
    if rng.random() < change.shade_probability:
        pixels = _shade(pixels, rng)
    if rng.random() < change.noise_probability:
        pixels = _noise(pixels, change.noise_sigma, rng)
    if rng.random() < change.jpeg_probability:
        quality = int(rng.integers(change.jpeg_quality_low, 96))
        _, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        pixels = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
    return pixels


def _place(pixels: Pixels, canvas_px: int, change: Augmentation, rng: np.random.Generator) -> Pixels:
    """Scale, turn (any quarter and a little more), flip, and shift where the scaled tile is larger than the canvas."""
    height, width = pixels.shape[:2]
    scale = rng.uniform(change.scale_low, change.scale_high)
    angle = rng.integers(4) * np.pi / 2 + rng.uniform(-change.turn_rad, change.turn_rad)
    flip = 1.0 if rng.random() < 0.5 else -1.0
    linear = scale * np.array([[np.cos(angle) * flip, -np.sin(angle)], [np.sin(angle) * flip, np.cos(angle)]])
    slack = max(0.0, scale * max(height, width) - canvas_px) / 2
    middle = (canvas_px - 1) / 2 + rng.uniform(-slack, slack, 2)
    shift = middle - linear @ np.array([(width - 1) / 2, (height - 1) / 2])
    matrix = np.column_stack([linear, shift])
    border = cv2.BORDER_REFLECT_101
    return _u8(cv2.warpAffine(pixels, matrix, (canvas_px, canvas_px), flags=cv2.INTER_LINEAR, borderMode=border))


def _light(change: Augmentation, rng: np.random.Generator) -> Pixels:
    """A table [1, 256, 3] of gamma, gain and offset, with a little colour."""
    gamma = np.exp(rng.uniform(-change.gamma, change.gamma))
    gain = np.exp(rng.uniform(-change.gain, change.gain) + rng.uniform(-change.tint, change.tint, 3))
    values = 255.0 * (np.arange(256) / 255.0) ** gamma
    table = 127.5 + (values[:, None] - 127.5) * gain + rng.uniform(-change.offset, change.offset)
    return _u8(np.clip(table, 0, 255).astype(np.uint8)[None])


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
