"""A pose between two known ones."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from crackmap.messages import Pose


def between(before: Pose, after: Pose, share: float, share_sigma: float = 0.0) -> Pose:
    """The pose at `share` (0..1) of the way: position linear, orientation along the shorter great circle (slerp).

    The covariance is the weighted mean of both. Errors of neighbouring poses are mostly common ones (the same map,
    the same fix), and then they do not average out; where they are independent, this states too much, not too little.
    It is None where either is unknown.

    `share_sigma` is the standard deviation of `share` (of the time, in gaps between the two poses): what moves between
    them is uncertain by so much of its movement, and that is added.
    """
    x_m, y_m, z_m = ((1 - share) * np.array(before.position_m) + share * np.array(after.position_m)).tolist()
    x, y, z, w = _slerp(np.array(before.orientation_xyzw), np.array(after.orientation_xyzw), share).tolist()
    covariance = None
    if before.covariance is not None and after.covariance is not None:
        mean = (1 - share) * np.array(before.covariance) + share * np.array(after.covariance)
        moved = share_sigma * movement(before, after)
        covariance = tuple((mean + np.outer(moved, moved).ravel()).tolist())
    return Pose(position_m=(x_m, y_m, z_m), orientation_xyzw=(x, y, z, w), covariance=covariance)


def movement(before: Pose, after: Pose) -> npt.NDArray[np.float64]:
    """(x, y, z, rx, ry, rz) from one pose to the other: metres, and the rotation vector in the body frame, radians."""
    ax, ay, az, aw = before.orientation_xyzw
    bx, by, bz, bw = after.orientation_xyzw
    # The quaternion product after · before*, whose vector part is sin(angle / 2) times the axis.
    axis = np.array(
        [
            bx * aw - bw * ax - by * az + bz * ay,
            by * aw - bw * ay - bz * ax + bx * az,
            bz * aw - bw * az - bx * ay + by * ax,
        ]
    )
    cosine = bx * ax + by * ay + bz * az + bw * aw
    sine = float(np.linalg.norm(axis))
    turn = axis * (2 * math.atan2(sine, abs(cosine)) / max(sine, 1e-300)) * math.copysign(1, cosine)
    return np.concatenate([np.array(after.position_m) - before.position_m, turn])


def _slerp(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], share: float) -> npt.NDArray[np.float64]:
    """Shoemake, Animating rotation with quaternion curves, SIGGRAPH 1985."""
    cosine = float(a @ b)
    if cosine < 0:  # q and -q are the same rotation; take the shorter way
        b, cosine = -b, -cosine
    angle = math.acos(min(cosine, 1.0))
    if angle < 1e-6:
        mixed = (1 - share) * a + share * b
    else:
        mixed = math.sin((1 - share) * angle) * a + math.sin(share * angle) * b
    return np.asarray(mixed / np.linalg.norm(mixed))
