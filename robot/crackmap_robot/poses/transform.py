"""From one frame to another: a rotation and a shift that are not known exactly, and what they make of a pose."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crackmap.messages import Pose
from crackmap_robot.poses.motion import Motion
from crackmap_robot.projection.rotation import rotation

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Transform:
    """p ↦ s R p + t, in metres; `orientation_xyzw` is R, `scale` is s: 1 where both frames are metric.

    `covariance` (6, 6) is of (x, y, z, rx, ry, rz), metres and radians, as a pose's: the true shift is t + τ, the true
    rotation exp([δ]×) R. None means unknown.
    """

    position_m: tuple[float, float, float]
    orientation_xyzw: tuple[float, float, float, float]
    covariance: FloatArray | None
    scale: float = 1.0

    def points(self, points_m: FloatArray) -> FloatArray:
        """Points (n, 3) of the one frame in the other."""
        result: FloatArray = self.scale * points_m @ rotation(self.orientation_xyzw).T + np.array(self.position_m)
        return result

    def point_covariance(self, point_m: FloatArray) -> FloatArray | None:
        """(3, 3), m²: how exact `points` is at one point (3) of the one frame, itself taken as exact."""
        if self.covariance is None:
            return None
        slope = np.hstack([np.eye(3), -crossed(self.scale * rotation(self.orientation_xyzw) @ point_m)])
        result: FloatArray = slope @ self.covariance @ slope.T
        return result

    def pose(self, pose: Pose) -> Pose:
        """A pose in the one frame, in the other; its covariance is unknown where either's is.

        Both errors are taken as independent: Σ = J Σ_transform Jᵀ + A Σ_pose Aᵀ with J = [I, −[R p]×; 0, I] and
        A = diag(s R, R), to first order.
        """
        turn, place = rotation(self.orientation_xyzw), self.scale * np.array(pose.position_m)
        x_m, y_m, z_m = (turn @ place + np.array(self.position_m)).tolist()
        covariance = None
        if self.covariance is not None and pose.covariance is not None:
            lever = np.eye(6)
            lever[:3, 3:] = -crossed(turn @ place)
            turned = np.kron(np.diag([self.scale, 1.0]), turn)
            full = lever @ self.covariance @ lever.T
            full += turned @ np.array(pose.covariance).reshape(6, 6) @ turned.T
            covariance = tuple(((full + full.T) / 2).ravel().tolist())
        return Pose(
            position_m=(x_m, y_m, z_m),
            orientation_xyzw=product(self.orientation_xyzw, pose.orientation_xyzw),
            covariance=covariance,
        )

    def motion(self, motion: Motion) -> Motion:
        """A motion in the one frame, in the other."""
        turn = rotation(self.orientation_xyzw)
        x, y, z = (self.scale * turn @ np.array(motion.velocity_m_s)).tolist()
        rx, ry, rz = (turn @ np.array(motion.turn_rad_s)).tolist()
        return Motion((x, y, z), (rx, ry, rz))


def quaternion(turn: FloatArray) -> tuple[float, float, float, float]:
    """The unit quaternion (x, y, z, w) of a rotation (3, 3), w ≥ 0.

    By the largest component first, so that no small number is divided by (Shepperd, "Quaternion from rotation
    matrix", Journal of Guidance and Control 1 (1978)).
    """
    diagonal = np.diag(turn)
    # Four times the squares of x, y, z, w.
    squares = np.array([*(1 + 2 * diagonal - diagonal.sum()), 1 + diagonal.sum()])
    first = int(squares.argmax())
    sums, differences = turn + turn.T, turn - turn.T
    rows = np.array(
        [
            [squares[0], sums[0, 1], sums[0, 2], differences[2, 1]],
            [sums[0, 1], squares[1], sums[1, 2], differences[0, 2]],
            [sums[0, 2], sums[1, 2], squares[2], differences[1, 0]],
            [differences[2, 1], differences[0, 2], differences[1, 0], squares[3]],
        ]
    )
    found = rows[first] / np.linalg.norm(rows[first])
    x, y, z, w = (found * math.copysign(1, found[3])).tolist()
    return x, y, z, w


def product(
    second: tuple[float, float, float, float], first: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    """The rotation that is `first` and then `second`, of length 1 (Hamilton's product)."""
    ax, ay, az, aw = second
    bx, by, bz, bw = first
    found = np.array(
        [
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
            aw * bw - ax * bx - ay * by - az * bz,
        ]
    )
    x, y, z, w = (found / np.linalg.norm(found)).tolist()
    return x, y, z, w


def crossed(vector: FloatArray) -> FloatArray:
    """(3, 3): [v]×, so that [v]× a = v × a."""
    x, y, z = vector
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
