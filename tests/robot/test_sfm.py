"""What COLMAP and OpenSfM write says where each photograph was taken, in our conventions; bad files are named."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crackmap.errors import InputError
from crackmap_robot.calibration import read_camera
from crackmap_robot.camera_file import CalibrationError
from crackmap_robot.poses.file import read_poses
from crackmap_robot.poses.record import PoseFileError
from crackmap_robot.poses.register_command import run_register
from crackmap_robot.poses.registration import ControlPoint, register
from crackmap_robot.projection.lens import distorted
from crackmap_robot.projection.rotation import rotation

PLACES = st.lists(st.floats(-50, 50), min_size=3, max_size=3)
TURNS = st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(lambda q: np.linalg.norm(q) > 0.1)


def colmap_line(number: int, turn_xyzw: np.ndarray, place: np.ndarray, name: str) -> str:
    """World to camera, from where the camera is."""
    back = rotation(tuple(turn_xyzw.tolist())).T
    x, y, z, w = (turn_xyzw * [-1, -1, -1, 1]).tolist()
    shift = " ".join(map(repr, (-back @ place).tolist()))
    return f"{number} {w!r} {x!r} {y!r} {z!r} {shift} 1 {name}\n"


@given(st.lists(st.tuples(PLACES, TURNS, st.booleans()), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_colmap_says_where_the_camera_is(
    tmp_path_factory: pytest.TempPathFactory, poses: list[tuple[list[float], list[float], bool]]
) -> None:
    path = tmp_path_factory.mktemp("colmap") / "images.txt"
    text = "# Image list with two lines of data per image:\n#   IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME\n"
    for number, (place, turn, with_points) in enumerate(poses, start=1):
        unit = np.array(turn) / np.linalg.norm(turn)
        text += colmap_line(number, unit, np.array(place), f"day 1/{number}.jpg")
        text += "1.5 2.5 -1 3.5 4.5 7\n" if with_points else "\n"
    path.write_text(text)
    found = read_poses(path)
    for number, (place, turn, _) in enumerate(poses, start=1):
        row = found.row_for(f"{number}.jpg")
        assert row is not None
        assert row.pose.position_m == pytest.approx(place, abs=1e-9)
        unit = np.array(turn) / np.linalg.norm(turn)
        assert abs(np.dot(row.pose.orientation_xyzw, unit)) == pytest.approx(1, abs=1e-12)
        assert row.pose.covariance is None


@given(st.lists(st.tuples(PLACES, PLACES), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_opensfm_says_where_the_camera_is(
    tmp_path_factory: pytest.TempPathFactory, poses: list[tuple[list[float], list[float]]]
) -> None:
    path = tmp_path_factory.mktemp("opensfm") / "reconstruction.json"
    shots = {}
    for number, (place, vector) in enumerate(poses):
        turn = cv2.Rodrigues(np.array(vector))[0]
        shots[f"{number}.jpg"] = {"rotation": vector, "translation": (-turn @ place).tolist(), "camera": "a"}
    path.write_text(json.dumps([{"cameras": {}, "shots": shots, "points": {}}]))
    found = read_poses(path)
    for number, (place, vector) in enumerate(poses):
        row = found.row_for(f"{number}.jpg")
        assert row is not None
        assert row.pose.position_m == pytest.approx(place, abs=1e-9)
        assert rotation(row.pose.orientation_xyzw) == pytest.approx(cv2.Rodrigues(np.array(vector))[0].T, abs=1e-9)


CAMERAS = [
    ("SIMPLE_PINHOLE", "1000 800.5 600.5", (1000, 1000, 800, 600, 0, 0, 0, 0, 0)),
    ("PINHOLE", "1000 1001 800.5 600.5", (1000, 1001, 800, 600, 0, 0, 0, 0, 0)),
    ("SIMPLE_RADIAL", "1000 800.5 600.5 0.1", (1000, 1000, 800, 600, 0.1, 0, 0, 0, 0)),
    ("RADIAL", "1000 800.5 600.5 0.1 -0.02", (1000, 1000, 800, 600, 0.1, -0.02, 0, 0, 0)),
    ("OPENCV", "1000 1001 800.5 600.5 0.1 -0.02 0.001 0.002", (1000, 1001, 800, 600, 0.1, -0.02, 0.001, 0.002, 0)),
    (
        "FULL_OPENCV",
        "1000 1001 800.5 600.5 0.1 -0.02 0.001 0.002 0.003 0 0 0",
        (1000, 1001, 800, 600, 0.1, -0.02, 0.001, 0.002, 0.003),
    ),
]


@pytest.mark.parametrize(("model", "values", "expected"), CAMERAS)
def test_colmaps_cameras(tmp_path: Path, model: str, values: str, expected: tuple[float, ...]) -> None:
    path = tmp_path / "cameras.txt"
    path.write_text(f"# Camera list with one line of data per camera:\n1 {model} 1601 1201 {values}\n")
    camera, _ = read_camera(path)
    assert (camera.width_px, camera.height_px) == (1601, 1201)
    assert (camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px, *camera.distortion) == pytest.approx(expected)


BROWN = {
    "projection_type": "brown",
    "width": 1600,
    "height": 1200,
    "focal_x": 0.8,
    "focal_y": 0.81,
    "c_x": 0.01,
    "c_y": -0.02,
    "k1": -0.1,
    "k2": 0.02,
    "k3": 0.001,
    "p1": 0.0003,
    "p2": -0.0004,
}


def opensfm_file(folder: Path, *cameras: dict[str, Any]) -> Path:
    path = folder / "reconstruction.json"
    path.write_text(json.dumps([{"cameras": {f"v2 {k}": each for k, each in enumerate(cameras)}, "shots": {}}]))
    return path


def test_opensfms_camera_puts_points_where_opensfm_does(tmp_path: Path) -> None:
    camera, _ = read_camera(opensfm_file(tmp_path, BROWN))
    points = np.array([[0.0, 0.0], [0.3, -0.2], [-0.4, 0.25]])
    moved, _ = distorted(points, camera)
    pixels = moved * [camera.fx_px, camera.fy_px] + [camera.cx_px, camera.cy_px]
    # OpenSfM: shares of the longer side from the picture's middle; the first pixel's middle is at 0.5.
    for (x, y), found in zip(points, pixels, strict=True):
        r2 = x * x + y * y
        radial = 1 + r2 * (BROWN["k1"] + r2 * (BROWN["k2"] + r2 * BROWN["k3"]))
        there_x = BROWN["focal_x"] * (x * radial + 2 * BROWN["p1"] * x * y + BROWN["p2"] * (r2 + 2 * x * x))
        there_y = BROWN["focal_y"] * (y * radial + 2 * BROWN["p2"] * x * y + BROWN["p1"] * (r2 + 2 * y * y))
        assert found[0] + 0.5 == pytest.approx((there_x + BROWN["c_x"]) * 1600 + 800)
        assert found[1] + 0.5 == pytest.approx((there_y + BROWN["c_y"]) * 1600 + 600)


def test_a_perspective_camera_has_one_focal_length(tmp_path: Path) -> None:
    told = {"projection_type": "perspective", "width": 1200, "height": 1600, "focal": 0.9, "k1": 0.01, "k2": 0.0}
    camera, _ = read_camera(opensfm_file(tmp_path, told))
    assert (camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px) == (1440, 1440, 599.5, 799.5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 PINHOLE 100 100 90 90 50\n", "line 1, PARAMS: must be 4 numbers for PINHOLE: fx fy cx cy"),
        ("1 FISHEYE 100 100 90 90 50 50\n", "line 1, MODEL: FISHEYE is not known"),
        ("# x\n1 PINHOLE 100 100 90 -9 50 50\n", "line 2, PARAMS: the focal length must be over 0"),
        ("1 PINHOLE 100 0 90 90 50 50\n", "line 1, WIDTH: 100 × 0"),
        ("1 PINHOLE 9 9 9 9 5 5\n2 PINHOLE 9 9 9 9 5 5\n", "there are 2 cameras"),
        ("1 FULL_OPENCV 9 9 9 9 5 5 0 0 0 0 0 1 0 0\n", "k4, k5 and k6 must be 0"),
        ("[]", "must hold one reconstruction with one camera"),
        ('[{"cameras": {"a": {}, "b": {}}}]', "must hold one reconstruction with one camera"),
        ('[{"cameras": {"a": {"projection_type": "fisheye", "width": 9, "height": 9}}}]', "'fisheye' is not known"),
        ('[{"cameras": {"a": {"projection_type": "brown", "width": 9, "height": 9}}}]', "focal_x: must be a finite"),
        ('[{"cameras": {"a": {"projection_type": "brown", "width": 0, "height": 9}}}]', "width: 0 × 9"),
        ("[" * 100_000, "must hold one reconstruction"),
    ],
)
def test_a_camera_that_cannot_be_used_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "cameras.txt"
    path.write_text(text)
    with pytest.raises(CalibrationError, match=r"cameras\.txt") as error:
        read_camera(path)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 1 0 0 0 0 0 0 1 a.jpg\n\n2 1 0 0 0 0 0\n\n", "line 3: is no image of COLMAP's"),
        ("1 2 0 0 0 0 0 0 1 a.jpg\n\n", "line 1, QW: the quaternion has length 2"),
        ("1 1 0 0 0 0 nan 0 1 a.jpg\n\n", "line 1, TY: 'nan' is not a finite number"),
        ("[1, 2]", "holds 2 reconstructions"),
        ("[1]", "holds 1 reconstructions"),
        ("[", "begins as JSON and is none"),
        ('[{"shots": {}}]', "shots: must be the photographs by name"),
        ('[{"shots": {"a.jpg": {"rotation": [0, 0], "translation": [0, 0, 0]}}}]', "rotation: must be 3 numbers"),
    ],
)
def test_poses_that_cannot_be_used_are_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "poses"
    path.write_text(text)
    with pytest.raises(PoseFileError) as error:
        read_poses(path)
    assert said in str(error.value)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode), st.sampled_from([b"", b"[", b"1 ", b"# x\n"]))
@settings(max_examples=200, deadline=None)
def test_whatever_stands_there_is_read_or_named(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, start: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(start + content)
    for read in (read_camera, read_poses):
        with suppress(InputError):
            read(path)


# ------------------------------------------------------------------------------------------------------ a free scale


@given(TURNS, PLACES, st.floats(0.01, 100), st.integers(0, 100))
@settings(max_examples=50, deadline=None)
def test_the_scale_is_found(turn: list[float], shift: list[float], scale: float, seed: int) -> None:
    matrix = rotation(tuple((np.array(turn) / np.linalg.norm(turn)).tolist()))
    places = np.random.default_rng(seed).uniform(-3, 3, (6, 3))
    points = [
        ControlPoint(str(k), tuple(place.tolist()), tuple((scale * matrix @ place + shift).tolist()), None)
        for k, place in enumerate(places)
    ]
    found = register(points, free_scale=True)
    assert found.transform.scale == pytest.approx(scale, rel=1e-6)
    assert found.rms_m == pytest.approx(0, abs=1e-6 * max(1, scale))
    assert found.transform.points(places) == pytest.approx(np.array([p.surface_m for p in points]), abs=1e-6 * scale)
    assert found.transform.covariance is None, "how exact a scale is that was found is not stated"


def test_the_command_says_the_scale_and_places_the_photographs(tmp_path: Path) -> None:
    """COLMAP's world is the surface's, four times as large and upside down."""
    turned = np.diag([1.0, -1.0, -1.0])
    text = ""
    for number in range(3):
        place = turned @ np.array([0.5 * number, 0.3, 0.6]) * 4
        text += colmap_line(number + 1, np.array([0.0, 0.0, 0.0, 1.0]), place, f"{number}.jpg") + "\n"
    (tmp_path / "images.txt").write_text(text)
    rows = ["name,odometry_x_m,odometry_y_m,odometry_z_m,u_m,v_m"]
    rows += [f"m{k},{4 * u},{-4 * v},0,{u},{v}" for k, (u, v) in enumerate([(0, 0), (1, 0), (1, 1), (0, 1)])]
    (tmp_path / "marks.csv").write_text("\n".join(rows))
    said = list(
        run_register(tmp_path / "marks.csv", tmp_path / "images.txt", tmp_path / "poses.jsonl", free_scale=True)
    )
    assert any("one unit of the poses is 0.25 m" in line for line in said)
    found = read_poses(tmp_path / "poses.jsonl")
    for number in range(3):
        row = found.row_for(f"{number}.jpg")
        assert row is not None
        assert row.pose.position_m == pytest.approx((0.5 * number, 0.3, 0.6))
        assert abs(row.pose.orientation_xyzw[0]) == pytest.approx(1), "it looks at the wall"
