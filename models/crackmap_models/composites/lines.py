"""Smooth lines that are no cracks: straight ones over the whole tile, arcs, and bent ones with bodies of their own."""

import numpy as np

from crackmap_models.composites.fields import Points
from crackmap_models.composites.path import Paths
from crackmap_models.composites.profile import Opening, outlines, widths_px

BEYOND_PX = 30.0


def straight(height: int, width: int, rng: np.random.Generator, middle: float = 0.85) -> Points:
    """Two ends [2, 2] outside the tile of a straight line over it; mostly near level or upright, as things are built.

    `middle`: the share of the tile's extent, about its middle, that the line runs through.
    """
    angle = rng.integers(2) * np.pi / 2 + rng.normal(0.0, 0.08) if rng.random() < 0.65 else rng.uniform(0, np.pi)
    through = (0.5 + middle * rng.uniform(-0.5, 0.5, 2)) * (width, height)
    reach = (height + width + BEYOND_PX) * np.array([np.cos(angle), np.sin(angle)])
    return np.stack([through - reach, through + reach]).astype(np.float32)


def normal_of(ends: Points) -> Points:
    """The unit vector [2] to the right of a line from its first to its last point (y runs down)."""
    step = ends[-1] - ends[0]
    return np.asarray(np.array([-step[1], step[0]]) / max(1e-6, float(np.hypot(*step))), np.float32)


def band(ends: Points, width_px: float) -> Points:
    """The outline [4, 2] of a straight strip about a line."""
    side = normal_of(ends) * np.float32(width_px / 2)
    return np.stack([ends[0] + side, ends[-1] + side, ends[-1] - side, ends[0] - side])


def chipped_band(ends: Points, width_px: float, rng: np.random.Generator) -> list[Points]:
    """The outlines of a straight strip whose edges have broken out here and there; a thin one may be interrupted."""
    along = np.linspace(0.0, 1.0, 120, dtype=np.float32)[:, None]
    points = (ends[0] + along * (ends[-1] - ends[0]))[None]
    opening = Opening(width_px, rng.uniform(0, 0.25), rng.uniform(0.03, 0.18), rng.uniform(0, 0.3) * (width_px < 3))
    widths = widths_px(Paths(points, np.ones(1, np.float32)), opening, rng)
    return outlines(points, widths, opening.ragged, rng)


def half_plane(ends: Points) -> Points:
    """The outline [4, 2] of everything to the right of a line, far beyond the tile."""
    far = normal_of(ends) * np.float32(2000)
    return np.stack([ends[0], ends[-1], ends[-1] + far, ends[0] + far])


def bent(height: int, width: int, rng: np.random.Generator, bend: float, count: int = 48) -> Points:
    """A smooth line [count, 2] over the tile: a cubic Bézier curve whose handles stray by `bend` of its length."""
    ends = straight(height, width, rng)
    start, end = ends[0], ends[1]
    middle, step = (start + end) / 2, (end - start) / np.hypot(*(end - start))
    reach = step * 0.6 * (height + width)
    start, end = middle - reach, middle + reach
    stray = rng.normal(0.0, bend, (2, 1)) * np.hypot(*reach) * normal_of(ends)
    knots = [start, start + (end - start) / 3 + stray[0], start + (end - start) * 2 / 3 + stray[1], end]
    return bezier(np.stack(knots), count)


def bezier(knots: Points, count: int) -> Points:
    """Points [count, 2] of a cubic Bézier curve with knots [4, 2]."""
    t = np.linspace(0.0, 1.0, count)[:, None]
    weights = np.hstack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    return np.asarray(weights @ knots, np.float32)
