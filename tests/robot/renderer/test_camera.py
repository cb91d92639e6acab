"""The lens against OpenCV's, the oracle against hand-computed cases."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crackmap.errors import InputError
from crackmap_robot.renderer import Pose, SimulatedCamera, looking_at, pixels_of, surface_points_m
from crackmap_robot.renderer.camera import distorted, undistorted
from crackmap_robot.renderer.pose import quaternion_xyzw, rotation_from_vector

LENSES = [(-0.25, 0.08, 0.001, -0.0008, -0.01), (0.12, -0.05, -0.002, 0.0015, 0.0), (0.0, 0.0, 0.003, 0.0, 0.0)]
turns = st.tuples(*[st.floats(-0.7, 0.7)] * 3)


def test_a_square_view_by_hand() -> None:
    """1000 px focal length at 0.5 m: 0.5 mm per pixel, u to the right, v up."""
    camera = SimulatedCamera(width_px=801, height_px=601, fx=1000, fy=1000, cx=400, cy=300)
    pose = Pose((1.2, 0.7, 0.5))
    pixels = np.array([[400, 300], [500, 300], [400, 200], [-0.5, -0.5]])
    expected = [[1.2, 0.7], [1.25, 0.7], [1.2, 0.75], [1.2 - 0.20025, 0.7 + 0.15025]]
    np.testing.assert_allclose(surface_points_m(camera, pose, pixels), expected, atol=1e-12)


def test_tilted_by_45_degrees_by_hand() -> None:
    """The middle pixel of a camera 1 m off, turned 45° about the upright axis, looks 1 m to the side."""
    camera = SimulatedCamera(width_px=3, height_px=3, fx=1000, fy=1000, cx=1, cy=1)
    pose = Pose.from_rotation(
        np.array([2.0, 1.0, 1.0]), rotation_from_vector(np.array([0, -np.pi / 4, 0])) @ np.diag([1, -1, -1])
    )
    np.testing.assert_allclose(surface_points_m(camera, pose, np.array([[1.0, 1.0]])), [[3.0, 1.0]], atol=1e-12)


def test_turning_the_camera_clockwise_turns_the_picture_counter_clockwise() -> None:
    """A camera rolled by +90° about w (its picture's right is v) sees a point above the middle to the right."""
    camera = SimulatedCamera()
    pose = looking_at((0.0, 0.0), 0.5, (0, 0, np.pi / 2))
    seen = pixels_of(camera, pose, np.array([[0.0, 0.05]]))[0]
    np.testing.assert_allclose(seen, [camera.cx + 0.1 * camera.fx, camera.cy], atol=1e-9)


@pytest.mark.parametrize("lens", LENSES)
def test_pixels_agree_with_opencv(lens: tuple[float, float, float, float, float]) -> None:
    k1, k2, p1, p2, k3 = lens
    camera = SimulatedCamera(k1=k1, k2=k2, p1=p1, p2=p2, k3=k3)
    rng = np.random.default_rng(1)
    for tilt in (0.0, 0.35, 0.7):
        pose = looking_at((1.0, 0.8), 0.6, (tilt * 0.8, tilt * 0.6, 0.3))
        points = np.array([1.0, 0.8]) + rng.uniform(-0.15, 0.15, (50, 2))
        into_camera = pose.rotation().T
        shift = -into_camera @ np.array(pose.position_m)
        matrix = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1.0]])
        solid = np.column_stack([points, np.zeros(50)])
        theirs = cv2.projectPoints(solid, cv2.Rodrigues(into_camera)[0], shift, matrix, np.array(lens))[0].reshape(
            -1, 2
        )
        np.testing.assert_allclose(pixels_of(camera, pose, points), theirs, atol=1e-6)
        np.testing.assert_allclose(surface_points_m(camera, pose, theirs), points, atol=1e-9)


@settings(max_examples=30)
@given(st.sampled_from(LENSES), st.floats(-0.45, 0.45), st.floats(-0.35, 0.35))
def test_undistorting_undoes_distorting(lens: tuple[float, float, float, float, float], x: float, y: float) -> None:
    back = undistorted(*distorted(np.array([x]), np.array([y]), lens), lens)
    np.testing.assert_allclose(np.ravel(back), [x, y], atol=1e-11)


@settings(max_examples=50)
@given(turns)
def test_rotation_to_quaternion_and_back(turn: tuple[float, float, float]) -> None:
    rotation = rotation_from_vector(4 * np.array(turn)) @ np.diag([1.0, -1.0, -1.0])
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(Pose((0, 0, 1), quaternion_xyzw(rotation)).rotation(), rotation, atol=1e-12)


def test_the_square_pose_is_the_quaternion_of_the_contract() -> None:
    np.testing.assert_allclose(Pose((0, 0, 1)).rotation(), np.diag([1, -1, -1]), atol=0)
    np.testing.assert_allclose(looking_at((0.3, 0.4), 0.5).orientation_xyzw, (1, 0, 0, 0), atol=1e-12)


def test_pixels_that_look_past_the_surface_are_nan() -> None:
    camera = SimulatedCamera()
    away = Pose((0, 0, 1), (0.0, 0.0, 0.0, 1.0))
    assert np.isnan(surface_points_m(camera, away, np.array([[10.0, 20.0]]))).all()
    assert np.isnan(pixels_of(camera, away, np.array([[0.0, 0.0]]))).all()


def test_impossible_cameras_and_poses_are_refused() -> None:
    with pytest.raises(InputError, match="focal"):
        SimulatedCamera(fx=0)
    with pytest.raises(InputError, match="jpeg_quality"):
        SimulatedCamera(jpeg_quality=0)
    with pytest.raises(InputError, match="unit quaternion"):
        Pose((0, 0, 1), (1, 1, 0, 0))
    with pytest.raises(InputError, match="unit quaternion"):
        Pose((0, 0, 1), (float("nan"), 0, 0, 0))
