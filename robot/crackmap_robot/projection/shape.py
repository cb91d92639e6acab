"""What a surface must tell: where directions meet it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from crackmap.messages import Pose
from crackmap.surfaces import Facing, Surface
from crackmap_robot.projection.cylinder import Cylinder
from crackmap_robot.projection.plane import Plane

FloatArray = npt.NDArray[np.float64]


class Shape(Protocol):
    """A plane or a cylinder."""

    @property
    def border_pieces(self) -> int:
        """Into how many a straight piece of a picture's border is cut."""
        ...

    def hits(self, rays: FloatArray, pose: Pose) -> FloatArray:
        """(u, v) in metres (n, 2) where body-frame vectors (n, 3) from the camera meet it. Raises NoView."""
        ...

    def hit_slopes(self, rays: FloatArray, pose: Pose) -> tuple[FloatArray, FloatArray]:
        """d(u, v)/d(camera position) and d(u, v)/d(ray), (n, 2, 3) each."""
        ...


def shape_of(surface: Surface) -> Shape:
    """How a surface is met."""
    if surface.radius_m is None:
        return Plane()
    return Cylinder(surface.radius_m, surface.facing is Facing.INSIDE)
