"""How far a pose error moves points on the surface: first-order propagation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crackmap.messages import Pose
from crackmap_robot.projection.shape import Shape

FloatArray = npt.NDArray[np.float64]


def pose_slopes(rays: FloatArray, pose: Pose, shape: Shape) -> FloatArray:
    """d(u, v)/d(x, y, z, rx, ry, rz) for body-frame vectors (n, 3), shape (n, 2, 6).

    The rotation error δ is a small rotation vector in the body frame: d turns into d + δ × d, so dd/dδ = −[d]×.
    """
    by_position, by_ray = shape.hit_slopes(rays, pose)
    u, v, w = rays.T
    by_rotation = np.zeros((len(rays), 3, 3))
    by_rotation[:, 0, 1], by_rotation[:, 0, 2] = w, -v
    by_rotation[:, 1, 0], by_rotation[:, 1, 2] = -w, u
    by_rotation[:, 2, 0], by_rotation[:, 2, 1] = v, -u
    return np.concatenate([by_position, by_ray @ by_rotation], axis=2)


def covariances(rays: FloatArray, pose: Pose, shape: Shape) -> FloatArray | None:
    """(n, 3): uu, uv, vv in m² where body-frame vectors (n, 3) meet the surface; None where the pose's is unknown.

    J Σ Jᵀ with the 6 × 6 covariance of the pose, which holds the time's where poses are found by time. Calibration,
    exposure on the move and flatness are not in it.
    """
    if pose.covariance is None:
        return None
    slopes = pose_slopes(rays, pose, shape)
    full = slopes @ np.array(pose.covariance).reshape(6, 6) @ slopes.transpose(0, 2, 1)
    return np.stack([full[:, 0, 0], full[:, 0, 1], full[:, 1, 1]], axis=1)
