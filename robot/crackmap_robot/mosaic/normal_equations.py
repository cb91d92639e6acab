"""One step of the adjustment: the normal equations, with the points eliminated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from crackmap_robot.mosaic.hold import Hold
from crackmap_robot.mosaic.sightings import Cameras, IntArray, Sightings
from crackmap_robot.poses.transform import FloatArray

PAIRS_AT_ONCE = 100_000


@dataclass(frozen=True)
class Problem:
    """Sightings by so many photographs, to be adjusted. `hold` fixes the frame; without it known points must."""

    sightings: Sightings
    photographs: int
    hold: Hold | None

    @cached_property
    def pairs(self) -> tuple[IntArray, IntArray]:
        """Numbers of sightings (k,), (k,): each two of one point, in both orders and each with itself."""
        return _pairs(self.sightings.points)

    @cached_property
    def blocks(self) -> tuple[IntArray, IntArray]:
        """Which blocks of the poses' system are filled, by number; and to which of them each pair belongs."""
        left, right = self.pairs
        numbers = self.sightings.photographs[left] * self.photographs + self.sightings.photographs[right]
        filled, which = np.unique(numbers, return_inverse=True)
        return filled, which.ravel()


@dataclass(frozen=True)
class Adjusted:
    """Poses and points (p, 2), the misfits of sightings (m, 2) over their sigmas, and those of known points (p, 2)."""

    cameras: Cameras
    points_m: FloatArray
    misfits: FloatArray
    known_misfits: FloatArray


class NormalEquations:
    """The normal equations at one place."""

    def __init__(self, problem: Problem, by_pose: FloatArray, by_point: FloatArray, here: Adjusted) -> None:
        """`by_pose` (m, 2, 6) and `by_point` (m, 2, 2) are the slopes of the sightings' misfits."""
        self._problem, seen, hold = problem, problem.sightings, problem.hold
        self._photographs, self._points = seen.photographs, seen.points
        count, points = problem.photographs, len(here.points_m)
        self._poses = _summed(by_pose.transpose(0, 2, 1) @ by_pose, seen.photographs, count)
        self._grounds = _summed(by_point.transpose(0, 2, 1) @ by_point, seen.points, points)
        self._between = by_pose.transpose(0, 2, 1) @ by_point
        misfits = -here.misfits[:, :, None]
        self._pose_side = _summed((by_pose.transpose(0, 2, 1) @ misfits)[:, :, 0], seen.photographs, count)
        self._point_side = _summed((by_point.transpose(0, 2, 1) @ misfits)[:, :, 0], seen.points, points)
        if hold is not None:
            k = hold.number
            residuals, slopes = hold.linear(here.cameras.places_m[k], here.cameras.turns[k])
            self._poses[k] += slopes.T @ slopes
            self._pose_side[k] -= slopes.T @ residuals
        weight = np.where(seen.known, 1 / np.where(seen.known, seen.known_sigmas_m, 1.0) ** 2, 0.0)
        self._grounds += weight[:, None, None] * np.eye(2)
        self._point_side -= here.known_misfits * np.sqrt(weight)[:, None]

    def reduced(self, damping: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The poses' system (6 n, 6 n) with points eliminated, its right side, and what brings the points back."""
        problem, count = self._problem, self._problem.photographs
        grounds = np.linalg.inv(_damped(self._grounds, damping))
        back = self._between @ grounds[self._points]
        (left, right), (filled, which) = problem.pairs, problem.blocks
        blocks = np.zeros((len(filled), 36))
        for start in range(0, len(left), PAIRS_AT_ONCE):
            part = slice(start, start + PAIRS_AT_ONCE)
            products = back[left[part]] @ self._between[right[part]].transpose(0, 2, 1)
            blocks += _summed(products.reshape(-1, 36), which[part], len(filled))
        full = np.zeros((count * count, 6, 6))
        full[filled] = -blocks.reshape(-1, 6, 6)
        full[np.arange(count) * (count + 1)] += _damped(self._poses, damping)
        matrix = full.reshape(count, count, 6, 6).transpose(0, 2, 1, 3).reshape(6 * count, 6 * count)
        moved = _summed((back @ self._point_side[self._points][:, :, None])[:, :, 0], self._photographs, count)
        return (matrix + matrix.T) / 2, self._pose_side - moved, np.asarray(grounds, np.float64)

    def step(self, damping: float) -> tuple[FloatArray, FloatArray]:
        """Of the poses (n, 6) and the points (p, 2)."""
        matrix, right, grounds = self.reduced(damping)
        scale = 1 / np.sqrt(np.diagonal(matrix))
        solved = np.linalg.solve(matrix * np.outer(scale, scale), scale * right.ravel())
        by_pose = (scale * solved).reshape(-1, 6)
        moved = (self._between.transpose(0, 2, 1) @ by_pose[self._photographs][:, :, None])[:, :, 0]
        rest = self._point_side - _summed(moved, self._points, len(self._point_side))
        by_point = (grounds @ rest[:, :, None])[:, :, 0]
        return np.asarray(by_pose, np.float64), np.asarray(by_point, np.float64)


def _damped(blocks: FloatArray, damping: float) -> FloatArray:
    """Blocks (k, s, s) with a larger diagonal."""
    result = blocks.copy()
    diagonal = np.arange(blocks.shape[1])
    result[:, diagonal, diagonal] *= 1 + damping
    return result


def _summed(values: FloatArray, groups: IntArray, count: int) -> FloatArray:
    """Sums (count, …) of values (k, …) by group (k,)."""
    flat = values.reshape(len(values), -1)
    sums = [np.bincount(groups, flat[:, column], count) for column in range(flat.shape[1])]
    return np.asarray(np.stack(sums, axis=1).reshape(count, *values.shape[1:]), np.float64)


def _pairs(points: IntArray) -> tuple[IntArray, IntArray]:
    """Numbers of sightings (k,), (k,): each two of one point, in both orders and each with itself."""
    order = np.argsort(points, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(points[order]) > 0])
    lengths = np.diff(np.r_[starts, len(points)])
    left, right = [], []
    for length in np.unique(lengths):
        members = order[starts[lengths == length][:, None] + np.arange(length)]
        left.append(np.repeat(members, length, axis=1).ravel())
        right.append(np.tile(members, (1, length)).ravel())
    return np.concatenate(left), np.concatenate(right)
