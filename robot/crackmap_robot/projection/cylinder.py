"""Where directions meet a cylinder about the second axis of a surface's body frame, unrolled to (u, v)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crackmap.messages import Pose
from crackmap_robot.projection.errors import NoView
from crackmap_robot.projection.plane import STEEPEST_DEG, rotation

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cylinder:
    """Of that radius, seen from inside or from outside."""

    radius_m: float
    inside: bool
    border_pieces = 8
    """A straight piece of a picture's border is bent on the surface: it is cut into so many."""

    def hits(self, rays: FloatArray, pose: Pose) -> FloatArray:
        """(u, v) in metres (n, 2) where body-frame vectors (n, 3) from the camera meet the surface. Raises NoView.

        u goes on beyond ±π r within one frame, so that none is torn at the seam.
        """
        places, _ = self._places(rays, pose)
        angles = self._angles(places)
        middle = self._middle_rad(pose)
        angles = middle + np.remainder(angles - middle + math.pi, 2 * math.pi) - math.pi
        return np.stack([self.radius_m * angles, places[:, 1]], axis=1)

    def hit_slopes(self, rays: FloatArray, pose: Pose) -> tuple[FloatArray, FloatArray]:
        """d(u, v)/d(camera position), (n, 2, 3), and d(u, v)/d(ray), (n, 2, 3).

        With the hit h = p + s d on |h| = r (without the second axis): dh/dp = I − d nᵀ / (n · d) with n = (h₁, 0, h₃),
        dh/dd = s dh/dp, and du = ±(h₃ dh₁ − h₁ dh₃) / r.
        """
        places, reach = self._places(rays, pose)
        normals = places * [1.0, 0.0, 1.0]
        along = (normals * rays).sum(axis=1)
        moved = np.eye(3) - rays[:, :, None] * normals[:, None, :] / along[:, None, None]
        unrolled = np.zeros((len(rays), 2, 3))
        side = -1.0 if self.inside else 1.0
        unrolled[:, 0, 0], unrolled[:, 0, 2] = side * places[:, 2], -side * places[:, 0]
        unrolled[:, 0] /= self.radius_m
        unrolled[:, 1, 1] = 1.0
        by_position = unrolled @ moved
        return by_position, reach[:, None, None] * by_position

    def _places(self, rays: FloatArray, pose: Pose) -> tuple[FloatArray, FloatArray]:
        """Where the rays meet it (n, 3), and in how many of their lengths (n,)."""
        camera = np.array(pose.position_m)
        away_m = math.hypot(camera[0], camera[2]) - self.radius_m
        if (away_m < 0) != self.inside or away_m == 0:
            where, wanted = ("outside", "inside") if self.inside else ("inside", "outside")
            raise NoView(f"the camera is {abs(away_m):.3f} m {where} the cylinder, which is seen from {wanted}")
        across, start = rays[:, [0, 2]], camera[[0, 2]]
        a, b = (across**2).sum(axis=1), across @ start
        c = float(start @ start) - self.radius_m**2
        root = b * b - a * c
        looks_past = (root <= 0) | (a == 0) | ((b >= 0) & (not self.inside))
        if looks_past.any():
            raise NoView("a part of the picture looks past the cylinder")
        reach = (-b + np.sqrt(root) * (1.0 if self.inside else -1.0)) / a
        places: FloatArray = camera + reach[:, None] * rays
        outwards = (places * rays)[:, [0, 2]].sum(axis=1) / (self.radius_m * np.linalg.norm(rays, axis=1))
        lowest = float((outwards if self.inside else -outwards).min())
        if lowest < math.cos(math.radians(STEEPEST_DEG)):
            angle = math.degrees(math.acos(lowest))
            raise NoView(f"a part of the picture sees the surface {angle:.1f}° from square, over {STEEPEST_DEG:g}°")
        return places, np.asarray(reach, np.float64)

    def _angles(self, places: FloatArray) -> FloatArray:
        return np.asarray(np.arctan2(places[:, 0], places[:, 2] * (-1.0 if self.inside else 1.0)), np.float64)

    def _middle_rad(self, pose: Pose) -> float:
        """An angle that all of what the camera sees is less than half a turn away from."""
        if not self.inside:
            return math.atan2(pose.position_m[0], pose.position_m[2])
        ahead = rotation(pose.orientation_xyzw)[:, 2]
        return math.atan2(ahead[0], -ahead[2])
