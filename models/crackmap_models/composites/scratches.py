"""Marks of tools: scratches, broom strokes, trowel arcs."""

import numpy as np

from crackmap_models.composites.fields import Points, blurred, cloud, log_uniform
from crackmap_models.composites.lines import bent, normal_of, straight
from crackmap_models.composites.paint import shade, stroked
from crackmap_models.data.tiles import Pixels


def draw_scratches(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """One to eight straight or curved scratches, bright as fresh stone powder, seldom dark, worn in places."""
    height, width = pixels.shape[:2]
    lines = [
        _piece(bent(height, width, rng, rng.choice([0.0, 0.05, 0.2])), rng)
        for _ in range(round(log_uniform(1, 8, rng)))
    ]
    marks = blurred(stroked(height, width, lines, log_uniform(0.7, 4, rng)), rng.uniform(0.3, 0.9))
    worn = np.clip(0.7 + 0.7 * cloud(height, width, 14, rng), 0, 1.3)
    strength = rng.uniform(0.08, 0.45) if rng.random() < 0.8 else -rng.uniform(0.08, 0.3)
    return shade(pixels, np.clip(1 + np.float32(strength) * marks * worn, 0.3, 1.6))


def draw_broom(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Many fine strokes side by side, nearly straight or in trowel arcs, light and dark in turn."""
    height, width = pixels.shape[:2]
    first = bent(height, width, rng, rng.choice([0.0, 0.02, 0.15]), 24)
    side = normal_of(first)
    spacing = log_uniform(2.5, 12, rng)
    reach = (height + width) / 2 if rng.random() < 0.6 else log_uniform(10, 80, rng)
    offsets = np.arange(-reach, reach, spacing)
    offsets = offsets + rng.normal(0, 0.4 * spacing, len(offsets))
    lines = (first + side * offsets[:, None, None]).astype(np.float32)
    lit = rng.random(len(lines)) < rng.uniform(0.2, 0.8)
    light = np.zeros((height, width), np.float32)
    for chosen, strength in ((lines[lit], rng.uniform(0.05, 0.25)), (lines[~lit], -rng.uniform(0.05, 0.35))):
        if len(chosen):
            worn = np.clip(0.3 + 0.9 * cloud(height, width, int(rng.integers(5, 20)), rng), 0, 1.5)
            light += np.float32(strength) * worn * stroked(height, width, chosen, spacing * rng.uniform(0.1, 0.5))
    return shade(pixels, np.clip(1 + blurred(light, rng.uniform(0.4, 1.2)), 0.2, 1.6))


def draw_pencil(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Ruled lines of pencil, chalk or marker: straight, of one width, sometimes crossed or measured off."""
    height, width = pixels.shape[:2]
    ends = straight(height, width, rng)
    lines = [ends]
    if rng.random() < 0.35:
        lines.append(straight(height, width, rng))
    if rng.random() < 0.25:
        at = ends.mean(0) + rng.uniform(-60, 60, 2)
        side = normal_of(ends) * log_uniform(5, 30, rng)
        lines.append(np.stack([at - side, at + side]).astype(np.float32))
    marks = blurred(stroked(height, width, lines, log_uniform(0.7, 6, rng)), rng.uniform(0.3, 0.9))
    worn = np.clip(0.85 + 0.4 * cloud(height, width, 20, rng), 0.1, 1.2)
    strength = -rng.uniform(0.12, 0.75) if rng.random() < 0.75 else rng.uniform(0.1, 0.5)
    tint = (1.0, 1.0, 1.0) if rng.random() < 0.5 else tuple(np.exp(rng.normal(0, 0.7, 3)).tolist())
    return shade(pixels, np.clip(1 + np.float32(strength) * marks * worn, 0.05, 1.7), tint)


def _piece(line: Points, rng: np.random.Generator) -> Points:
    """A random stretch of a line."""
    first, last = sorted(rng.uniform(0, 1, 2) * (len(line) - 1))
    first, last = int(first), max(int(last), int(first) + 1)
    return line[first : last + 1]
