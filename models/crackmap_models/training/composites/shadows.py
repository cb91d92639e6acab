"""Cast shadows: straight and curved edges, railings, leaves; hard near the thing that casts them, else soft."""

import numpy as np

from crackmap_models.data.tiles import Pixels
from crackmap_models.training.composites.fields import Plane, Points, blurred, curves, log_uniform
from crackmap_models.training.composites.lines import band, bent, half_plane, normal_of, straight
from crackmap_models.training.composites.paint import filled, shade


def draw_shadow(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """One cast shadow: of an edge, of bars, of a wire or of leaves; a little blue, as sky light is."""
    height, width = pixels.shape[:2]
    kind = rng.integers(4)
    if kind == 0:
        dark = _edge(height, width, rng)
    elif kind == 1:
        dark = _bars(height, width, rng)
    elif kind == 2:
        line = bent(height, width, rng, 0.15)
        dark = _ribbon(height, width, line, log_uniform(1.5, 12, rng))
    else:
        dark = filled(height, width, [leaf(height, width, rng) for _ in range(rng.integers(1, 9))])
    dark = blurred(dark, log_uniform(0.5, 8, rng))
    light = 1 - np.float32(rng.uniform(0.12, 0.65)) * dark
    return shade(pixels, light, (1.0, rng.uniform(0.93, 1.0), rng.uniform(0.8, 1.0)))


def leaf(height: int, width: int, rng: np.random.Generator) -> Points:
    """The outline [n, 2] of a pointed or lobed leaf somewhere on the tile."""
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    size = log_uniform(8, 70, rng)
    lobes = 1 + rng.uniform(0, 0.3) * np.cos(rng.integers(2, 8) * turn) + 0.05 * curves(1, 40, 10, rng)[0]
    x = np.cos(turn) * lobes
    y = np.sin(turn) * np.sqrt(np.abs(np.sin(turn / 2 + 1e-3))) * lobes * rng.uniform(0.25, 0.8)
    angle = rng.uniform(0, 2 * np.pi)
    rotated = np.stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)], 1)
    return np.asarray(rng.uniform(0, 1, 2) * (width, height) + size * rotated, np.float32)


def _edge(height: int, width: int, rng: np.random.Generator) -> Plane:
    if rng.random() < 0.5:
        return filled(height, width, [half_plane(straight(height, width, rng))])
    line = bent(height, width, rng, 0.2)
    far = normal_of(line) * np.float32(1500)
    return filled(height, width, [np.concatenate([line, line[::-1] + far])])


def _bars(height: int, width: int, rng: np.random.Generator) -> Plane:
    ends = straight(height, width, rng)
    spacing = log_uniform(14, 90, rng)
    wide = spacing * rng.uniform(0.12, 0.6)
    side = normal_of(ends)
    count = int(np.ceil((height + width) / spacing / 2)) if rng.random() < 0.7 else 1
    return filled(height, width, [band(ends + side * np.float32(k * spacing), wide) for k in range(-count, count + 1)])


def _ribbon(height: int, width: int, line: Points, width_px: float) -> Plane:
    step = np.gradient(line, axis=0)
    side = np.stack([-step[:, 1], step[:, 0]], 1) / np.maximum(1e-6, np.hypot(*step.T))[:, None] * width_px / 2
    return filled(height, width, [np.concatenate([line + side, (line - side)[::-1]]).astype(np.float32)])
