"""Lines of sight: where pixels look from, and along what, in the surface's body frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crackmap.messages import Pose
from crackmap_robot.projection.rotation import rotation

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Movement:
    """How a camera moves while a frame is read, from its first row to its last: evenly, about the frame's own pose.

    Metres, and a rotation vector in the body frame, radians: the last row's R is exp([turn]×) times the first row's.
    """

    shift_m: tuple[float, float, float]
    turn_rad: tuple[float, float, float]


@dataclass(frozen=True)
class Lines:
    """Lines of sight in the body frame.

    starts_m  (3,), or (n, 3) where each has its own
    rays      (n, 3), not units
    axes      (3, 2) or (n, 3, 2): d(ray)/d(normalised image coordinates)
    ahead     (3,) the optical axis, as the frame's middle row has it
    """

    starts_m: FloatArray
    rays: FloatArray
    axes: FloatArray
    ahead: FloatArray


def directions(points: FloatArray, pose: Pose) -> FloatArray:
    """Body-frame vectors (n, 3) of normalised image coordinates (n, 2); their optical z is 1, so they are not units."""
    turned = rotation(pose.orientation_xyzw)
    result: FloatArray = points @ turned[:, :2].T + turned[:, 2]
    return result


def lines_of(points: FloatArray, pose: Pose) -> Lines:
    """Of normalised image coordinates (n, 2)."""
    turned = rotation(pose.orientation_xyzw)
    return Lines(np.array(pose.position_m), directions(points, pose), turned[:, :2], turned[:, 2])


def moving_lines(points: FloatArray, pose: Pose, movement: Movement, shares: FloatArray) -> Lines:
    """The same where each row has its own time: `shares` (n,) go from −½ in the first row to ½ in the last."""
    still = lines_of(points, pose)
    axes = np.broadcast_to(still.axes, (len(points), 3, 2))
    return Lines(
        starts_m=still.starts_m + shares[:, None] * np.array(movement.shift_m),
        rays=_turned(still.rays, movement, shares),
        axes=np.stack([_turned(axes[:, :, column], movement, shares) for column in (0, 1)], axis=2),
        ahead=still.ahead,
    )


def _turned(vectors: FloatArray, movement: Movement, shares: FloatArray) -> FloatArray:
    """Vectors (n, 3), each turned by its share of the turn (Rodrigues' formula)."""
    turn = np.array(movement.turn_rad)
    angle = float(np.linalg.norm(turn))
    axis = turn / max(angle, 1e-300)
    cosine, sine = np.cos(shares * angle)[:, None], np.sin(shares * angle)[:, None]
    along = (vectors @ axis)[:, None] * axis
    result: FloatArray = cosine * vectors + sine * np.cross(axis, vectors) + (1 - cosine) * along
    return result
