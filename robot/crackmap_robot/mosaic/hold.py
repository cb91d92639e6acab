"""A photograph that says where the surface's frame is: its middle is the origin, and its scale is known."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from crackmap_robot.poses.transform import FloatArray

PLACE_SHARE, TURN_RAD = 3e-5, 3e-5
"""How exact the frame is that one photograph makes: it is so by definition. The place in parts of the distance."""
STEP = 1e-6


@dataclass(frozen=True)
class Hold:
    """The photograph of this number sees the origin at `ray`, u to its right; there is `metres` of surface per ray.

    `metres` is the root of the area that one unit of normalised coordinates covers: mm per px × focal length.
    `scale_sigma` is how exact that is, as a share.
    """

    number: int
    ray: tuple[float, float]
    metres: float
    scale_sigma: float

    def residuals(self, place_m: FloatArray, turn: FloatArray) -> FloatArray:
        """(4): where its middle is, its heading and its scale, less what they should be, over their sigmas."""
        ray = turn @ np.array([*self.ray, 1.0])
        reach = -place_m[2] / ray[2]
        middle = place_m[:2] + reach * ray[:2]
        slopes = reach * (turn[:2, :2] - np.outer(ray[:2] / ray[2], turn[2, :2]))  # d(u, v) / d(ray)
        scale = np.sqrt(abs(float(np.linalg.det(slopes))))
        return np.array(
            [
                *(middle / (PLACE_SHARE * self.metres)),
                np.arctan2(slopes[1, 0], slopes[0, 0]) / TURN_RAD,
                np.log(scale / self.metres) / self.scale_sigma,
            ]
        )

    def linear(self, place_m: FloatArray, turn: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The residuals (4), and their slopes (4, 6) by the pose's error, by differences."""
        columns = []
        for error in np.eye(6) * STEP:
            ahead, behind = (
                self.residuals(place_m + e[:3], np.asarray(cv2.Rodrigues(e[3:])[0]) @ turn) for e in (error, -error)
            )
            columns.append((ahead - behind) / (2 * STEP))
        return self.residuals(place_m, turn), np.stack(columns, axis=1)
