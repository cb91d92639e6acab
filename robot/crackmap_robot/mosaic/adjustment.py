"""All poses and all points at once, by least squares. Pure.

Bundle adjustment whose points lie on one plane, so that each has two unknowns. They are eliminated (Schur's complement;
Triggs et al., "Bundle adjustment: a modern synthesis", 2000), and what is left is a system of six unknowns for each
photograph: dense, for a mosaic of hundreds fits in memory. Steps are Levenberg's and Marquardt's.
"""

from __future__ import annotations

import cv2
import numpy as np

from crackmap.errors import InputError
from crackmap_robot.mosaic.hold import Hold
from crackmap_robot.mosaic.normal_equations import Adjusted, NormalEquations, Problem
from crackmap_robot.mosaic.sightings import Cameras, Sightings
from crackmap_robot.poses.transform import FloatArray

MOST_STEPS = 60
CONVERGED = 1e-7
"""Of the sum of squares, in parts of it."""
FREE_RAD = 0.05
"""A pose that may be turned by so much is as good as unknown, and its covariance no longer true to first order."""
FIRST_DAMPING, LEAST_DAMPING, MOST_DAMPING = 1e-4, 1e-12, 1e8


class Adjustment:
    """One set of sightings. `hold` fixes the frame; without it known points must."""

    def __init__(self, sightings: Sightings, photographs: int, hold: Hold | None) -> None:
        self._problem = Problem(sightings, photographs, hold)

    def solved(self, cameras: Cameras, points_m: FloatArray) -> Adjusted:
        """From a start that is near enough to the nearest minimum. Raises InputError where it sees nothing."""
        damping, here = FIRST_DAMPING, self._at(cameras, points_m)
        cost = _cost(here, self._problem.hold)
        if not np.isfinite(cost):
            raise InputError("the photographs do not fit together: some would look away from the surface.")
        for _ in range(MOST_STEPS):
            system = self._system(here)
            while True:
                there = self._stepped(here, system, damping)
                after = np.inf if there is None else _cost(there, self._problem.hold)
                if there is not None and after <= cost:
                    break
                damping *= 10
                if damping > MOST_DAMPING:
                    return here
            gained, cost, here = cost - after, after, there
            damping = max(damping / 10, LEAST_DAMPING)
            if gained <= CONVERGED * cost:
                break
        return here

    def covariances(self, found: Adjusted) -> FloatArray:
        """(n, 6, 6) of each pose, as `crackmap.messages.Pose` has them. Raises InputError where a direction is free."""
        reduced = self._system(found).reduced(0.0)[0]
        scale = 1 / np.sqrt(np.diagonal(reduced))
        try:
            inverse = np.linalg.inv(np.linalg.cholesky(reduced * np.outer(scale, scale)))
        except np.linalg.LinAlgError:
            raise _free() from None
        lower = (inverse * scale).reshape(len(inverse), -1, 6).transpose(1, 0, 2)
        covariances = lower.transpose(0, 2, 1) @ lower
        if np.diagonal(covariances, axis1=1, axis2=2)[:, 3:].max() > FREE_RAD**2:
            raise _free()
        return np.asarray(covariances)

    def _at(self, cameras: Cameras, points_m: FloatArray) -> Adjusted:
        seen = self._problem.sightings
        predicted = cameras.rays_of(seen.photographs, points_m[seen.points])
        known = np.where(seen.known[:, None], (points_m - seen.known_m) / seen.known_sigmas_m[:, None], 0.0)
        return Adjusted(cameras, points_m, (predicted - seen.rays) / seen.sigmas[:, None], known)

    def _stepped(self, here: Adjusted, system: NormalEquations, damping: float) -> Adjusted | None:
        """A step on; None where it leads nowhere."""
        try:
            by_pose, by_point = system.step(damping)
        except np.linalg.LinAlgError:
            return None
        turns = np.array(
            [cv2.Rodrigues(turn)[0] @ old for turn, old in zip(by_pose[:, 3:], here.cameras.turns, strict=True)]
        )
        cameras = Cameras(here.cameras.places_m + by_pose[:, :3], turns)
        if (cameras.places_m[:, 2] <= 0).any():
            return None
        return self._at(cameras, here.points_m + by_point)

    def _system(self, here: Adjusted) -> NormalEquations:
        """With errors (τ, δ) of a pose as everywhere (p + τ, exp([δ]×) R), q = Rᵀ (X − p) has the slopes −Rᵀ and
        Rᵀ [X − p]× by them, and the first two columns of Rᵀ by X."""
        seen, cameras = self._problem.sightings, here.cameras
        points_m = here.points_m[seen.points]
        x, y, z = cameras.optical(seen.photographs, points_m).T
        ray = np.zeros((len(x), 2, 3))
        ray[:, 0, 0] = ray[:, 1, 1] = 1 / z
        ray[:, 0, 2], ray[:, 1, 2] = -x / z**2, -y / z**2
        ray = ray @ cameras.turns[seen.photographs].transpose(0, 2, 1) / seen.sigmas[:, None, None]
        across = np.zeros((len(x), 3, 3))
        u, v, w = (np.column_stack([points_m, np.zeros(len(x))]) - cameras.places_m[seen.photographs]).T
        across[:, 0, 1], across[:, 0, 2], across[:, 1, 2] = -w, v, -u
        across[:, 1, 0], across[:, 2, 0], across[:, 2, 1] = w, -v, u
        by_pose, by_point = np.concatenate([-ray, ray @ across], axis=2), ray[:, :, :2]
        return NormalEquations(self._problem, by_pose, by_point, here)


def _free() -> InputError:
    return InputError(
        "the photographs leave a direction free: were they all taken from one place? Move the camera along the surface "
        "between them."
    )


def _cost(found: Adjusted, hold: Hold | None) -> float:
    """The sum of squares; infinite where a point is behind a camera."""
    total = float((found.misfits**2).sum() + (found.known_misfits**2).sum())
    if hold is not None:
        k = hold.number
        total += float((hold.residuals(found.cameras.places_m[k], found.cameras.turns[k]) ** 2).sum())
    return total if np.isfinite(total) else np.inf
