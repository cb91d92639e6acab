"""MAVLink's ODOMETRY messages, as autopilots send them, as poses of the robot in ROS's conventions (REP 103).

MAVLink: quaternion w first, from the body (FRD: x ahead, y right, z down) to the message's frame, which is NED, FRD,
ENU or FLU. Here: body x ahead, y left, z up (FLU), world east, north, up or ahead, left, up. The covariance is the
upper half of (x, y, z, roll, pitch, yaw); it begins with NaN where it is unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import time
from typing import Any

import numpy as np

from crackmap.errors import SettingError
from crackmap.messages import Pose
from crackmap_robot.poses.record import PoseFileError
from crackmap_robot.poses.rows import Row
from crackmap_robot.poses.transform import FloatArray, quaternion
from crackmap_robot.projection.rotation import rotation
from crackmap_robot.semidefinite import LOWEST_EIGENVALUE, lowest_scaled_eigenvalue

BODY_FRD = 12
WORLDS: dict[int, FloatArray] = {
    1: np.array([[0.0, 1, 0], [1, 0, 0], [0, 0, -1]]),  # LOCAL_NED
    4: np.eye(3),  # LOCAL_ENU
    20: np.diag([1.0, -1, -1]),  # LOCAL_FRD
    21: np.eye(3),  # LOCAL_FLU
}
"""By MAV_FRAME: from the message's frame to ours."""
BODY = np.diag([1.0, -1.0, -1.0])
EPOCH_US = 1_000_000_000_000_000
"""Times under it (2001) count from when the autopilot started."""


@dataclass
class MavlinkPoses:
    """Decodes datagrams; several messages in one are fine, and those that are no ODOMETRY are passed over.

    Times since the autopilot's start become this machine's by the shortest way that a message took: it arrives later
    than it was sent, never sooner.
    """

    clock: Callable[[], float] = time
    _parser: Any = field(init=False)
    _offset_s: float = field(default=np.inf, init=False)

    def __post_init__(self) -> None:
        """Raises SettingError where the extra is not installed."""
        try:
            from pymavlink.dialects.v20 import common  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise SettingError("MAVLink is read by an extra: pip install 'crackmap-robot[mavlink]'") from error
        self._parser = common.MAVLink(None)
        self._parser.robust_parsing = True

    def __call__(self, content: bytes) -> tuple[Row, ...]:
        """The poses in a datagram. Raises PoseFileError for one that holds a message that is no pose, or garbage."""
        messages = self._parser.parse_buffer(content) or []
        if any(message.get_type() == "BAD_DATA" for message in messages):
            raise PoseFileError("mavlink: a message that is damaged")
        return tuple(self._row(message) for message in messages if message.get_type() == "ODOMETRY")

    def _row(self, message: Any) -> Row:
        world = WORLDS.get(message.frame_id)
        if world is None or message.child_frame_id != BODY_FRD:
            raise PoseFileError(
                f"mavlink: ODOMETRY from frame {message.child_frame_id} to {message.frame_id}; taken are bodies in FRD "
                f"({BODY_FRD}) in {', '.join(map(str, WORLDS))}"
            )
        w, x, y, z = (float(part) for part in message.q)
        place = np.array([message.x, message.y, message.z], np.float64)
        norm = float(np.linalg.norm([x, y, z, w]))
        if not np.isfinite(place).all() or not abs(norm - 1) <= 1e-2:
            raise PoseFileError(f"mavlink: no pose: position {place.tolist()}, quaternion {list(message.q)}")
        turn = world @ rotation((x, y, z, w)) @ BODY
        x_m, y_m, z_m = (world @ place).tolist()
        pose = Pose(
            position_m=(x_m, y_m, z_m),
            orientation_xyzw=quaternion(turn),
            covariance=_covariance(message.pose_covariance, world, world @ rotation((x, y, z, w))),
        )
        return Row(1, None, self._time_s(int(message.time_usec)), pose)

    def _time_s(self, time_us: int) -> float:
        if time_us >= EPOCH_US:
            return time_us * 1e-6
        self._offset_s = min(self._offset_s, self.clock() - time_us * 1e-6)
        return time_us * 1e-6 + self._offset_s


def _covariance(upper: Any, world: FloatArray, turn: FloatArray) -> tuple[float, ...] | None:
    """(6, 6) of ours. Roll, pitch and yaw are taken as small turns about the body's axes, which holds near level."""
    values = np.array(upper, np.float64)
    matrix = np.zeros((6, 6))
    matrix[np.triu_indices(6)] = values
    matrix = matrix + np.triu(matrix, 1).T
    if not np.isfinite(matrix).all() or (np.diag(matrix) <= 0).any():
        return None
    if lowest_scaled_eigenvalue(matrix) < LOWEST_EIGENVALUE:
        return None
    turned = np.zeros((6, 6))
    turned[:3, :3], turned[3:, 3:] = world, turn
    full = turned @ matrix @ turned.T
    return tuple(((full + full.T) / 2).ravel().tolist())
