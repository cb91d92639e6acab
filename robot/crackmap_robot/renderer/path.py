"""Driving the camera over the wall: where it truly is at each photograph, and what its pose source says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crackmap.errors import InputError
from crackmap_robot.renderer.arrays import FloatArray
from crackmap_robot.renderer.camera import SimulatedCamera
from crackmap_robot.renderer.pose import SQUARE, Pose, rotation_from_vector
from crackmap_robot.renderer.wall import Wall


@dataclass(frozen=True, eq=False)
class PathPose:
    """One photograph's pose, as it is and as it is reported."""

    true: Pose
    reported: Pose
    covariance: FloatArray
    """(6, 6) of (x, y, z, rx, ry, rz), m and rad in the body frame: true position = reported + e, true rotation =
    exp([d]×) · reported, (e, d) drawn from it."""


@dataclass(frozen=True)
class Handling:
    """How far the true pose strays from the plan: nobody holds a camera quite square. Standard deviations."""

    position_m: float = 0.006
    tilt_rad: float = 0.05
    roll_rad: float = 0.02


def independent_covariance(
    position_sigma_m: tuple[float, float, float], rotation_sigma_rad: tuple[float, float, float]
) -> FloatArray:
    """(6, 6) with nothing off the diagonal."""
    return np.diag(np.square([*position_sigma_m, *rotation_sigma_rad]))


def lawn_mower(
    wall: Wall,
    camera: SimulatedCamera,
    rng: np.random.Generator,
    *,
    distance_m: float,
    overlap: float = 0.3,
    margin_m: float = 0.015,
    covariance: FloatArray | None = None,
    handling: Handling | None = None,
) -> tuple[PathPose, ...]:
    """Rows from bottom to top, to and fro, so that square views ``overlap`` and reach ``margin_m`` past the edges.

    ``covariance`` (6, 6) is what the reported poses' errors are drawn from; None reports them exactly, with zeros.
    """
    if not 0 <= overlap < 0.95:
        raise InputError(f"lawn_mower: overlap {overlap} must be at least 0 and under 0.95")
    if distance_m <= 0:
        raise InputError(f"lawn_mower: distance_m {distance_m} must be over 0")
    covariance = np.zeros((6, 6)) if covariance is None else np.asarray(covariance, np.float64)
    spread = square_root(covariance)
    handling = handling or Handling()
    view_m = np.array([camera.width_px / camera.fx, camera.height_px / camera.fy]) * distance_m
    across = stations(wall.width_m, view_m[0], overlap, margin_m)
    up = stations(wall.height_m, view_m[1], overlap, margin_m)
    poses = []
    for number, v in enumerate(up):
        for u in across if number % 2 == 0 else across[::-1]:
            stray = rng.normal(0, 1, 6) * [*(handling.position_m,) * 3, *(handling.tilt_rad,) * 2, handling.roll_rad]
            rotation = rotation_from_vector(stray[3:]) @ SQUARE
            position = np.array([u, v, distance_m]) + stray[:3]
            error = spread @ rng.normal(0, 1, 6)
            poses.append(
                PathPose(
                    true=Pose.from_rotation(position, rotation),
                    reported=Pose.from_rotation(position - error[:3], rotation_from_vector(error[3:]).T @ rotation),
                    covariance=covariance,
                )
            )
    return tuple(poses)


def stations(length_m: float, view_m: float, overlap: float, margin_m: float) -> FloatArray:
    """Centres of views along one side, evenly spaced."""
    reach = length_m + 2 * margin_m - view_m
    if reach <= 0:
        return np.array([length_m / 2])
    count = int(np.ceil(reach / (view_m * (1 - overlap)) - 1e-9)) + 1
    return np.linspace(view_m / 2 - margin_m, length_m + margin_m - view_m / 2, count)


def square_root(covariance: FloatArray) -> FloatArray:
    """L with L Lᵀ = covariance; works for singular ones, as Cholesky's does not."""
    values, vectors = np.linalg.eigh(covariance)
    if covariance.shape != (6, 6) or values.min() < -1e-12 * max(1.0, values.max()):
        raise InputError("lawn_mower: covariance must be 6×6 and positive semi-definite")
    root: FloatArray = vectors * np.sqrt(np.clip(values, 0, None))
    return root
