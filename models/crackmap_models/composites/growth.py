"""Shapes that grow: shoots that bend smoothly and thin out, with side shoots, and leaves."""

import numpy as np

from crackmap_models.composites.fields import Plane, Points, curves, log_uniform
from crackmap_models.composites.lines import bezier

SHOOT_POINTS = 40
Shoot = tuple[Points, Plane]  # points [n, 2] and widths [n], px


def shoot(start: Points, reach: Points, thick_px: float, rng: np.random.Generator) -> Shoot:
    """A smoothly bent line from `start` [2] by about `reach` [2] that thins out to a quarter."""
    side = np.array([-reach[1], reach[0]])
    stray = rng.normal(0.0, 0.2, (2, 1)) * side
    knots = np.stack([start, start + reach / 3 + stray[0], start + reach * 2 / 3 + stray[1], start + reach])
    return bezier(knots, SHOOT_POINTS), (thick_px * np.linspace(1.0, 0.25, SHOOT_POINTS)).astype(np.float32)


def branching(height: int, width: int, thick_px: float, rng: np.random.Generator) -> list[Shoot]:
    """A shoot that comes in over a border, with up to five side shoots."""
    x, y = rng.uniform(0, 1, 2) * (width, height)
    start = np.array([(x, -8.0), (x, height + 8.0), (-8.0, y), (width + 8.0, y)][rng.integers(4)], np.float32)
    aim = (rng.uniform(0.1, 0.9, 2) * (width, height)).astype(np.float32)
    shoots = [shoot(start, aim - start, thick_px, rng)]
    for _ in range(rng.integers(0, 6)):
        parent, widths = shoots[rng.integers(len(shoots))]
        at = int(rng.integers(4, SHOOT_POINTS - 4))
        ahead = parent[at + 3] - parent[at - 3]
        angle = np.arctan2(ahead[1], ahead[0]) + rng.choice([-1, 1]) * rng.uniform(0.3, 1.1)
        length = log_uniform(0.1, 0.5, rng) * min(height, width)
        reach = (length * np.array([np.cos(angle), np.sin(angle)])).astype(np.float32)
        shoots.append(shoot(parent[at], reach, 0.7 * float(widths[at]), rng))
    return shoots


def leaf(height: int, width: int, rng: np.random.Generator) -> Points:
    """The outline [40, 2] of a pointed or lobed leaf, 8 to 70 px long, somewhere on the tile."""
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    size = log_uniform(8, 70, rng)
    lobes = 1 + rng.uniform(0, 0.3) * np.cos(rng.integers(2, 8) * turn) + 0.05 * curves(1, 40, 10, rng)[0]
    x = np.cos(turn) * lobes
    y = np.sin(turn) * np.sqrt(np.abs(np.sin(turn / 2 + 1e-3))) * lobes * rng.uniform(0.25, 0.8)
    angle = rng.uniform(0, 2 * np.pi)
    rotated = np.stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)], 1)
    return np.asarray(rng.uniform(0, 1, 2) * (width, height) + size * rotated, np.float32)
