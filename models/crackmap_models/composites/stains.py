"""Water and what it leaves: drip marks, wet areas, tide lines, lime and rust runs."""

import numpy as np

from crackmap_models.composites.fields import blurred, cloud, curves, log_uniform
from crackmap_models.composites.paint import Colour, filled, shade
from crackmap_models.data.tiles import Pixels


def draw_drips(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Runs down the wall, dark, rusty or white: nearly straight, soft, fading downwards, often from one level."""
    height, width = pixels.shape[:2]
    shapes = []
    top, wide = rng.uniform(-0.6, 0.5) * height, log_uniform(3, 25, rng)
    for _ in range(rng.integers(1, 9)):
        length = rng.uniform(0.25, 1.4) * height
        y = np.linspace(0, 1, 16)
        x = rng.uniform(0, width) + 1.5 * np.cumsum(rng.normal(0, 0.4, 16))
        half = wide * rng.uniform(0.3, 1.0) * (1 - 0.7 * y) * (1 + 0.1 * curves(1, 16, 4, rng)[0]) / 2
        down = top + rng.normal(0, 6) + length * y
        shapes.append(np.concatenate([np.stack([x - half, down], 1), np.stack([x + half, down], 1)[::-1]]))
    soft_px = log_uniform(1.0, 5, rng)  # sharper thin ones would pass for cracks
    runs = blurred(filled(height, width, [shape.astype(np.float32) for shape in shapes]), soft_px)
    runs *= np.linspace(1.0, rng.uniform(0.3, 1.0), height, dtype=np.float32)[:, None]
    factor = np.clip(1 + _strength(rng) * runs * (1 + 0.3 * cloud(height, width, 8, rng)), 0.1, 1.5)
    if rng.random() < 0.3:
        factor = factor[::-1]
    return shade(pixels, np.ascontiguousarray(factor, np.float32), _tint(rng))


def draw_wet_patch(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A wet or dirty area with a clear outline, half of them with a tide line along it (alone it could be a crack)."""
    height, width = pixels.shape[:2]
    height_map = cloud(height, width, int(rng.integers(2, 6)), rng) + 0.25 * cloud(height, width, 12, rng)
    height_map += 0.08 * cloud(height, width, 40, rng)
    level, soft = rng.uniform(-0.8, 0.8), log_uniform(0.03, 0.4, rng)
    factor = 1 + _strength(rng) * np.clip((height_map - level) / soft, 0, 1)
    if rng.random() < 0.5:
        factor += 0.5 * _strength(rng) * np.exp(-((height_map - level) ** 2) / (0.12 + soft) ** 2)
    return shade(pixels, np.clip(factor, 0.1, 1.5), _tint(rng))


def _strength(rng: np.random.Generator) -> np.float32:
    return np.float32(-rng.uniform(0.06, 0.5) if rng.random() < 0.75 else rng.uniform(0.05, 0.3))


def _tint(rng: np.random.Generator) -> Colour:
    kind = rng.random()
    if kind < 0.6:
        return 1.0, 1.0, rng.uniform(1.0, 1.2)
    return (rng.uniform(0.4, 0.9), 1.0, rng.uniform(1.1, 1.8)) if kind < 0.8 else (1.1, rng.uniform(0.7, 1.0), 1.2)
