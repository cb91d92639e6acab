"""Where odometry's frame lies in the surface's: from points that are known in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crackmap.errors import InputError
from crackmap_robot.poses.misfit import largest_ratio
from crackmap_robot.poses.transform import FloatArray, Transform, crossed, quaternion

FEWEST_POINTS = 3
FEWEST_TO_TELL_ERRORS = 5
"""Points from which their own misfit says how exact they are (9 degrees of freedom)."""
LEAST_SPREAD = 0.02
"""Of the points' spread beside their longest line, in parts of that along it; under it the turn about it is a guess."""


@dataclass(frozen=True)
class ControlPoint:
    """A mark whose place is known in odometry's frame and in the surface's body frame, in metres.

    `sigma_m` is the standard deviation of each coordinate's difference, both measurements together; None: unknown.
    """

    name: str
    odometry_m: tuple[float, float, float]
    surface_m: tuple[float, float, float]
    sigma_m: float | None


@dataclass(frozen=True)
class Registration:
    """The surface's frame from odometry's, and how well it fits.

    `misfits_m` (n, 3): each point's place on the surface, less where the transform puts it. `doubtful`: they are larger
    than the points' sigmas allow, so the covariance was enlarged to what was seen.
    """

    transform: Transform
    misfits_m: FloatArray
    doubtful: bool

    @property
    def rms_m(self) -> float:
        """Root mean square distance of the points."""
        return float(np.sqrt((self.misfits_m**2).sum(axis=1).mean()))


def register(points: Sequence[ControlPoint], *, free_scale: bool = False) -> Registration:
    """The rotation and shift with the least weighted squares of misfits, and its covariance.

    The rotation is Kabsch's (Acta Crystallographica A32 (1976)): no mirror image. With `free_scale` the frame of the
    poses is not metric: its scale is Umeyama's (IEEE PAMI 13 (1991)), and the error is unknown. Else the covariance is
    (Σ Jᵀ J / σ²)⁻¹ with J = [I, −[R p]×] for each point. Without sigmas σ is what the misfits say, from five points on;
    with fewer the error is unknown.

    Raises InputError for fewer than three points, for points on one line, and where only some have a sigma.
    """
    if len(points) < FEWEST_POINTS:
        raise InputError(f"{len(points)} control points; give at least {FEWEST_POINTS} that are not on one line.")
    stated = [point.sigma_m for point in points if point.sigma_m is not None]
    if stated and len(stated) < len(points):
        nameless = next(point.name for point in points if point.sigma_m is None)
        raise InputError(
            f"control point {nameless!r} has no sigma_m, but others have one: state it for all or for none."
        )
    odometry, surface = (np.array([getattr(p, name) for p in points]) for name in ("odometry_m", "surface_m"))
    for name, places in (("odometry's frame", odometry), ("the surface's frame", surface)):
        _check_spread(name, places)
    sigmas = np.array(stated) if stated else np.ones(len(points))
    turn, shift, scale = _fitted(odometry, surface, 1 / sigmas**2, free_scale=free_scale)
    misfits_m = surface - (scale * odometry @ turn.T + shift)
    freedom = 3 * len(points) - (7 if free_scale else 6)
    ratio = float(((misfits_m / sigmas[:, None]) ** 2).sum()) / freedom
    doubtful = bool(stated) and ratio > largest_ratio(freedom)
    covariance = None
    if not free_scale and (stated or len(points) >= FEWEST_TO_TELL_ERRORS):
        slopes = [
            np.hstack([np.eye(3), -crossed(turn @ place)]) / sigma
            for place, sigma in zip(odometry, sigmas, strict=True)
        ]
        covariance = np.linalg.inv(sum(slope.T @ slope for slope in slopes))
        covariance *= ratio if doubtful or not stated else 1.0
    x_m, y_m, z_m = shift.tolist()
    return Registration(Transform((x_m, y_m, z_m), quaternion(turn), covariance, scale), misfits_m, doubtful)


def _check_spread(name: str, places_m: FloatArray) -> None:
    along, beside, _ = np.linalg.svd(places_m - places_m.mean(axis=0), compute_uv=False)
    if beside < LEAST_SPREAD * along or along == 0:
        raise InputError(
            f"the control points lie on one line in {name} (to {1000 * beside:.0f} mm): the turn about it stays "
            "unknown. Add one beside it, as far off as can be."
        )


def _fitted(
    odometry: FloatArray, surface: FloatArray, weights: FloatArray, *, free_scale: bool
) -> tuple[FloatArray, FloatArray, float]:
    """Rotation (3, 3), shift (3) and scale."""
    middle, its = (np.average(places, axis=0, weights=weights) for places in (odometry, surface))
    from_middle = odometry - middle
    left, values, right = np.linalg.svd(from_middle.T @ ((surface - its) * weights[:, None]))
    proper = np.array([1.0, 1.0, np.sign(np.linalg.det(right.T @ left.T))])
    turn = right.T @ np.diag(proper) @ left.T
    scale = float(values @ proper / (weights @ (from_middle**2).sum(axis=1))) if free_scale else 1.0
    return turn, its - scale * turn @ middle, scale
