"""Plants before the wall or on it: twigs, stems, roots, grass, leaves. They bend smoothly, taper, and have bodies."""

import numpy as np

from crackmap_models.composites.cables import tube
from crackmap_models.composites.fields import Points, blurred, cloud, log_uniform, shifted
from crackmap_models.composites.growth import branching, leaf, shoot
from crackmap_models.composites.paint import Colour, cover, filled, shade
from crackmap_models.data.tiles import Pixels

BARK: tuple[Colour, ...] = ((70, 55, 42), (105, 88, 70), (140, 120, 95), (60, 62, 40), (160, 150, 130))
GREEN: tuple[Colour, ...] = ((60, 85, 35), (95, 125, 55), (130, 145, 70), (45, 60, 35), (150, 120, 60), (120, 75, 40))


def draw_twig(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A twig, stem or climbing root with side shoots, thinning to its tips; sometimes with leaves."""
    height, width = pixels.shape[:2]
    shoots = branching(height, width, log_uniform(1.5, 10, rng), rng)
    palette = BARK if rng.random() < 0.7 else GREEN
    light_rad, away_px = rng.uniform(0, 2 * np.pi), log_uniform(0.4, 12, rng)
    pixels = tube(pixels, shoots, palette[rng.integers(len(palette))], rng, light_rad=light_rad, away_px=away_px)
    return draw_leaves(pixels, rng) if rng.random() < 0.25 else pixels


def draw_grass(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Two to eleven blades that rise from one border, or hang from it."""
    height, width = pixels.shape[:2]
    root, hanging = rng.uniform(0, width), rng.random() < 0.5
    blades = []
    for _ in range(rng.integers(2, 12)):
        start = np.array([root + rng.normal(0, 0.12 * width), -5.0 if hanging else height + 5.0], np.float32)
        rise = rng.uniform(0.2, 0.9) * height * (1 if hanging else -1)
        reach = np.array([rng.normal(0, 0.25) * width, rise], np.float32)
        blades.append(shoot(start, reach, log_uniform(1.2, 5, rng), rng))
    light_rad, away_px = rng.uniform(0, 2 * np.pi), log_uniform(1, 12, rng)
    return tube(pixels, blades, GREEN[rng.integers(len(GREEN))], rng, light_rad=light_rad, away_px=away_px)


def draw_leaves(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """One to six leaves that lie on the surface, each with a shadow at its edge."""
    height, width = pixels.shape[:2]
    body = filled(height, width, [leaf(height, width, rng) for _ in range(rng.integers(1, 7))])
    away, light_rad = log_uniform(0.7, 6, rng), rng.uniform(0, 2 * np.pi)
    shadow = blurred(shifted(body, away * np.cos(light_rad), away * np.sin(light_rad)), 0.5 + 0.4 * away)
    pixels = shade(pixels, 1 - np.float32(rng.uniform(0.1, 0.6)) * shadow)
    pixels = cover(pixels, blurred(body, 0.5), GREEN[rng.integers(len(GREEN))], 0.2)
    return shade(pixels, 1 + np.float32(0.12) * cloud(height, width, 16, rng) * body)


def draw_litter(pixels: Pixels, at: Points, reach_px: float, rng: np.random.Generator) -> Pixels:
    """Two to eleven needles, blades or thin twigs that lie or grow about a point [2] of a gap."""
    steps = reach_px * rng.normal(0, 1.2, (rng.integers(2, 12), 2))
    starts = at + reach_px * rng.normal(0, 1.0, steps.shape)
    thick_px = log_uniform(1.0, 3.0, rng)
    blades = [shoot(start, step, thick_px, rng) for start, step in zip(starts, steps, strict=True)]
    colours = BARK + GREEN
    light_rad, away_px = rng.uniform(0, 2 * np.pi), rng.uniform(0.5, 3.0)
    return tube(pixels, blades, colours[rng.integers(len(colours))], rng, light_rad=light_rad, away_px=away_px)
