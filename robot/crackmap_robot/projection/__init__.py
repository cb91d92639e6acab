"""From pixels to metres on the surface. Pure: no file, no clock, float64 throughout.

A pixel's direction (`lens`) is turned by the pose and met with the plane w = 0 (`plane`); the pose's uncertainty goes
the same way (`covariance`). `place` does it for a whole frame.
"""

from crackmap_robot.projection.covariance import Uncertainty
from crackmap_robot.projection.errors import NoView
from crackmap_robot.projection.lines import Movement
from crackmap_robot.projection.placement import chart_points, place

__all__ = ["Movement", "NoView", "Uncertainty", "chart_points", "place"]
