"""Where lines of sight meet a cylinder about the second axis of a surface's body frame, unrolled to (u, v)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crackmap_robot.projection.errors import NoView
from crackmap_robot.projection.lines import Lines
from crackmap_robot.projection.plane import STEEPEST_DEG
from crackmap_robot.projection.shape import Slopes

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cylinder:
    """Of that radius, seen from inside or from outside."""

    radius_m: float
    inside: bool
    border_pieces = 8
    """A straight piece of a picture's border is bent on the surface: it is cut into so many."""

    def hits(self, lines: Lines) -> FloatArray:
        """(u, v) in metres (n, 2) where lines of sight meet the surface. Raises NoView.

        u goes on beyond ±π r within one frame, so that none is torn at the seam.
        """
        places, _ = self._places(lines)
        angles = self._angles(places)
        middle = self._middle_rad(lines)
        angles = middle + np.remainder(angles - middle + math.pi, 2 * math.pi) - math.pi
        return np.stack([self.radius_m * angles, places[:, 1]], axis=1)

    def hit_slopes(self, lines: Lines) -> Slopes:
        """With the hit h = p + s d on |h| = r (without the second axis): dh/dp = I − d nᵀ / (n · d), n = (h₁, 0, h₃).

        dh/dd = s dh/dp; where the face is farther out by f, dh/df = d r / (n · d); du = ±(h₃ dh₁ − h₁ dh₃) / r.
        """
        places, reach = self._places(lines)
        rays = lines.rays
        normals = places * [1.0, 0.0, 1.0]
        along = (normals * rays).sum(axis=1)
        moved = np.eye(3) - rays[:, :, None] * normals[:, None, :] / along[:, None, None]
        unrolled = np.zeros((len(rays), 2, 3))
        side = -1.0 if self.inside else 1.0
        unrolled[:, 0, 0], unrolled[:, 0, 2] = side * places[:, 2], -side * places[:, 0]
        unrolled[:, 0] /= self.radius_m
        unrolled[:, 1, 1] = 1.0
        by_position = unrolled @ moved
        by_face = (unrolled @ rays[:, :, None])[:, :, 0] * (self.radius_m / along)[:, None]
        return Slopes(by_position, reach[:, None, None] * by_position, by_face)

    def _places(self, lines: Lines) -> tuple[FloatArray, FloatArray]:
        """Where the lines meet it (n, 3), and in how many of their rays' lengths (n,)."""
        camera, rays = lines.starts_m, lines.rays
        away_m = np.hypot(camera[..., 0], camera[..., 2]) - self.radius_m
        wrong = ((away_m < 0) != self.inside) | (away_m == 0)
        if wrong.any():
            where, wanted = ("outside", "inside") if self.inside else ("inside", "outside")
            off_m = float(np.abs(away_m[wrong]).max())
            raise NoView(f"the camera is {off_m:.3f} m {where} the cylinder, which is seen from {wanted}")
        across, start = rays[:, [0, 2]], camera[..., [0, 2]]
        a, b = (across**2).sum(axis=1), (across * start).sum(axis=1)
        c = (start * start).sum(axis=-1) - self.radius_m**2
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

    def _middle_rad(self, lines: Lines) -> float:
        """An angle that all of what the camera sees is less than half a turn away from."""
        if not self.inside:
            camera = lines.starts_m.reshape(-1, 3).mean(axis=0)
            return math.atan2(camera[0], camera[2])
        return math.atan2(lines.ahead[0], -lines.ahead[2])
