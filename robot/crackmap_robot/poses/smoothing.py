"""Odometry that drifts, and fixes here and there: the trajectory that both make most likely, and how exact it is. Pure.

Least squares over all poses at once (a pose graph that is a chain), by Gauss and Newton. Each step solves a system of
6 × 6 blocks that has three diagonals, forwards and backwards, so that time and memory grow with the number of poses
only (Rauch, Tung and Striebel, Maximum likelihood estimates of linear dynamic systems, AIAA Journal 3 (1965)).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from crackmap.errors import InputError
from crackmap.messages import Pose
from crackmap_robot.poses.transform import FloatArray, crossed, quaternion
from crackmap_robot.projection.rotation import rotation

MOST_STEPS = 20
CONVERGED_M = 1e-5
LEAST_MOVE_M, LEAST_TURN_RAD = 1e-5, 1e-6
"""What a pose may differ from the one before it, though odometry says that nothing moved."""


@dataclass(frozen=True)
class Fix:
    """Where the camera was at one pose of the chain (its number), known to so much.

    `covariance` is (3, 3) of the position alone where `orientation_xyzw` is None, else (6, 6) as a pose's.
    """

    number: int
    position_m: tuple[float, float, float]
    orientation_xyzw: tuple[float, float, float, float] | None
    covariance: FloatArray


@dataclass(frozen=True)
class Drift:
    """How odometry goes wrong: by `share` of the way, and by `turn_rad_per_m`, over the way from fix to fix."""

    share: float
    turn_rad_per_m: float


def smoothed(odometry: Sequence[Pose], fixes: Sequence[Fix], drift: Drift) -> tuple[Pose, ...]:
    """The poses of `odometry` with drift taken out, each with its covariance.

    `odometry` is on the surface already, as far as it can be (`crackmap surface register`): of each pose only what
    leads to the next is believed, and of the first its own covariance, where it has one.

    A drift that goes on in one way over the distance L between fixes makes an error of `share` × L. It is taken as one
    that goes here and there, with the same deviation after L: variance (share² L) for each metre, for each axis.

    Raises InputError where fixes and odometry leave a direction free.
    """
    places = np.array([pose.position_m for pose in odometry])
    turns = np.array([rotation(pose.orientation_xyzw) for pose in odometry])
    links = _links(places, turns, _weights(places, fixes, drift))
    prior = odometry[0].covariance
    for _ in range(MOST_STEPS):
        diagonal, beside, right = _system(places, turns, links)
        if prior is not None:
            first = np.linalg.inv(np.array(prior).reshape(6, 6))
            moved = np.concatenate([places[0] - odometry[0].position_m, _vector(turns[0] @ links.first.T)])
            diagonal[0] += first
            right[0] -= first @ moved
        _add_fixes(diagonal, right, fixes, places, turns)
        step, covariances = _solved(diagonal, beside, right)
        places = places + step[:, :3]
        turns = np.array([cv2.Rodrigues(turn)[0] @ old for turn, old in zip(step[:, 3:], turns, strict=True)])
        if float(np.abs(step).max()) < CONVERGED_M:
            break
    return tuple(_pose(*each) for each in zip(places, turns, covariances, strict=True))


@dataclass(frozen=True)
class _Links:
    """What odometry says from pose to pose: shift in the camera's frame (n − 1, 3), turn, their weights (n − 1, 6)."""

    first: FloatArray
    shifts: FloatArray
    turns: FloatArray
    weights: FloatArray


def _links(places: FloatArray, turns: FloatArray, weights: FloatArray) -> _Links:
    back = turns[:-1].transpose(0, 2, 1)
    shifts = np.einsum("nij,nj->ni", back, np.diff(places, axis=0))
    return _Links(turns[0], shifts, back @ turns[1:], weights)


def _weights(places: FloatArray, fixes: Sequence[Fix], drift: Drift) -> FloatArray:
    """1 / variance of shift and turn from pose to pose, (n − 1, 6)."""
    ways_m = np.linalg.norm(np.diff(places, axis=0), axis=1)
    along_m = np.concatenate([[0.0], np.cumsum(ways_m)])
    at = np.unique([0, *(fix.number for fix in fixes), len(places) - 1])
    apart_m = max(float(np.median(np.diff(along_m[at]))) if len(at) > 1 else 0.0, LEAST_MOVE_M)
    shift = drift.share**2 * apart_m * ways_m + LEAST_MOVE_M**2
    turn = drift.turn_rad_per_m**2 * apart_m * ways_m + LEAST_TURN_RAD**2
    return np.asarray(1 / np.repeat(np.stack([shift, turn], axis=1), 3, axis=1))


def _system(places: FloatArray, turns: FloatArray, links: _Links) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Normal equations of the links: diagonal blocks (n, 6, 6), those beside them (n − 1, 6, 6), right side (n, 6).

    With errors (τ, δ) of a pose as everywhere (p + τ, exp([δ]×) R), the residuals Rᵏᵀ (p' − p) − shift and
    log(turnᵀ Rᵏᵀ R') have the slopes [−Rᵀ, Rᵀ [p' − p]×], [Rᵀ, 0] and [0, −R'ᵀ], [0, R'ᵀ].
    """
    count = len(places)
    back = turns.transpose(0, 2, 1)
    ways = np.diff(places, axis=0)
    here, there = np.zeros((count - 1, 6, 6)), np.zeros((count - 1, 6, 6))
    here[:, :3, :3], there[:, :3, :3] = -back[:-1], back[:-1]
    here[:, :3, 3:] = back[:-1] @ np.array([crossed(way) for way in ways])
    here[:, 3:, 3:], there[:, 3:, 3:] = -back[1:], back[1:]
    residuals = np.zeros((count - 1, 6))
    residuals[:, :3] = np.einsum("nij,nj->ni", back[:-1], ways) - links.shifts
    residuals[:, 3:] = [_vector(turn) for turn in links.turns.transpose(0, 2, 1) @ back[:-1] @ turns[1:]]
    weighted_here = here.transpose(0, 2, 1) * links.weights[:, None]
    weighted_there = there.transpose(0, 2, 1) * links.weights[:, None]
    diagonal, right = np.zeros((count, 6, 6)), np.zeros((count, 6))
    diagonal[:-1] += weighted_here @ here
    diagonal[1:] += weighted_there @ there
    right[:-1] -= np.einsum("nij,nj->ni", weighted_here, residuals)
    right[1:] -= np.einsum("nij,nj->ni", weighted_there, residuals)
    return diagonal, weighted_here @ there, right


def _add_fixes(
    diagonal: FloatArray, right: FloatArray, fixes: Sequence[Fix], places: FloatArray, turns: FloatArray
) -> None:
    for fix in fixes:
        weight = np.linalg.inv(fix.covariance)
        residual = places[fix.number] - fix.position_m
        if fix.orientation_xyzw is not None:
            turned = _vector(turns[fix.number] @ rotation(fix.orientation_xyzw).T)
            residual = np.concatenate([residual, turned])
        size = len(residual)
        diagonal[fix.number, :size, :size] += weight
        right[fix.number, :size] -= weight @ residual


def _solved(diagonal: FloatArray, beside: FloatArray, right: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The solution (n, 6), and the diagonal blocks of the inverse (n, 6, 6): the covariances."""
    count = len(diagonal)
    pivots, values = diagonal.copy(), right.copy()
    try:
        for k in range(count - 1):
            down = np.linalg.solve(pivots[k], beside[k]).T  # beside is symmetric across: B and Bᵀ
            pivots[k + 1] -= down @ beside[k]
            values[k + 1] -= down @ values[k]
        inverses = np.linalg.inv(pivots)
    except np.linalg.LinAlgError:
        raise _free() from None
    if not np.isfinite(inverses).all() or (np.diagonal(inverses, axis1=1, axis2=2) <= 0).any():
        raise _free()
    solution, covariances = np.empty_like(right), np.empty_like(diagonal)
    solution[-1], covariances[-1] = inverses[-1] @ values[-1], inverses[-1]
    for k in range(count - 2, -1, -1):
        gain = inverses[k] @ beside[k]
        solution[k] = inverses[k] @ values[k] - gain @ solution[k + 1]
        covariances[k] = inverses[k] + gain @ covariances[k + 1] @ gain.T
    return solution, covariances


def _free() -> InputError:
    return InputError(
        "the fixes leave a direction free: add one that is not on a line with the others, or let "
        "`crackmap surface register` state how exact the first pose is (sigma_m)."
    )


def _vector(turn: FloatArray) -> FloatArray:
    """The rotation vector (3) of a rotation (3, 3)."""
    return np.asarray(cv2.Rodrigues(turn)[0], np.float64).ravel()


def _pose(place: FloatArray, turn: FloatArray, covariance: FloatArray) -> Pose:
    left, _, right = np.linalg.svd(turn)  # many small turns one after the other leave it a little off
    x_m, y_m, z_m = place.tolist()
    even = (covariance + covariance.T) / 2
    assert math.isfinite(float(even.sum()))
    return Pose(
        position_m=(x_m, y_m, z_m), orientation_xyzw=quaternion(left @ right), covariance=tuple(even.ravel().tolist())
    )
