"""Points and tile footprints on a chart. Footprints are convex quadrilaterals, (4, 2) metres, in order around."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def distances_m(points_m: FloatArray, footprint_m: FloatArray) -> FloatArray:
    """From each point (n, 2) to the footprint, (n,); 0 inside."""
    along = np.roll(footprint_m, -1, axis=0) - footprint_m
    from_start = points_m[:, None] - footprint_m
    side = along[:, 0] * from_start[..., 1] - along[:, 1] * from_start[..., 0]
    inside = (side >= 0).all(axis=1) | (side <= 0).all(axis=1)
    share = np.clip(np.sum(from_start * along, axis=2) / np.sum(along**2, axis=1), 0, 1)
    beside = from_start - share[..., None] * along
    nearest: FloatArray = np.sqrt(np.sum(beside**2, axis=2).min(axis=1))
    return np.where(inside, 0.0, nearest)


def near(points_m: FloatArray, footprint_m: FloatArray, reach_m: float) -> npt.NDArray[np.bool_]:
    """Which points (n, 2) lie within `reach_m` of the footprint, (n,)."""
    low, high = footprint_m.min(axis=0) - reach_m, footprint_m.max(axis=0) + reach_m
    chosen: npt.NDArray[np.bool_] = ((points_m >= low) & (points_m <= high)).all(axis=1)
    chosen[chosen] = distances_m(points_m[chosen], footprint_m) <= reach_m
    return chosen


def cluster_count(footprints_m: FloatArray, reach_m: float) -> int:
    """How many groups footprints (n, 4, 2) form when those with centres within `reach_m` belong together."""
    centres = footprints_m.mean(axis=1)
    left, clusters = set(range(len(centres))), 0
    while left:
        clusters += 1
        open_ends = [left.pop()]
        while open_ends:
            here = open_ends.pop()
            neighbours = [i for i in left if np.hypot(*(centres[i] - centres[here])) <= reach_m]
            left.difference_update(neighbours)
            open_ends += neighbours
    return clusters
