"""Where lines of sight meet the plane w = 0 of a surface's body frame."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from crackmap_robot.projection.errors import NoView
from crackmap_robot.projection.lines import Lines
from crackmap_robot.projection.shape import Slopes

FloatArray = npt.NDArray[np.float64]

STEEPEST_DEG = 85.0
"""Rays farther than this from the surface's normal are no view of it: a pixel is smeared over 130 times its area."""


class Plane:
    """The plane w = 0."""

    border_pieces = 1
    """A straight piece of a picture's border is straight on the surface."""

    def hits(self, lines: Lines) -> FloatArray:
        """(u, v) in metres (n, 2) where lines of sight meet the plane. Raises NoView."""
        distances_m, rays = lines.starts_m[..., 2], lines.rays
        if (nearest_m := float(distances_m.min())) <= 0:
            raise NoView(f"the camera is {-nearest_m:.3f} m behind the surface")
        cosine = -rays[:, 2] / np.linalg.norm(rays, axis=1)
        lowest = float(cosine.min())
        if lowest <= 0:
            raise NoView("a part of the picture looks away from the surface (its horizon is in view)")
        if lowest < math.cos(math.radians(STEEPEST_DEG)):
            angle = math.degrees(math.acos(lowest))
            raise NoView(f"a part of the picture sees the surface {angle:.1f}° from square, over {STEEPEST_DEG:g}°")
        reach = -distances_m / rays[:, 2]
        places: FloatArray = lines.starts_m[..., :2] + reach[:, None] * rays[:, :2]
        return places

    def hit_slopes(self, lines: Lines) -> Slopes:
        """With the hit h = p + s d and s = (f − p_w) / d_w, where f is how far the face lies off the plane.

        dh/dp = A and dh/dd = s A, where A = [I | −d_uv / d_w]; dh/df = d_uv / d_w.
        """
        rays = lines.rays
        by_position = np.zeros((len(rays), 2, 3))
        by_position[:, 0, 0] = by_position[:, 1, 1] = 1.0
        by_face = rays[:, :2] / rays[:, 2:]
        by_position[:, :, 2] = -by_face
        reach = -lines.starts_m[..., 2] / rays[:, 2]
        return Slopes(by_position, reach[:, None, None] * by_position, by_face)
