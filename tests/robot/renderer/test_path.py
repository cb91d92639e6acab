"""Lawn-mower paths: nothing left out, and noise that is what its covariance says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crackmap.errors import InputError
from crackmap_robot.renderer import (
    Handling,
    SimulatedCamera,
    Wall,
    independent_covariance,
    lawn_mower,
    surface_points_m,
)
from crackmap_robot.renderer.arrays import FloatArray

STEADY = Handling(0, 0, 0)
CAMERA = SimulatedCamera()


def bare(width_m: float, height_m: float) -> Wall:
    return Wall(width_m, height_m, 10.0, np.zeros((2, 2, 3), np.uint8))


def rotation_vector(rotation: FloatArray) -> FloatArray:
    """Logarithm of a small rotation."""
    skew = (rotation - rotation.T) / 2
    axis = np.array([skew[2, 1], skew[0, 2], skew[1, 0]])
    sine = np.linalg.norm(axis)
    return axis if sine < 1e-12 else axis / sine * np.arcsin(sine)


@settings(max_examples=30)
@given(st.floats(0.1, 3.0), st.floats(0.1, 3.0), st.floats(0.2, 0.8), st.floats(0.0, 0.7))
def test_a_steady_camera_leaves_nothing_out(width_m: float, height_m: float, distance_m: float, overlap: float) -> None:
    poses = lawn_mower(
        bare(width_m, height_m),
        CAMERA,
        np.random.default_rng(0),
        distance_m=distance_m,
        overlap=overlap,
        handling=STEADY,
    )
    corners = np.array([[-0.5, -0.5], [CAMERA.width_px - 0.5, CAMERA.height_px - 0.5]])
    views = np.array([surface_points_m(CAMERA, pose.true, corners) for pose in poses])  # (n, 2, 2)
    left, top, right, bottom = views[:, 0, 0], views[:, 0, 1], views[:, 1, 0], views[:, 1, 1]
    for low, high, length in ((left, right, width_m), (bottom, top, height_m)):
        places = np.unique(np.round(np.column_stack([low, high]), 9), axis=0)
        assert places[0, 0] <= 1e-9
        assert places[-1, 1] >= length - 1e-9
        assert np.all(places[:-1, 1] - places[1:, 0] >= overlap * (places[0, 1] - places[0, 0]) - 1e-6)


def test_rows_go_to_and_fro_from_the_bottom() -> None:
    poses = lawn_mower(bare(1.0, 0.6), CAMERA, np.random.default_rng(0), distance_m=0.4, handling=STEADY)
    places = np.array([pose.true.position_m for pose in poses])
    assert np.all(np.diff(places[:, 1]) >= -1e-12)
    steps = np.hypot(*np.diff(places[:, :2], axis=0).T)
    assert steps.max() < 0.4  # never back across the wall
    np.testing.assert_allclose(places[:, 2], 0.4)


def test_without_covariance_the_report_is_the_truth() -> None:
    poses = lawn_mower(bare(0.5, 0.5), CAMERA, np.random.default_rng(0), distance_m=0.4)
    for pose in poses:
        np.testing.assert_allclose(pose.reported.position_m, pose.true.position_m)
        np.testing.assert_allclose(pose.reported.rotation(), pose.true.rotation(), atol=1e-12)
        assert not pose.covariance.any()


def test_errors_are_drawn_from_the_covariance() -> None:
    """Mahalanobis distances over 2,000 poses: mean within the two-sided 99.9 % chi-square band of 6 degrees."""
    mix = np.random.default_rng(5).normal(size=(6, 6)) * [0.004, 0.003, 0.006, 0.003, 0.002, 0.004]
    covariance = mix.T @ mix / 6
    poses = lawn_mower(
        bare(12, 9), CAMERA, np.random.default_rng(1), distance_m=0.3, overlap=0.3, covariance=covariance
    )
    assert len(poses) > 2000
    errors = []
    for pose in poses:
        shift = np.subtract(pose.true.position_m, pose.reported.position_m)
        turn = rotation_vector(pose.true.rotation() @ pose.reported.rotation().T)  # body frame
        errors.append(np.concatenate([shift, turn]))
    sample = np.array(errors)
    squares = np.einsum("ni,ij,nj->n", sample, np.linalg.inv(covariance), sample)
    band = 3.29 * np.sqrt(2 * 6 / len(poses))
    assert abs(squares.mean() - 6) < band
    scale = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    np.testing.assert_allclose(np.cov(sample.T) / scale, covariance / scale, atol=0.12)


def test_a_perfectly_known_axis_stays_exact() -> None:
    covariance = independent_covariance((0.003, 0.0, 0.0), (0.0, 0.0, 0.0))
    for pose in lawn_mower(bare(0.5, 0.5), CAMERA, np.random.default_rng(0), distance_m=0.4, covariance=covariance):
        assert pose.true.position_m[0] != pose.reported.position_m[0]
        np.testing.assert_allclose(pose.true.position_m[1:], pose.reported.position_m[1:], atol=1e-9)


@pytest.mark.parametrize("wrong", [{"overlap": 1.0}, {"distance_m": 0.0}, {"covariance": -np.eye(6)}])
def test_impossible_paths_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        lawn_mower(bare(1, 1), CAMERA, np.random.default_rng(0), **{"distance_m": 0.4, **wrong})
