"""What the photographs of a mosaic see of the surface: points, some of whose places are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crackmap_robot.poses.transform import FloatArray

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sightings:
    """`m` sightings of `p` points, each by one photograph.

    photographs, points (m,)  whose they are, by number
    rays        (m, 2)        normalised image coordinates, without the lens's distortion
    sigmas      (m,)          standard deviation of each of a ray's coordinates
    known_m     (p, 2)        where points are known to be on the surface; NaN: only from the photographs
    known_sigmas_m (p,)       how exact that is, each coordinate; NaN as above
    """

    photographs: IntArray
    points: IntArray
    rays: FloatArray
    sigmas: FloatArray
    known_m: FloatArray
    known_sigmas_m: FloatArray

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """(p,): whether a point's place is known."""
        return np.isfinite(self.known_sigmas_m)

    def chosen(self, kept: npt.NDArray[np.bool_]) -> Sightings:
        """Only these sightings (m,), of the same points."""
        return Sightings(
            self.photographs[kept],
            self.points[kept],
            self.rays[kept],
            self.sigmas[kept],
            self.known_m,
            self.known_sigmas_m,
        )


@dataclass(frozen=True)
class Cameras:
    """Where each photograph was taken from: places (n, 3) and turns (n, 3, 3), optical to body frame."""

    places_m: FloatArray
    turns: FloatArray

    def rays_of(self, photographs: IntArray, points_m: FloatArray) -> FloatArray:
        """Normalised coordinates (m, 2) of points (m, 2) of the surface, each in one photograph; NaN behind it."""
        x, y, z = self.optical(photographs, points_m).T
        depth = np.where(z > 0, z, np.nan)
        return np.stack([x / depth, y / depth], axis=1)

    def optical(self, photographs: IntArray, points_m: FloatArray) -> FloatArray:
        """Points (m, 2) of the surface in the optical frames (m, 3)."""
        away = np.column_stack([points_m, np.zeros(len(points_m))]) - self.places_m[photographs]
        return np.asarray(np.einsum("mij,mi->mj", self.turns[photographs], away))

    def hits_m(self, photographs: IntArray, rays: FloatArray) -> FloatArray:
        """Where rays (m, 2) meet the surface (m, 2); NaN where they look away from it."""
        turned = np.einsum("mij,mj->mi", self.turns[photographs], np.column_stack([rays, np.ones(len(rays))]))
        down = np.where(turned[:, 2] < 0, turned[:, 2], np.nan)
        reach = -self.places_m[photographs, 2] / down
        return np.asarray(self.places_m[photographs, :2] + reach[:, None] * turned[:, :2])
