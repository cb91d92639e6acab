"""The poses of a gantry that photographs a raster: columns and rows of places, square to the surface."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from crackmap.errors import InputError
from crackmap.messages import Pose
from crackmap_robot.poses.rows import Row

SQUARE_ON = (1.0, 0.0, 0.0, 0.0)
"""The picture's right is u, its up is v."""


@dataclass(frozen=True)
class Raster:
    """`columns` places from left to right and then on to the next row; `serpentine`: every second row comes back.

    `first_m` (u, v) is the first place, `step_m` the way to the next column and the next row, which may be negative.
    `sigma_m` and `sigma_rad` are how exact the gantry is; None: unknown.
    """

    columns: int
    first_m: tuple[float, float]
    step_m: tuple[float, float]
    distance_m: float
    serpentine: bool
    sigma_m: float | None
    sigma_rad: float | None

    def rows(self, names: Sequence[str]) -> Iterator[Row]:
        """One for each photograph, in their order. Raises InputError where they do not fill the rows."""
        if len(names) % self.columns:
            raise InputError(
                f"{len(names)} photographs do not fill rows of {self.columns}: {len(names) % self.columns} are left. "
                "Is one missing, or one too many?"
            )
        covariance = None
        if self.sigma_m is not None and self.sigma_rad is not None:
            covariance = tuple(np.diag([self.sigma_m**2] * 3 + [self.sigma_rad**2] * 3).ravel().tolist())
        for number, name in enumerate(names):
            row, column = divmod(number, self.columns)
            if self.serpentine and row % 2:
                column = self.columns - 1 - column
            u_m, v_m = self.first_m[0] + column * self.step_m[0], self.first_m[1] + row * self.step_m[1]
            pose = Pose(position_m=(u_m, v_m, self.distance_m), orientation_xyzw=SQUARE_ON, covariance=covariance)
            yield Row(number + 1, name, None, pose)
