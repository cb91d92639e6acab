"""Plants before the wall or on it: twigs, stems, roots, grass, leaves. They bend smoothly, taper, and have bodies."""

import numpy as np

from crackmap_models.data.tiles import Pixels
from crackmap_models.training.composites.cables import tube
from crackmap_models.training.composites.fields import Plane, Points, blurred, cloud, log_uniform, shifted
from crackmap_models.training.composites.lines import bezier
from crackmap_models.training.composites.paint import Colour, cover, filled, shade
from crackmap_models.training.composites.shadows import leaf

BARK: tuple[Colour, ...] = ((70, 55, 42), (105, 88, 70), (140, 120, 95), (60, 62, 40), (160, 150, 130))
GREEN: tuple[Colour, ...] = ((60, 85, 35), (95, 125, 55), (130, 145, 70), (45, 60, 35), (150, 120, 60), (120, 75, 40))


def draw_twig(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A twig, stem or climbing root with side shoots, thinning to its tips; sometimes with leaves."""
    height, width = pixels.shape[:2]
    side = min(height, width)
    start = _outside(height, width, rng)
    aim = rng.uniform(0.1, 0.9, 2) * (width, height)
    thick = log_uniform(1.5, 10, rng)
    lines = [_shoot(start, (aim - start).astype(np.float32), thick, rng)]
    for _ in range(rng.integers(0, 6)):
        parent, widths = lines[rng.integers(len(lines))]
        at = int(rng.integers(4, len(parent) - 4))
        ahead = parent[at + 3] - parent[at - 3]
        angle = np.arctan2(ahead[1], ahead[0]) + rng.choice([-1, 1]) * rng.uniform(0.3, 1.1)
        length = log_uniform(0.1, 0.5, rng) * side
        lines.append(
            _shoot(
                parent[at],
                (length * np.array([np.cos(angle), np.sin(angle)])).astype(np.float32),
                0.7 * widths[at],
                rng,
            )
        )
    palette = BARK if rng.random() < 0.7 else GREEN
    away = log_uniform(0.4, 12, rng)
    pixels = tube(
        pixels, lines, palette[rng.integers(len(palette))], rng, light_rad=rng.uniform(0, 2 * np.pi), away_px=away
    )
    return draw_leaves(pixels, rng) if rng.random() < 0.25 else pixels


def draw_grass(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Blades that rise from one border."""
    height, width = pixels.shape[:2]
    root = rng.uniform(0, width)
    lines = []
    for _ in range(rng.integers(2, 12)):
        start = np.array([root + rng.normal(0, 0.12 * width), height + 5.0], np.float32)
        rise = np.array([rng.normal(0, 0.25) * width, -rng.uniform(0.2, 0.9) * height], np.float32)
        lines.append(_shoot(start, rise, log_uniform(1.2, 5, rng), rng))
    if rng.random() < 0.5:
        lines = [(np.array([0, height], np.float32) + line * np.array([1, -1], np.float32), w) for line, w in lines]
    colour = GREEN[rng.integers(len(GREEN))]
    return tube(pixels, lines, colour, rng, light_rad=rng.uniform(0, 2 * np.pi), away_px=log_uniform(1, 12, rng))


def draw_leaves(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """One to six leaves that lie on the surface, each with a shadow at its edge."""
    height, width = pixels.shape[:2]
    body = filled(height, width, [leaf(height, width, rng) for _ in range(rng.integers(1, 7))])
    away, light_rad = log_uniform(0.7, 6, rng), rng.uniform(0, 2 * np.pi)
    shadow = blurred(shifted(body, away * np.cos(light_rad), away * np.sin(light_rad)), 0.5 + 0.4 * away)
    pixels = shade(pixels, 1 - np.float32(rng.uniform(0.1, 0.6)) * shadow)
    pixels = cover(pixels, blurred(body, 0.5), GREEN[rng.integers(len(GREEN))], 0.2)
    return shade(pixels, 1 + np.float32(0.12) * cloud(height, width, 16, rng) * body)


def _shoot(start: Points, reach: Points, thick_px: float, rng: np.random.Generator) -> tuple[Points, Plane]:
    """A smoothly bent line that thins out: points [40, 2] and widths [40]."""
    side = np.array([-reach[1], reach[0]])
    stray = rng.normal(0.0, 0.2, (2, 1)) * side
    knots = np.stack([start, start + reach / 3 + stray[0], start + reach * 2 / 3 + stray[1], start + reach])
    return bezier(knots, 40), (thick_px * np.linspace(1.0, 0.25, 40)).astype(np.float32)


def _outside(height: int, width: int, rng: np.random.Generator) -> Points:
    x, y = rng.uniform(0, 1, 2) * (width, height)
    places = [(x, -8.0), (x, height + 8.0), (-8.0, y), (width + 8.0, y)]
    return np.array(places[rng.integers(4)], np.float32)
