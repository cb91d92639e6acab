"""Round things: tie holes, cones and plugs, bug holes."""

import cv2
import numpy as np

from crackmap_models.composites.fields import Plane, blurred, curves, log_uniform, shifted
from crackmap_models.composites.paint import FINE, FRACTION_BITS, averaged, filled, shade
from crackmap_models.data.tiles import Pixels


def draw_tie_hole(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A disc 8 to 90 px wide: an open hole, a shallow cone or a mortar plug, with its edge lit from one side."""
    height, width = pixels.shape[:2]
    wide = log_uniform(8, 90, rng)
    place = rng.uniform(0.0, 1.0, 2) * (width, height)
    aspect, angle = rng.uniform(0.85, 1.0), rng.uniform(0, 180)
    disc = blurred(_discs(height, width, [(place, wide, wide * aspect, angle)]), rng.uniform(0.4, 1.5))
    light_rad = rng.uniform(0, 2 * np.pi)
    reach = wide * rng.uniform(0.03, 0.2)
    moved = shifted(disc, reach * np.cos(light_rad), reach * np.sin(light_rad))
    shadow, lit = disc * (1 - moved), moved * (1 - disc)
    light = 1 - np.float32(rng.choice([rng.uniform(-0.1, 0.3), rng.uniform(0.3, 0.85)])) * disc
    light = light * (1 - np.float32(rng.uniform(0.2, 0.7)) * shadow) + np.float32(rng.uniform(0.0, 0.2)) * lit
    if rng.random() < 0.4:
        core = _discs(height, width, [(place, wide * 0.35, wide * 0.35 * aspect, angle)])
        light = light * (1 - np.float32(rng.uniform(0.3, 0.9)) * blurred(core, 0.7))
    return shade(pixels, np.clip(light, 0.03, 1.5))


def draw_bug_holes(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Three to sixty pores in loose clusters, dark with a lit lower lip."""
    height, width = pixels.shape[:2]
    count = round(log_uniform(3, 60, rng))
    middle = rng.uniform(0, 1, 2) * (width, height)
    spread = log_uniform(0.08, 0.8, rng) * min(height, width)
    size = log_uniform(1.5, 7, rng)
    turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    radius = size / 2 * np.exp(rng.normal(0, 0.5, (count, 1))) * (1 + 0.2 * curves(count, 14, 5, rng))
    round_there = np.stack([np.cos(turn) * radius, np.sin(turn) * radius * rng.uniform(0.5, 1.0, (count, 1))], -1)
    angle = rng.uniform(0, np.pi, count)
    turns = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]).transpose(2, 0, 1)
    outlines = round_there @ turns + (middle + rng.normal(0, spread, (count, 1, 2)))
    holes = blurred(filled(height, width, list(outlines.astype(np.float32))), rng.uniform(0.4, 1.0))
    light_rad = rng.uniform(0, 2 * np.pi)
    lit = np.maximum(shifted(holes, 1.5 * np.cos(light_rad), 1.5 * np.sin(light_rad)) - holes, 0)
    return shade(pixels, 1 - np.float32(rng.uniform(0.25, 0.85)) * holes + np.float32(rng.uniform(0, 0.3)) * lit)


def _discs(height: int, width: int, discs: list[tuple[np.ndarray, float, float, float]]) -> Plane:
    """Coverage [h, w] of ellipses (middle [2], diameters in px, turn in degrees)."""
    fine = np.zeros((height * FINE, width * FINE), np.uint8)
    unit = FINE << FRACTION_BITS
    for (x, y), wide, narrow, angle in discs:
        middle, axes = (round(x * unit), round(y * unit)), (round(wide * unit / 2), round(narrow * unit / 2))
        cv2.ellipse(fine, middle, axes, angle, 0, 360, 255, -1, shift=FRACTION_BITS)
    return averaged(fine)
