"""A robot's pose in ROS messages → ours. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np

from crackmap.errors import InputError
from crackmap.messages import Pose
from crackmap_robot.semidefinite import LOWEST_EIGENVALUE, lowest_scaled_eigenvalue

TYPES = (
    "nav_msgs/msg/Odometry",
    "geometry_msgs/msg/PoseWithCovarianceStamped",
    "geometry_msgs/msg/PoseStamped",
)


def pose_of_message(message: Any, kind: str) -> Pose:
    """The body's pose in the frame of the message's header; the covariance is unknown where ROS says nothing of it.

    ROS fills what it does not know with zeros, some drivers with −1 or NaN: a variance that is not over 0 makes the
    whole covariance unknown. Raises InputError for numbers that are no pose.
    """
    stated = message.pose
    inner, covariance = (stated, None) if kind == TYPES[2] else (stated.pose, stated.covariance)
    place = np.array([getattr(inner.position, axis) for axis in "xyz"], np.float64)
    turn = np.array([getattr(inner.orientation, axis) for axis in "xyzw"], np.float64)
    norm = float(np.linalg.norm(turn))
    if not np.isfinite(place).all() or not abs(norm - 1) <= 1e-2:
        raise InputError(f"no pose: position {place.tolist()}, orientation {turn.tolist()}")
    x_m, y_m, z_m = place.tolist()
    x, y, z, w = (turn / norm).tolist()
    return Pose(position_m=(x_m, y_m, z_m), orientation_xyzw=(x, y, z, w), covariance=_covariance(covariance))


def _covariance(values: Any) -> tuple[float, ...] | None:
    if values is None:
        return None
    matrix = np.array(values, np.float64).reshape(6, 6)
    if not np.isfinite(matrix).all() or (np.diag(matrix) <= 0).any():
        return None
    matrix = (matrix + matrix.T) / 2
    if lowest_scaled_eigenvalue(matrix) < LOWEST_EIGENVALUE:
        return None
    return tuple(matrix.ravel().tolist())
