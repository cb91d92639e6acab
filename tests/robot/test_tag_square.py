"""Corners of tags: where they are whatever the blur, the distance and the tone curve, as exact as is said."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from crackmap.messages import Camera
from crackmap.messages import Pose as StatedPose
from crackmap_robot.poses.tag_layout import FAMILIES, Tag, TagLayout
from crackmap_robot.poses.tag_pose import pose_of
from crackmap_robot.poses.tags import ROUGH_SIGMA_PX, Corners, TagFinder
from crackmap_robot.projection.plane import rotation
from crackmap_robot.renderer import Pose, SimulatedCamera, looking_at, pixels_of

SPEC = importlib.util.spec_from_file_location("tag_pictures", Path(__file__).with_name("tag_pictures.py"))
assert SPEC is not None
assert SPEC.loader is not None
tag_pictures = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tag_pictures)

LENS = (-0.12, 0.03, 0.001, -0.0005, 0.0)
CAMERA = Camera(
    name="simulated", width_px=640, height_px=520, fx_px=1200, fy_px=1205, cx_px=322, cy_px=257, distortion=LENS
)
LAYOUT = TagLayout("", FAMILIES["apriltag_36h11"], None, {7: Tag(7, (1.3, 2.1), 0.08, 0.0)})
PLACES_M = LAYOUT.tags[7].corners_m()
BLURS_PX = (0.5, 1.0, 1.5, 2.0)
DISTANCES_M = (0.3, 0.8, 1.5)
OBLIQUE_RAD = math.radians(40)
DRAWS = 3


def simulated(blur_px: float) -> SimulatedCamera:
    return SimulatedCamera(640, 520, 1200, 1205, 322, 257, *LENS, blur_px=blur_px)


def seen(blur_px: float, distance_m: float, rng: np.random.Generator, exponent: float) -> tuple[Corners, Pose]:
    """What is found in one photograph, and where it was taken from."""
    axis, oblique = rng.uniform(0, 2 * math.pi), rng.uniform(0, OBLIQUE_RAD)
    tilt = (oblique * math.cos(axis), oblique * math.sin(axis), 0.0)
    off_m = rng.uniform(-0.03, 0.03, 2) * distance_m
    pose = looking_at((1.3 + off_m[0], 2.1 + off_m[1]), distance_m, tilt)
    pixels = tag_pictures.photographed(simulated(blur_px), LAYOUT, pose, rng, exponent=exponent)
    return TagFinder(LAYOUT, camera=CAMERA).corners(pixels), pose


def outward_px(corners: Corners, pose: Pose) -> float:
    """How much too far out the corners are, on average."""
    true = pixels_of(simulated(0.5), pose, PLACES_M[:, :2])
    out = true - true.mean(axis=0)
    out /= np.linalg.norm(out, axis=1)[:, None]
    return float(((corners.pixels_px - true) * out).sum(axis=1).mean())


@pytest.mark.parametrize("exponent", [2.4, 1.8])
@pytest.mark.parametrize("blur_px", BLURS_PX)
def test_no_blur_and_no_tone_curve_make_a_tag_smaller(blur_px: float, exponent: float) -> None:
    rng = np.random.default_rng(1)
    off = [outward_px(*seen(blur_px, distance_m, rng, exponent)) for distance_m in (0.4, 0.8, 1.4)]
    assert abs(np.mean(off)) < 0.1, off


def test_a_threshold_would() -> None:
    """The pictures do what lenses do: the corners that OpenCV finds by itself lie inside."""
    rng, pose = np.random.default_rng(1), looking_at((1.3, 2.1), 0.6, (0.2, 0.1, 0))
    pixels = tag_pictures.photographed(simulated(1.5), LAYOUT, pose, rng)
    parameters = cv2.aruco.DetectorParameters()
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(LAYOUT.family), parameters)
    found = np.asarray(detector.detectMarkers(pixels[:, :, 0])[0][0], np.float64).reshape(4, 2)
    assert outward_px(Corners.equally_exact(found, PLACES_M, np.repeat([7], 4), 0.2), pose) < -0.8


def test_one_tags_pose_is_as_exact_as_is_said() -> None:
    """Mean NEES within its 99 % band, over blur, distance, obliquity, and cameras of other tone curves."""
    rng, nees, errors_m, corner_nees = np.random.default_rng(2), [], [], []
    for blur_px in BLURS_PX:
        for distance_m in DISTANCES_M:
            for _ in range(DRAWS):
                corners, pose = seen(blur_px, distance_m, rng, float(np.clip(rng.normal(2.4, 0.3), 1.6, 3.2)))
                off = (corners.pixels_px - pixels_of(simulated(blur_px), pose, PLACES_M[:, :2])).ravel()
                corner_nees.append(float(off @ np.linalg.solve(corners.covariance_px2, off)))
                found = pose_of(corners, CAMERA, 1e-7)
                if not isinstance(found, StatedPose):
                    continue  # from far away and nearly square, two poses fit
                assert found.covariance is not None
                turned = cv2.Rodrigues(pose.rotation() @ rotation(found.orientation_xyzw).T)[0].ravel()
                error = np.concatenate([np.array(pose.position_m) - found.position_m, turned])
                errors_m.append(float(np.linalg.norm(error[:3])))
                nees.append(float(error @ np.linalg.solve(np.array(found.covariance).reshape(6, 6), error)))
    assert len(nees) > 0.8 * len(corner_nees)
    assert np.median(errors_m) < 0.003
    assert abs(np.mean(nees) - 6) < 2.576 * math.sqrt(12 / len(nees)), np.mean(nees)
    assert abs(np.mean(corner_nees) - 8) < 2.576 * math.sqrt(16 / len(corner_nees)), np.mean(corner_nees)


def test_edges_that_tell_nothing_leave_rough_corners() -> None:
    """A strip over one edge: found by its cells, but its edge is somewhere else."""
    rng, pose = np.random.default_rng(3), looking_at((1.3, 2.1), 0.6)
    pixels = tag_pictures.photographed(simulated(0.7), LAYOUT, pose, rng)
    finder = TagFinder(LAYOUT, camera=CAMERA)
    whole = finder.corners(pixels)
    assert np.sqrt(np.diag(whole.covariance_px2)).max() < 0.1
    overexposed = np.clip(pixels.astype(int) + 40, 0, 255).astype(np.uint8)
    burnt = finder.corners(np.where(overexposed > 200, 255, overexposed).astype(np.uint8))
    np.testing.assert_array_equal(np.diag(burnt.covariance_px2), ROUGH_SIGMA_PX**2)


def test_a_small_tags_corners_are_rough() -> None:
    rng = np.random.default_rng(3)
    pixels = tag_pictures.photographed(simulated(0.5), LAYOUT, looking_at((1.3, 2.1), 4.5), rng)
    corners = TagFinder(LAYOUT, camera=CAMERA).corners(pixels)
    assert corners.tags.tolist() == [7] * 4
    np.testing.assert_array_equal(np.diag(corners.covariance_px2), ROUGH_SIGMA_PX**2)
