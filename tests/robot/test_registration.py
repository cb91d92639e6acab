"""Control points: the transform is found, its covariance is honest, and what cannot be found is said."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crackmap.errors import InputError
from crackmap.messages import Pose
from crackmap_robot.poses.registration import ControlPoint, Registration, register
from crackmap_robot.poses.transform import Transform, product, quaternion
from crackmap_robot.projection.rotation import rotation as matrix

DRAWS = 2500
PLACES = np.array([[0.2, 0.1, 0.0], [4.8, 0.3, 0.02], [4.5, 2.7, 0.0], [0.4, 2.4, -0.01], [2.5, 1.2, 0.3]])
TURNS = st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(lambda q: np.linalg.norm(q) > 0.1)
SHIFTS = st.tuples(*[st.floats(-100, 100)] * 3)


def unit(numbers: list[float]) -> tuple[float, float, float, float]:
    x, y, z, w = (np.array(numbers) / np.linalg.norm(numbers)).tolist()
    return x, y, z, w


def rotation_vector(turn: np.ndarray) -> np.ndarray:
    return cv2.Rodrigues(turn)[0].ravel()


def points(odometry: np.ndarray, surface: np.ndarray, sigma_m: float | None = None) -> list[ControlPoint]:
    return [
        ControlPoint(f"p{k}", tuple(a), tuple(b), sigma_m)  # type: ignore[arg-type]  # three numbers each
        for k, (a, b) in enumerate(zip(odometry.tolist(), surface.tolist(), strict=True))
    ]


@given(turn=TURNS, shift=SHIFTS, count=st.integers(3, 5))
@settings(max_examples=100)
def test_what_was_moved_is_moved_back(turn: list[float], shift: tuple[float, float, float], count: int) -> None:
    true = Transform(shift, unit(turn), None)
    found = register(points(PLACES[:count], true.points(PLACES[:count])))
    np.testing.assert_allclose(matrix(found.transform.orientation_xyzw), matrix(true.orientation_xyzw), atol=1e-6)
    np.testing.assert_allclose(found.transform.points(PLACES), true.points(PLACES), atol=1e-6)
    assert found.rms_m < 1e-6
    assert not found.doubtful


@given(turn=TURNS, other=TURNS, vector=st.tuples(*[st.floats(-2, 2)] * 3))
def test_quaternions_and_matrices_say_the_same(
    turn: list[float], other: list[float], vector: tuple[float, float, float]
) -> None:
    one, two = unit(turn), unit(other)
    np.testing.assert_allclose(matrix(quaternion(matrix(one))), matrix(one), atol=1e-9)
    np.testing.assert_allclose(matrix(product(one, two)), matrix(one) @ matrix(two), atol=1e-9)
    turned = cv2.Rodrigues(np.array(vector))[0]
    np.testing.assert_allclose(matrix(quaternion(turned)), turned, atol=1e-9)


def drawn(rng: np.random.Generator, sigma_m: float, stated_m: float | None) -> tuple[Transform, Registration]:
    true = Transform(tuple(rng.uniform(-5, 5, 3)), unit(rng.normal(size=4).tolist()), None)  # type: ignore[arg-type]
    surface = true.points(PLACES) + rng.normal(0, sigma_m, PLACES.shape)
    return true, register(points(PLACES, surface, stated_m))


def squared(error: np.ndarray, covariance: np.ndarray) -> float:
    return float(error @ np.linalg.solve(covariance, error))


def test_the_stated_covariance_is_the_real_one() -> None:
    """Mean NEES of transforms, and of poses that are moved by them, within its two-sided 99 % band."""
    rng = np.random.default_rng(7)
    of_transforms, of_poses = [], []
    sigmas = np.array([0.004, 0.003, 0.005, 0.002, 0.003, 0.001])
    for _ in range(DRAWS):
        true, found = drawn(rng, 0.005, 0.005)
        covariance = found.transform.covariance
        assert covariance is not None
        turned = matrix(true.orientation_xyzw) @ matrix(found.transform.orientation_xyzw).T
        shift = np.array(true.position_m) - found.transform.position_m
        of_transforms.append(squared(np.concatenate([shift, rotation_vector(turned)]), covariance))
        # A pose that odometry states with an error of its own.
        place, turn = np.array([3.0, 1.0, 0.8]), unit([1.0, 0.1, -0.05, 0.02])
        error = rng.normal(0, sigmas)
        stated = Pose(
            position_m=tuple(place), orientation_xyzw=turn, covariance=tuple(np.diag(sigmas**2).ravel().tolist())
        )
        moved = found.transform.pose(stated)
        true_place = true.points((place + error[:3])[None])[0]
        true_turn = matrix(true.orientation_xyzw) @ cv2.Rodrigues(error[3:])[0] @ matrix(turn)
        apart = rotation_vector(true_turn @ matrix(moved.orientation_xyzw).T)
        assert moved.covariance is not None
        of_poses.append(
            squared(np.concatenate([true_place - moved.position_m, apart]), np.array(moved.covariance).reshape(6, 6))
        )
    for nees in (of_transforms, of_poses):
        assert abs(np.mean(nees) - 6) < 2.576 * math.sqrt(12 / DRAWS), np.mean(nees)


def test_without_sigmas_five_points_tell_their_errors_and_four_do_not() -> None:
    rng = np.random.default_rng(3)
    variances = [found.transform.covariance[0, 0] for _, found in (drawn(rng, 0.01, None) for _ in range(400))]
    known = [found.transform.covariance[0, 0] for _, found in (drawn(rng, 0.01, 0.01) for _ in range(400))]
    assert np.mean(variances) == pytest.approx(np.mean(known), rel=0.15)
    four = register(points(PLACES[:4], PLACES[:4] + rng.normal(0, 0.01, (4, 3))))
    assert four.transform.covariance is None
    pose = Pose(position_m=(0, 0, 1), orientation_xyzw=(1, 0, 0, 0), covariance=tuple(np.eye(6).ravel().tolist()))
    assert four.transform.pose(pose).covariance is None


def test_misfits_that_the_sigmas_do_not_allow_are_doubtful_and_enlarge_the_covariance() -> None:
    wrong = PLACES.copy()
    wrong[1, 0] += 0.2
    found, sound = register(points(PLACES, wrong, 0.005)), register(points(PLACES, PLACES, 0.005))
    assert found.doubtful
    assert np.linalg.norm(found.misfits_m, axis=1).argmax() == 1
    assert found.transform.covariance is not None
    assert sound.transform.covariance is not None
    assert found.transform.covariance[0, 0] > 100 * sound.transform.covariance[0, 0]
    rng = np.random.default_rng(5)
    assert np.mean([drawn(rng, 0.005, 0.005)[1].doubtful for _ in range(2000)]) < 0.006


def test_a_more_exact_point_counts_more() -> None:
    wrong = PLACES.copy()
    wrong[0, 1] += 0.1
    exact = [
        ControlPoint(p.name, p.odometry_m, p.surface_m, 1.0 if k == 0 else 0.001)
        for k, p in enumerate(points(PLACES, wrong))
    ]
    np.testing.assert_allclose(register(exact).misfits_m[1:], 0, atol=1e-4)


@pytest.mark.parametrize(
    ("given_points", "message"),
    [
        (points(PLACES[:2], PLACES[:2]), "2 control points; give at least 3"),
        (points(np.outer([0, 1, 2, 5], [1, 2, 0.5]), PLACES[:4]), "on one line in odometry's frame"),
        (points(PLACES[:3], np.zeros((3, 3))), "on one line in the surface's frame"),
        (points(PLACES[:3], PLACES[:3], 0.01) + points(PLACES[3:], PLACES[3:]), "'p0' has no sigma_m"),
    ],
)
def test_what_cannot_be_found_is_said(given_points: list[ControlPoint], message: str) -> None:
    with pytest.raises(InputError, match=message):
        register(given_points)
