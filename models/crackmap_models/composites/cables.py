"""Round bars in front of the wall: cables, wires, pipes, ribbed steel; each with a highlight and a shadow."""

import numpy as np

from crackmap_models.composites.fields import Plane, Points, blurred, log_uniform, shifted
from crackmap_models.composites.lines import bent
from crackmap_models.composites.paint import Colour, cover, filled, shade
from crackmap_models.composites.profile import outlines
from crackmap_models.data.tiles import Pixels

COLOURS: tuple[Colour, ...] = (
    (25, 25, 27),
    (60, 60, 62),
    (200, 200, 198),
    (150, 150, 148),
    (120, 85, 60),
    (170, 60, 40),
    (190, 160, 40),
    (50, 70, 130),
)


def draw_cable(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A cable, wire or pipe over the tile, 1.2 to 40 px thick, straight or hanging; one in five is ribbed and rusty."""
    height, width = pixels.shape[:2]
    thick = log_uniform(1.2, 40, rng)
    line = bent(height, width, rng, rng.choice([0.0, 0.02, 0.1, 0.25]), 96)
    widths = np.full(len(line), thick, np.float32)
    ribbed = thick > 4 and rng.random() < 0.2
    if ribbed:
        widths *= 1 + 0.15 * (np.arange(len(line)) % 3 == 0)
    colour = COLOURS[4] if ribbed else COLOURS[rng.integers(len(COLOURS))]
    light_rad = rng.uniform(0, 2 * np.pi)
    away = log_uniform(0.3, 3.0, rng) * thick + 0.5
    return tube(pixels, [(line, widths)], colour, rng, light_rad=light_rad, away_px=away)


def tube(
    pixels: Pixels,
    lines: list[tuple[Points, Plane]],
    colour: Colour,
    rng: np.random.Generator,
    *,
    light_rad: float,
    away_px: float,
) -> Pixels:
    """Round bodies along lines [n, 2] of widths [n] px; their shadow falls `away_px` aside."""
    height, width = pixels.shape[:2]
    shapes = [shape for line, widths in lines for shape in outlines(line[None], widths[None])]
    body = filled(height, width, shapes)
    thick = max(1.0, float(max(widths.max() for _, widths in lines)))
    right, down = np.cos(light_rad), np.sin(light_rad)
    shadow = blurred(shifted(body, away_px * right, away_px * down), 0.4 + 0.3 * away_px)
    pixels = shade(pixels, 1 - np.float32(rng.uniform(0.0, 0.6)) * shadow)
    pixels = cover(pixels, blurred(body, rng.uniform(0.3, 0.9)), colour, 0.0)
    soft = blurred(body, 0.3 * thick)
    slope = shifted(soft, 0.5 * thick * right, 0.5 * thick * down) - soft
    return shade(pixels, np.clip(1 - np.float32(rng.uniform(0.3, 1.2)) * (slope + np.float32(0.1)) * body, 0.3, 1.9))
