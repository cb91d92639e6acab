"""The last adjustment: sightings that do not fit go, and how exact the others are is measured. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from crackmap_robot.mosaic.adjustment import Adjustment
from crackmap_robot.mosaic.growing import first_points
from crackmap_robot.mosaic.hold import Hold
from crackmap_robot.mosaic.normal_equations import Adjusted
from crackmap_robot.mosaic.sightings import Cameras, Sightings
from crackmap_robot.poses.transform import FloatArray

OUTLIER = 4.0
"""Standard deviations, of the length of a misfit's two coordinates."""
ROUNDS = 2
MEDIAN_LENGTH = 1.1774
"""The median length of two normal coordinates of deviation 1."""


@dataclass(frozen=True)
class Refined:
    """What came of it.

    `share` is by how much the features' standard deviation differs from what was guessed; `covariances` (n, 6, 6).
    """

    adjusted: Adjusted
    sightings: Sightings
    covariances: FloatArray
    share: float
    dropped: int


def refined(sightings: Sightings, cameras: Cameras, hold: Hold | None) -> Refined:
    """Poses from a start that is near enough. Raises InputError where something is left free.

    The deviation of features is measured by their own misfits: the sum of squares over the degrees of freedom that
    their points and the poses leave. Points whose places are known keep the deviations that were stated.
    """
    free = ~sightings.known[sightings.points]
    before, share = len(sightings.points), 1.0
    adjustment = Adjustment(sightings, len(cameras.places_m), hold)
    found = adjustment.solved(cameras, first_points(sightings, cameras))
    for _ in range(ROUNDS):
        lengths = np.hypot(*found.misfits.T)
        typical = float(np.median(lengths[free])) / MEDIAN_LENGTH
        kept = ~free | (lengths < OUTLIER * typical)
        kept &= ~free | (np.bincount(sightings.points[kept], minlength=len(sightings.known_m))[sightings.points] > 1)
        sightings, points = _compact(sightings.chosen(kept), found.points_m)
        free = ~sightings.known[sightings.points]
        adjustment = Adjustment(sightings, len(cameras.places_m), hold)
        found = adjustment.solved(found.cameras, points)
        ratio = _ratio(found, sightings, free)
        share *= ratio
        sightings = replace(sightings, sigmas=np.where(free, sightings.sigmas * ratio, sightings.sigmas))
        found = replace(found, misfits=np.where(free[:, None], found.misfits / ratio, found.misfits))
    adjustment = Adjustment(sightings, len(cameras.places_m), hold)
    found = adjustment.solved(found.cameras, found.points_m)
    return Refined(found, sightings, adjustment.covariances(found), share, before - len(sightings.points))


def _ratio(found: Adjusted, sightings: Sightings, free: npt.NDArray[np.bool_]) -> float:
    """The features' deviation over what was stated."""
    points = len(np.unique(sightings.points[free]))
    freedom = 2 * int(free.sum()) - 2 * points - 6 * len(found.cameras.places_m)
    return float(np.sqrt((found.misfits[free] ** 2).sum() / max(freedom, 1)))


def _compact(sightings: Sightings, points_m: FloatArray) -> tuple[Sightings, FloatArray]:
    """Without the points that nothing sees any more."""
    used, points = np.unique(sightings.points, return_inverse=True)
    return replace(
        sightings,
        points=points.ravel(),
        known_m=sightings.known_m[used],
        known_sigmas_m=sightings.known_sigmas_m[used],
    ), points_m[used]
