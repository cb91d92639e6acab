"""How far errors of pose, calibration and surface move points on it: first-order propagation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crackmap.messages import Camera, Pose
from crackmap_robot.projection.lens import calibration_slopes
from crackmap_robot.projection.lines import Lines
from crackmap_robot.projection.shape import Shape, Slopes

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Uncertainty:
    """What is known of errors beside the pose's. None: not known, and then not in a tile's covariance.

    `calibration` is 9 × 9, row by row, of (fx, fy, cx, cy, k1, k2, p1, p2, k3); the first four in pixels.
    `flatness_m` is the standard deviation of how far the face lies off its plane or cylinder, along the normal.
    """

    calibration: tuple[float, ...] | None = None
    flatness_m: float | None = None


NOTHING_KNOWN = Uncertainty()


def pose_slopes(lines: Lines, slopes: Slopes) -> FloatArray:
    """d(u, v)/d(x, y, z, rx, ry, rz) where lines of sight meet a shape with these slopes, shape (n, 2, 6).

    The rotation error δ is a small rotation vector in the body frame: d turns into d + δ × d, so dd/dδ = −[d]×.
    """
    u, v, w = lines.rays.T
    by_rotation = np.zeros((len(lines.rays), 3, 3))
    by_rotation[:, 0, 1], by_rotation[:, 0, 2] = w, -v
    by_rotation[:, 1, 0], by_rotation[:, 1, 2] = -w, u
    by_rotation[:, 2, 0], by_rotation[:, 2, 1] = v, -u
    return np.concatenate([slopes.by_position, slopes.by_ray @ by_rotation], axis=2)


def lens_covariances(points: FloatArray, camera: Camera, calibration: tuple[float, ...]) -> FloatArray:
    """(n, 2, 2): how exact the normalised coordinates (n, 2) of pixels are, by the calibration's covariance."""
    slopes = calibration_slopes(points, camera)
    result: FloatArray = slopes @ np.array(calibration).reshape(9, 9) @ slopes.transpose(0, 2, 1)
    return result


def covariances(
    lines: Lines, pose: Pose, shape: Shape, lens: FloatArray | None = None, flatness_m: float | None = None
) -> FloatArray | None:
    """(n, 3): uu, uv, vv in m² where lines of sight meet the surface; None where the pose's is unknown.

    The sum of J Σ Jᵀ over the pose (6 × 6; it holds those of time, mount and registration), the lens (`lens`, (n, 2, 2)
    of the normalised coordinates) and the face's distance from its shape: they are taken as independent.
    """
    if pose.covariance is None:
        return None
    slopes = shape.hit_slopes(lines)
    by_pose = pose_slopes(lines, slopes)
    full = by_pose @ np.array(pose.covariance).reshape(6, 6) @ by_pose.transpose(0, 2, 1)
    if lens is not None:
        by_point = slopes.by_ray @ lines.axes
        full += by_point @ lens @ by_point.transpose(0, 2, 1)
    if flatness_m is not None:
        off = flatness_m * slopes.by_face
        full += off[:, :, None] * off[:, None, :]
    return np.stack([full[:, 0, 0], full[:, 0, 1], full[:, 1, 1]], axis=1)
