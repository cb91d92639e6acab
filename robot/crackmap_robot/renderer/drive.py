"""A camera that drives over a wall without stopping: where it is at any moment, and what its odometry says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crackmap_robot.renderer.arrays import FloatArray
from crackmap_robot.renderer.camera import SimulatedCamera
from crackmap_robot.renderer.path import Handling, PathPose, independent_covariance, square_root, stations
from crackmap_robot.renderer.pose import SQUARE, Pose, rotation_from_vector
from crackmap_robot.renderer.wall import Wall

STRAY_S, ERROR_S = 5.0, 7.0
"""Periods of the camera's swaying and of odometry's error."""


@dataclass(frozen=True, eq=False)
class Drive:
    """To and fro along rows from bottom to top, and then it stands. Whoever asks twice gets the same answer."""

    corners_m: FloatArray
    """(n, 2) u, v: where it turns."""
    distance_m: float
    speed_m_s: float
    stray: FloatArray
    """(2, 6): how far cosine and sine sway it, metres and radians."""
    error: FloatArray
    """(2, 6): the same of what is reported. Of many drives its covariance at any moment is `covariance`."""
    covariance: FloatArray

    @property
    def length_s(self) -> float:
        """Until it stands."""
        return float(self._reached_s()[-1])

    def at(self, elapsed_s: float) -> PathPose:
        """So long after its beginning."""
        reached_s = self._reached_s()
        u_m, v_m = (np.interp(elapsed_s, reached_s, self.corners_m[:, axis]) for axis in (0, 1))
        stray, error = _wave(self.stray, elapsed_s, STRAY_S), _wave(self.error, elapsed_s, ERROR_S)
        rotation = rotation_from_vector(stray[3:]) @ SQUARE
        position = np.array([u_m, v_m, self.distance_m]) + stray[:3]
        return PathPose(
            true=Pose.from_rotation(position, rotation),
            reported=Pose.from_rotation(position - error[:3], rotation_from_vector(error[3:]).T @ rotation),
            covariance=self.covariance,
        )

    def _reached_s(self) -> FloatArray:
        """(n,): when it is at each corner."""
        legs_m = np.hypot(*np.diff(self.corners_m, axis=0).T)
        reached: FloatArray = np.concatenate([[0.0], np.cumsum(legs_m)]) / self.speed_m_s
        return reached


def drive_over(
    wall: Wall,
    camera: SimulatedCamera,
    rng: np.random.Generator,
    *,
    distance_m: float,
    speed_m_s: float,
    overlap: float = 0.3,
    margin_m: float = -0.03,
) -> Drive:
    """Over all of the wall, by rows whose views `overlap` and end `margin_m` past its edges; the first row goes right.

    The same state of `rng` gives the same drive.
    """
    view_m = np.array([camera.width_px / camera.fx, camera.height_px / camera.fy]) * distance_m
    ends = stations(wall.width_m, view_m[0], overlap, margin_m)[[0, -1]]
    corners = [
        (u, v)
        for number, v in enumerate(stations(wall.height_m, view_m[1], overlap, margin_m))
        for u in (ends if number % 2 == 0 else ends[::-1])
    ]
    handling = Handling(position_m=0.003, tilt_rad=0.012, roll_rad=0.01)
    sway = np.array([*(handling.position_m,) * 3, *(handling.tilt_rad,) * 2, handling.roll_rad])
    covariance = independent_covariance((0.003, 0.003, 0.003), (0.004, 0.004, 0.003))
    return Drive(
        corners_m=np.array(corners),
        distance_m=distance_m,
        speed_m_s=speed_m_s,
        stray=rng.normal(0, 1, (2, 6)) * sway,
        error=rng.normal(0, 1, (2, 6)) @ square_root(covariance).T,
        covariance=covariance,
    )


def _wave(parts: FloatArray, elapsed_s: float, period_s: float) -> FloatArray:
    """(6,): parts[0] cos + parts[1] sin, so that its spread over drives is that of the parts at every moment."""
    angle = 2 * np.pi * elapsed_s / period_s
    wave: FloatArray = parts[0] * np.cos(angle) + parts[1] * np.sin(angle)
    return wave
