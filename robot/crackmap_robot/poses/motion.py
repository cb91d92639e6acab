"""How a camera moves at the moment of its pose."""

from __future__ import annotations

from dataclasses import dataclass

from crackmap.messages import Pose
from crackmap_robot.poses.interpolation import movement
from crackmap_robot.projection import Movement

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Motion:
    """In the surface's body frame: metres a second, and a rotation vector, radians a second."""

    velocity_m_s: Vector
    turn_rad_s: Vector

    def over(self, time_s: float) -> Movement:
        """What it makes in so many seconds."""
        x, y, z = (time_s * part for part in self.velocity_m_s)
        rx, ry, rz = (time_s * part for part in self.turn_rad_s)
        return Movement((x, y, z), (rx, ry, rz))


def motion_between(before: Pose, after: Pose, time_s: float) -> Motion:
    """The even motion that leads from one pose to the other in so many seconds."""
    x, y, z, rx, ry, rz = (movement(before, after) / time_s).tolist()
    return Motion((x, y, z), (rx, ry, rz))
