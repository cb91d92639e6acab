"""The adjustment of a mosaic: exact sightings give exact poses, noisy ones errors as large as is said."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest

from crackmap.errors import InputError
from crackmap_robot.mosaic.adjustment import Adjustment
from crackmap_robot.mosaic.growing import first_points
from crackmap_robot.mosaic.hold import Hold
from crackmap_robot.mosaic.refining import refined
from crackmap_robot.mosaic.sightings import Cameras, Sightings

FACING = np.diag([1.0, -1.0, -1.0])
SIGMA = 4e-4
"""Of a ray's coordinates: 0.4 px at a focal length of 1,000."""
DRAWS = 150
HALF_VIEW = np.array([0.45, 0.34])


def upright(cameras: Cameras) -> tuple[Cameras, float]:
    """In the frame that the first photograph makes: its middle at (0, 0), its right along u; and its scale."""
    ray = cameras.turns[0] @ [0.0, 0.0, 1.0]
    reach = -cameras.places_m[0, 2] / ray[2]
    middle = cameras.places_m[0, :2] + reach * ray[:2]
    slopes = reach * (cameras.turns[0][:2, :2] - np.outer(ray[:2] / ray[2], cameras.turns[0][2, :2]))
    back = cv2.Rodrigues(np.array([0.0, 0.0, -np.arctan2(slopes[1, 0], slopes[0, 0])]))[0]
    places = (cameras.places_m - [*middle, 0.0]) @ back.T
    return Cameras(places, back @ cameras.turns), float(np.sqrt(abs(np.linalg.det(slopes))))


@dataclass(frozen=True)
class Mosaic:
    """Photographs of a wall in rows, and what they see of points on it."""

    cameras: Cameras
    metres: float
    sightings: Sightings

    def start(self, rng: np.random.Generator, off: float) -> Cameras:
        turns = [cv2.Rodrigues(rng.normal(0, off, 3))[0] @ turn for turn in self.cameras.turns]
        return Cameras(self.cameras.places_m + rng.normal(0, 0.2 * off, self.cameras.places_m.shape), np.array(turns))

    def errors(self, found: Cameras) -> np.ndarray:
        turned = [cv2.Rodrigues(a @ b.T)[0].ravel() for a, b in zip(self.cameras.turns, found.turns, strict=True)]
        return np.hstack([self.cameras.places_m - found.places_m, turned])


def mosaic(
    rng: np.random.Generator, columns: int = 3, rows: int = 2, sigma: float = SIGMA, still: bool = False
) -> Mosaic:
    """Photographs see a half of 250 points for each of them. `still`: all are taken from one place."""
    step, jitter_m = (0.0, 0.0) if still else (1.0, 0.01)
    places = [
        np.array([0.3 * step * column, 0.25 * step * row, 0.6]) + rng.normal(0, jitter_m, 3)
        for row in range(rows)
        for column in range(columns)
    ]
    turns = [cv2.Rodrigues(rng.normal(0, 0.06, 3))[0] @ FACING for _ in places]
    cameras, metres = upright(Cameras(np.array(places), np.array(turns)))
    low, high = cameras.places_m.min(axis=0)[:2] - 0.4, cameras.places_m.max(axis=0)[:2] + 0.4
    points = rng.uniform(low, high, (250 * len(places), 2))
    photographs, numbers, rays = [], [], []
    for number in range(len(places)):
        seen = cameras.rays_of(np.full(len(points), number), points)
        there = np.flatnonzero((np.abs(seen) < HALF_VIEW).all(axis=1) & (rng.uniform(size=len(points)) < 0.5))
        photographs += [number] * len(there)
        numbers += there.tolist()
        rays.append(seen[there] + rng.normal(0, sigma, (len(there), 2)))
    times = np.bincount(numbers, minlength=len(points))[numbers]
    _, compact = np.unique(np.array(numbers)[times > 1], return_inverse=True)
    chosen = np.concatenate(rays)[times > 1]
    count = int(compact.max()) + 1
    sightings = Sightings(
        np.array(photographs)[times > 1],
        compact,
        chosen,
        np.full(len(chosen), SIGMA),
        np.full((count, 2), np.nan),
        np.full(count, np.nan),
    )
    return Mosaic(cameras, metres, sightings)


def with_marks(one: Mosaic, rng: np.random.Generator, number: int, sigma_m: float) -> Sightings:
    """So many of its points are marks, whose places were measured; the first and last, and some between."""
    points = np.zeros((len(one.sightings.known_m), 2))
    exact = one.cameras.hits_m(one.sightings.photographs, one.sightings.rays)
    points[one.sightings.points] = exact
    marked = rng.choice(len(points), number, replace=False)
    known, sigmas = np.full_like(points, np.nan), np.full(len(points), np.nan)
    known[marked], sigmas[marked] = points[marked] + rng.normal(0, sigma_m, (number, 2)), sigma_m
    return replace(one.sightings, known_m=known, known_sigmas_m=sigmas)


def squared(errors: np.ndarray, covariances: np.ndarray) -> np.ndarray:
    return np.einsum("ni,nij,nj->n", errors, np.linalg.inv(covariances), errors)


def test_exact_sightings_give_the_exact_poses_from_afar() -> None:
    rng = np.random.default_rng(0)
    for _ in range(5):
        one = mosaic(rng, sigma=0.0)
        hold = Hold(0, (0.0, 0.0), one.metres, 1e-4)
        start = one.start(rng, 0.1)
        found = Adjustment(one.sightings, 6, hold).solved(start, first_points(one.sightings, start))
        np.testing.assert_allclose(one.errors(found.cameras), 0, atol=1e-5)


def test_errors_are_as_large_as_is_said_where_one_photograph_fixes_the_frame() -> None:
    """Mean NEES of all but the first photograph within the band that so many independent mosaics allow."""
    rng, scale_sigma, means = np.random.default_rng(1), 0.002, []
    for _ in range(DRAWS):
        one = mosaic(rng)
        hold = Hold(0, (0.0, 0.0), one.metres * float(np.exp(rng.normal(0, scale_sigma))), scale_sigma)
        start = one.start(rng, 0.02)
        adjustment = Adjustment(one.sightings, 6, hold)
        found = adjustment.solved(start, first_points(one.sightings, start))
        means.append(squared(one.errors(found.cameras), adjustment.covariances(found))[1:].mean())
    # Photographs of one mosaic share their errors: the deviation is that of the mosaics' means.
    assert abs(np.mean(means) - 6) < 2.576 * np.std(means) / np.sqrt(DRAWS), np.mean(means)
    assert np.std(means) / np.sqrt(DRAWS) < 0.4


def test_errors_are_as_large_as_is_said_where_marks_fix_the_frame() -> None:
    rng, means = np.random.default_rng(2), []
    for _ in range(DRAWS):
        one = mosaic(rng, sigma=0.0)
        seen = with_marks(one, rng, 5, 0.002)
        seen = replace(seen, rays=seen.rays + rng.normal(0, SIGMA, seen.rays.shape))
        start = one.start(rng, 0.02)
        adjustment = Adjustment(seen, 6, None)
        found = adjustment.solved(start, first_points(seen, start))
        means.append(squared(one.errors(found.cameras), adjustment.covariances(found)).mean())
    assert abs(np.mean(means) - 6) < 2.576 * np.std(means) / np.sqrt(DRAWS), np.mean(means)
    assert np.std(means) / np.sqrt(DRAWS) < 0.4


def test_a_wrong_sigma_is_measured_and_wrong_matches_go() -> None:
    rng, means = np.random.default_rng(3), []
    for _ in range(40):
        one = mosaic(rng, sigma=3 * SIGMA)
        rays = one.sightings.rays.copy()
        wrong = rng.uniform(size=len(rays)) < 0.02
        rays[wrong] += rng.uniform(-0.05, 0.05, (int(wrong.sum()), 2))
        found = refined(replace(one.sightings, rays=rays), one.start(rng, 0.02), Hold(0, (0, 0), one.metres, 1e-4))
        assert found.share == pytest.approx(3, rel=0.12)
        assert found.dropped > 0.7 * wrong.sum()
        means.append(squared(one.errors(found.adjusted.cameras), found.covariances)[1:].mean())
    assert 4 < np.mean(means) < 8, np.mean(means)


def test_the_error_grows_with_the_distance_from_what_fixes_the_frame() -> None:
    rng = np.random.default_rng(4)
    one = mosaic(rng, columns=8, rows=1)
    adjustment = Adjustment(one.sightings, 8, Hold(0, (0, 0), one.metres, 1e-4))
    found = adjustment.solved(one.cameras, first_points(one.sightings, one.cameras))
    alone = np.sqrt(np.trace(adjustment.covariances(found)[:, :3, :3], axis1=1, axis2=2))
    assert (np.diff(alone[1:]) > 0).all()
    marks = with_marks(one, rng, 60, 1e-4)
    held = Adjustment(marks, 8, None)
    found = held.solved(one.cameras, first_points(marks, one.cameras))
    assert np.sqrt(np.trace(held.covariances(found)[-1, :3, :3])) < alone[-1] / 3


def test_photographs_from_one_place_leave_a_direction_free() -> None:
    rng = np.random.default_rng(5)
    one = mosaic(rng, still=True)
    adjustment = Adjustment(one.sightings, 6, Hold(0, (0, 0), one.metres, 1e-4))
    with pytest.raises(InputError, match="leave a direction free"):
        adjustment.covariances(adjustment.solved(one.cameras, first_points(one.sightings, one.cameras)))
