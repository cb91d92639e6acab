"""Tags: the layout is read, the pose is found in rendered pictures, and its covariance is honest."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from crackmap.messages import Camera, NoPose, Placed, Report
from crackmap.messages import Pose as StatedPose
from crackmap_robot.outbox import Outbox
from crackmap_robot.poses.file import Missing
from crackmap_robot.poses.tag_layout import FAMILIES, Tag, TagLayout, TagLayoutError, read_tag_layout
from crackmap_robot.poses.tag_pose import pose_of
from crackmap_robot.poses.tags import Corners, TagFinder
from crackmap_robot.projection.rotation import rotation
from crackmap_robot.renderer import Pose, SimulatedCamera, looking_at, pixels_of

from .tag_pictures import photographed

CAMERA = Camera(
    name="simulated",
    width_px=1280,
    height_px=960,
    fx_px=1200,
    fy_px=1205,
    cx_px=645,
    cy_px=470,
    distortion=(-0.12, 0.03, 0.001, -0.0005, 0),
)
SIMULATED = SimulatedCamera(1280, 960, 1200, 1205, 645, 470, *CAMERA.distortion, blur_px=0.7)
CORNER_SIGMA_PX = 0.2
LAYOUT = """
family = "apriltag_36h11"
side_m = 0.08
sigma_m = 0.002
[[tag]]
id = 0
u_m = 1.0
v_m = 2.0
[[tag]]
id = 7
u_m = 1.3
v_m = 2.1
turn_deg = 30
[[tag]]
id = 9
u_m = 0.9
v_m = 2.25
turn_deg = -90
side_m = 0.12
"""
DRAWS = 2500


@pytest.fixture
def layout(tmp_path: Path) -> TagLayout:
    return written(tmp_path, LAYOUT)


def written(folder: Path, text: str) -> TagLayout:
    path = folder / "tags.toml"
    path.write_text(text)
    return read_tag_layout(path)


def views(count: int, nearest_m: float = 0.4, farthest_m: float = 1.5) -> list[Pose]:
    rng = np.random.default_rng(4)
    return [
        looking_at(
            (1.08 + rng.uniform(-0.05, 0.05), 2.1 + rng.uniform(-0.05, 0.05)),
            float(rng.uniform(nearest_m, farthest_m)),
            tuple(rng.uniform(-0.35, 0.35, 3)),  # type: ignore[arg-type]  # three of them
        )
        for _ in range(count)
    ]


def error_of(pose: Pose, found: StatedPose) -> np.ndarray:
    """(6): what must be added to the stated pose."""
    turned = pose.rotation() @ rotation(found.orientation_xyzw).T
    return np.concatenate([np.array(pose.position_m) - found.position_m, cv2.Rodrigues(turned)[0].ravel()])


def test_in_rendered_pictures_the_pose_is_right(layout: TagLayout) -> None:
    rng, finder = np.random.default_rng(1), TagFinder(layout, camera=CAMERA)
    errors, normalised = [], []
    for pose in views(6):
        corners = finder.corners(photographed(SIMULATED, layout, pose, rng))
        assert set(corners.tags.tolist()) <= set(layout.tags)
        expected = pixels_of(SIMULATED, pose, corners.places_m[:, :2])
        assert np.abs(corners.pixels_px - expected).max() < 0.25
        found = pose_of(corners, CAMERA, 1e-6)
        assert isinstance(found, StatedPose), found
        error = error_of(pose, found)
        errors.append(float(np.linalg.norm(error[:3])))
        assert found.covariance is not None
        normalised.append(float(error @ np.linalg.solve(np.array(found.covariance).reshape(6, 6), error)))
    assert np.median(errors) < 0.003
    assert np.mean(normalised) < 6 + 2.576 * math.sqrt(12 / 6), "the corners are as exact as is said"


def test_the_stated_covariance_is_the_real_one(layout: TagLayout) -> None:
    """Mean NEES within its two-sided 99 % band: corners with noise, tags that lie a little elsewhere."""
    rng = np.random.default_rng(2)
    assert layout.sigma_m is not None
    pose, nees = views(3)[1], []
    for _ in range(DRAWS):
        places, seen, tags = [], [], []
        for number, tag in layout.tags.items():
            whole = tag.corners_m()
            there = whole[:, :2] + rng.normal(0, layout.sigma_m, 2)
            seen.append(pixels_of(SIMULATED, pose, there) + rng.normal(0, CORNER_SIGMA_PX, (4, 2)))
            places.append(whole)
            tags += [number] * 4
        corners = Corners.equally_exact(np.concatenate(seen), np.concatenate(places), np.array(tags), CORNER_SIGMA_PX)
        found = pose_of(corners, CAMERA, layout.sigma_m)
        assert isinstance(found, StatedPose), found
        assert found.covariance is not None
        error = error_of(pose, found)
        nees.append(float(error @ np.linalg.solve(np.array(found.covariance).reshape(6, 6), error)))
    assert abs(np.mean(nees) - 6) < 2.576 * math.sqrt(12 / DRAWS), np.mean(nees)


def test_corners_that_fit_badly_enlarge_the_covariance(layout: TagLayout) -> None:
    right = exact(layout, views(1)[0])
    rng = np.random.default_rng(3)
    sound, bad = (pose_of(moved(right, rng.normal(0, sigma, (12, 2))), CAMERA, 1e-5) for sigma in (0.2, 1.2))
    assert isinstance(sound, StatedPose)
    assert isinstance(bad, StatedPose)
    assert sound.covariance is not None
    assert bad.covariance is not None
    assert 10 < bad.covariance[0] / sound.covariance[0] < 100


def exact(layout: TagLayout, pose: Pose) -> Corners:
    places = np.concatenate([tag.corners_m() for tag in layout.tags.values()])
    pixels_px = pixels_of(SIMULATED, pose, places[:, :2])
    return Corners.equally_exact(pixels_px, places, np.repeat(list(layout.tags), 4), CORNER_SIGMA_PX)


def moved(corners: Corners, by_px: np.ndarray) -> Corners:
    return replace(corners, pixels_px=corners.pixels_px + by_px)


@given(tilt=st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), st.floats(-3, 3)), distance_m=st.floats(0.4, 1.5))
@example(tilt=(0.0, -0.5, 0.0), distance_m=1.5)
@example(tilt=(0.0, -0.5, -3.0), distance_m=1.5)
@settings(max_examples=60, deadline=None)
def test_from_exact_corners_the_pose_is_exact(tilt: tuple[float, float, float], distance_m: float) -> None:
    tags = dict(enumerate(_tags()))
    pose = looking_at((1.1, 2.1), distance_m, tilt)
    found = pose_of(exact(TagLayout("", FAMILIES["apriltag_36h11"], None, tags), pose), CAMERA, None)
    assert isinstance(found, StatedPose), found
    np.testing.assert_allclose(error_of(pose, found), 0, atol=1e-4)
    assert found.covariance is None


def _tags() -> list[Tag]:
    return [Tag(0, (1.0, 2.0), 0.08, 0.0), Tag(1, (1.3, 2.1), 0.08, 0.5), Tag(2, (0.9, 2.3), 0.12, -1.5)]


def test_what_cannot_tell_the_pose_says_why(layout: TagLayout) -> None:
    nothing = TagFinder(layout).corners(np.full((100, 100, 3), 180, np.uint8))
    assert pose_of(nothing, CAMERA, None) == Missing("no tag of the layout is in the picture")
    right = exact(layout, views(1)[0])
    elsewhere = right.places_m.copy()
    elsewhere[:4, 0] += 0.05
    answer = pose_of(replace(right, places_m=elsewhere), CAMERA, None)
    assert isinstance(answer, Missing)
    assert "do not fit their layout" in answer.cause
    far = exact(TagLayout("", layout.family, None, {0: layout.tags[0]}), looking_at((1.0, 2.0), 6.0))
    answer = pose_of(moved(far, np.random.default_rng(0).normal(0, 0.3, (4, 2))), CAMERA, None)
    assert isinstance(answer, Missing)
    assert "two poses fit them" in answer.cause


def test_a_tag_that_is_seen_twice_or_is_of_no_layout_does_not_count(layout: TagLayout) -> None:
    dictionary = cv2.aruco.getPredefinedDictionary(layout.family)
    sheet = np.full((400, 900, 3), 255, np.uint8)
    for place, number in enumerate((0, 0, 7, 30)):
        sheet[100:260, 40 + 210 * place : 200 + 210 * place] = cv2.aruco.generateImageMarker(dictionary, number, 160)[
            :, :, None
        ]
    assert set(TagFinder(layout).corners(sheet).tags.tolist()) == {7}


CAMERA_INFO = f"""\
image_width: {CAMERA.width_px}
image_height: {CAMERA.height_px}
camera_name: simulated
camera_matrix:
  rows: 3
  cols: 3
  data: [{CAMERA.fx_px}, 0, {CAMERA.cx_px}, 0, {CAMERA.fy_px}, {CAMERA.cy_px}, 0, 0, 1]
distortion_model: plumb_bob
distortion_coefficients: {{rows: 1, cols: 5, data: {list(CAMERA.distortion)}}}
"""


def test_a_scan_places_the_photographs_that_show_tags(scan, layout: TagLayout, tmp_path: Path) -> None:
    photographs, pose = tmp_path / "photographs", views(1)[0]
    photographs.mkdir()
    shown = photographed(SIMULATED, layout, pose, np.random.default_rng(1))
    for name, pixels in {"1.png": shown, "2.png": np.full_like(shown, 190)}.items():
        Image.fromarray(pixels).save(photographs / name)
    (tmp_path / "camera.yaml").write_text(CAMERA_INFO)
    for run in ("first", "again"):
        ran = scan(photographs, "--tags", tmp_path / "tags.toml", "--camera", tmp_path / "camera.yaml")
        assert ran.code == 0, ran.err
        with Outbox(tmp_path / "outbox.sqlite") as outbox:
            reports = [Report.model_validate_json(one.body) for one in outbox.waiting_reports("http://a/", 9, 10**9)]
        assert len(reports) == 2, run
        placed, elsewhere = (report.placement for report in reports)
        assert isinstance(elsewhere, NoPose)
        assert "no tag of the layout" in elsewhere.cause
        assert isinstance(placed, Placed)
        assert placed.pose.covariance is not None
        assert np.linalg.norm(np.array(placed.pose.position_m) - pose.position_m) < 0.01


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("apriltag_36h11", "apriltag_36", r"tags\.toml, family: 'apriltag_36' is not known; it is apriltag_36h11"),
        ("side_m = 0.08", "side_m = 0", r"tag 1, side_m: 0 must be metres over 0"),
        ("side_m = 0.08\n", "", r"tag 1, side_m: is missing"),
        ("sigma_m = 0.002", "sigma_m = nan", r"sigma_m: nan must be a number"),
        ("sigma_m", "sigma", r"tags\.toml, sigma: is not known; the keys are family, side_m"),
        ("turn_deg = 30", "turn = 30", r"tag 2, turn: is not known"),
        ("id = 7", "id = 0", r"tag 2, id: 0 is there twice"),
        ("id = 7", "id = 587", r"tag 2, id: 587 must be a whole number from 0 to 586"),
        ("id = 7", 'id = "7"', r"tag 2, id: '7' must be a whole number"),
        ("u_m = 1.3", 'u_m = "left"', r"tag 2, u_m: 'left' must be a number"),
        ("u_m = 1.3\n", "", r"tag 2: no u_m"),
        (LAYOUT, 'family = "apriltag_36h11"', r"tag: holds no tags"),
        (LAYOUT, "family =", r"tags\.toml: not TOML"),
    ],
)
def test_a_bad_layout_is_refused_by_name(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(TagLayoutError, match=message):
        written(tmp_path, LAYOUT.replace(old, new, 1))


def test_a_layout_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TagLayoutError, match=r"tags\.toml cannot be read"):
        read_tag_layout(tmp_path / "tags.toml")
