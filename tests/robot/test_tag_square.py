"""Corners of tags: where they are whatever the blur, the distance and the tone curve, as exact as is said."""

from __future__ import annotations

import math
import os

import cv2
import numpy as np
import pytest

from crackmap.messages import Camera
from crackmap.messages import Pose as StatedPose
from crackmap_robot.poses.tag_layout import FAMILIES, Tag, TagLayout
from crackmap_robot.poses.tag_pose import pose_of
from crackmap_robot.poses.tag_square import rough_square
from crackmap_robot.poses.tags import Corners, TagFinder
from crackmap_robot.renderer import Pose, SimulatedCamera, looking_at, pixels_of

from .tag_pictures import photographed

LENS = (-0.12, 0.03, 0.001, -0.0005, 0.0)
CAMERA = Camera(
    name="simulated", width_px=640, height_px=520, fx_px=1200, fy_px=1205, cx_px=322, cy_px=257, distortion=LENS
)
LAYOUT = TagLayout("", FAMILIES["apriltag_36h11"], None, {7: Tag(7, (1.3, 2.1), 0.08, 0.0)})
PLACES_M = LAYOUT.tags[7].corners_m()
CURVES = (None, 1.0, 1.8, 2.2)
"""sRGB's, and plain exponents; 1 is a camera without a tone curve."""
OBLIQUE_RAD = math.radians(40)
DRAWS = 32 * int(os.environ.get("CRACKMAP_PROVE", "1"))


def simulated(blur_px: float, exposure: float = 1.0) -> SimulatedCamera:
    return SimulatedCamera(640, 520, 1200, 1205, 322, 257, *LENS, blur_px=blur_px, exposure=exposure)


def view(rng: np.random.Generator, distance_m: float) -> Pose:
    axis, oblique = rng.uniform(0, 2 * math.pi), rng.uniform(0, OBLIQUE_RAD)
    off_m = rng.uniform(-0.03, 0.03, 2) * distance_m
    tilt = (oblique * math.cos(axis), oblique * math.sin(axis), rng.uniform(-0.3, 0.3))
    return looking_at((1.3 + off_m[0], 2.1 + off_m[1]), distance_m, tilt)


def found(picture: np.ndarray) -> Corners:
    return TagFinder(LAYOUT, camera=CAMERA).corners(picture)


def error_px(corners: Corners, pose: Pose) -> np.ndarray:
    return np.asarray(corners.pixels_px - pixels_of(simulated(0), pose, PLACES_M[:, :2]))


def outward_px(corners: Corners, pose: Pose) -> float:
    """How much too far out the corners are, on average."""
    true = pixels_of(simulated(0), pose, PLACES_M[:, :2])
    out = true - true.mean(axis=0)
    out /= np.linalg.norm(out, axis=1)[:, None]
    return float((error_px(corners, pose) * out).sum(axis=1).mean())


def sigma_px(corners: Corners) -> float:
    return float(np.sqrt(np.diag(corners.covariance_px2).max()))


@pytest.mark.parametrize("exponent", CURVES)
@pytest.mark.parametrize("blur_px", [0.0, 0.5, 1.0, 2.0])
def test_no_blur_and_no_tone_curve_make_a_tag_smaller(blur_px: float, exponent: float | None) -> None:
    rng = np.random.default_rng(1)
    pose = view(rng, rng.uniform(0.4, 1.4))
    corners = found(photographed(simulated(blur_px), LAYOUT, pose, rng, exponent=exponent))
    assert sigma_px(corners) < 0.1
    assert abs(outward_px(corners, pose)) < 0.06


def test_opencvs_corners_lie_inside() -> None:
    """The pictures do what lenses do, and what is known of corners that cannot be fitted is true."""
    rng, pose = np.random.default_rng(1), looking_at((1.3, 2.1), 0.6, (0.2, 0.1, 0))
    pixels = photographed(simulated(1.5), LAYOUT, pose, rng)
    parameters = cv2.aruco.DetectorParameters()
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(LAYOUT.family), parameters)
    rough = rough_square(np.asarray(detector.detectMarkers(pixels[:, :, 0])[0][0], np.float64).reshape(4, 2))
    corners = Corners(rough.corners_px, PLACES_M, np.repeat([7], 4), rough.covariance_px2)
    assert outward_px(corners, pose) < -0.8
    off = error_px(corners, pose).ravel()
    assert off @ np.linalg.solve(rough.covariance_px2, off) < 20.1  # of 8 degrees of freedom, 1 of 100 times


def test_one_tags_pose_is_as_exact_as_is_said() -> None:
    """Over blur, distance, obliquity, exposure, noise, and cameras of other tone curves; never more exact than it is.

    It may say less than is true: what it allows for lenses whose blur is no bell is not needed here.
    """
    rng, nees, errors_m, seen, fitted = np.random.default_rng(2026), [], [], 0, 0
    for number in range(DRAWS):
        camera, pose = simulated(rng.uniform(0, 2), rng.uniform(0.6, 1.2)), view(rng, rng.uniform(0.3, 1.5))
        noise = float(rng.choice([1, 2, 4]))
        corners = found(photographed(camera, LAYOUT, pose, rng, exponent=CURVES[number % 4], noise=noise))
        if not len(corners.tags):
            continue  # OpenCV 4 overlooks some that are far and blurred
        seen += 1
        fitted += sigma_px(corners) < 0.5
        stated = pose_of(corners, CAMERA, 1e-7)
        if not isinstance(stated, StatedPose):
            continue  # from far away and nearly square, two poses fit
        assert stated.covariance is not None
        error = np.array(pose.position_m) - stated.position_m
        errors_m.append(float(np.linalg.norm(error)))
        nees.append(float(error @ np.linalg.solve(np.array(stated.covariance).reshape(6, 6)[:3, :3], error)))
    assert seen > 0.9 * DRAWS
    assert fitted > 0.97 * seen
    assert len(nees) > 0.9 * DRAWS
    assert np.median(errors_m) < 0.003
    assert 1.0 < np.mean(nees) < 3 + 2.576 * math.sqrt(6 / len(nees)), np.mean(nees)


@pytest.mark.parametrize("exposure", [1.4, 2.0])
def test_burnt_paper_moves_no_corner(exposure: float) -> None:
    """What a sensor cannot tell is no brightness: the edges' dark side still tells where they are."""
    rng, pose = np.random.default_rng(5), looking_at((1.3, 2.1), 0.6, (0.3, 0.2, 0.4))
    corners = found(photographed(simulated(1.0, exposure), LAYOUT, pose, rng))
    off = error_px(corners, pose).ravel()
    assert np.abs(off).max() < 0.15
    assert off @ np.linalg.solve(corners.covariance_px2, off) < 20.1


def test_what_lies_on_an_edge_leaves_rough_corners() -> None:
    rng, pose = np.random.default_rng(3), looking_at((1.3, 2.1), 0.6)
    pixels = photographed(simulated(0.7), LAYOUT, pose, rng)
    left, top = np.round(pixels_of(simulated(0), pose, PLACES_M[:1, :2])[0]).astype(int)
    pixels[top - 4 : top + 3, left : left + 100] = 90
    corners = found(pixels)
    assert corners.tags.tolist() == [7] * 4
    np.testing.assert_allclose(corners.covariance_px2, rough_square(corners.pixels_px).covariance_px2)


def test_a_small_tags_corners_are_rough() -> None:
    pixels = photographed(simulated(0.5), LAYOUT, looking_at((1.3, 2.1), 4.5), np.random.default_rng(3))
    corners = found(pixels)
    assert corners.tags.tolist() == [7] * 4
    np.testing.assert_allclose(corners.covariance_px2, rough_square(corners.pixels_px).covariance_px2)
