"""From the robot's pose to the camera's."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crackmap.messages import Pose
from crackmap_robot.poses.mount import FORWARD, Mount, MountError, read_mount
from crackmap_robot.projection.rotation import rotation

GOOD = "position_m = [0.1, 0, 0.4]\norientation_xyzw = [0, 0, 0, 1]\n"
NUMBERS = st.lists(st.floats(-3, 3), min_size=3, max_size=3)
TURNS = st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(lambda q: np.linalg.norm(q) > 0.1)


def pose(place: list[float], turn: list[float], covariance: np.ndarray | None = None) -> Pose:
    unit = (np.array(turn) / np.linalg.norm(turn)).tolist()
    known = None if covariance is None else tuple(covariance.ravel().tolist())
    return Pose(position_m=tuple(place), orientation_xyzw=tuple(unit), covariance=known)


def test_a_camera_that_looks_ahead_by_hand() -> None:
    """The robot stands at (1, 2, 0), turned left by a quarter: ahead is +y. The camera sits 0.3 m ahead, 0.5 m up."""
    body = pose([1, 2, 0], [0, 0, math.sin(math.pi / 4), math.cos(math.pi / 4)])
    camera = Mount((0.3, 0.0, 0.5), FORWARD).camera(body)
    assert camera.position_m == pytest.approx((1, 2.3, 0.5))
    right, down, ahead = rotation(camera.orientation_xyzw).T
    assert ahead == pytest.approx([0, 1, 0], abs=1e-12)
    assert right == pytest.approx([1, 0, 0], abs=1e-12)
    assert down == pytest.approx([0, 0, -1], abs=1e-12)


@given(NUMBERS, TURNS, NUMBERS, TURNS)
def test_it_is_what_matrices_say(place: list[float], turn: list[float], arm: list[float], twist: list[float]) -> None:
    body, seat = pose(place, turn), pose(arm, twist)
    camera = Mount(seat.position_m, seat.orientation_xyzw).camera(body)
    outer, inner = rotation(body.orientation_xyzw), rotation(seat.orientation_xyzw)
    assert camera.position_m == pytest.approx(np.array(place) + outer @ np.array(arm), abs=1e-9)
    assert rotation(camera.orientation_xyzw) == pytest.approx(outer @ inner, abs=1e-9)
    assert camera.covariance is None


def test_a_turn_that_is_not_known_well_moves_a_camera_on_an_arm() -> None:
    """One degree about the vertical, two metres ahead: 35 mm to the side."""
    sigma = math.radians(1)
    body = pose([0, 0, 0], [0, 0, 0, 1], np.diag([1e-6, 1e-6, 1e-6, 1e-10, 1e-10, sigma**2]))
    covariance = np.array(Mount((2.0, 0, 0)).camera(body).covariance).reshape(6, 6)
    assert math.sqrt(covariance[1, 1]) == pytest.approx(2 * sigma, rel=1e-3)
    assert math.sqrt(covariance[0, 0]) == pytest.approx(1e-3, rel=1e-3)
    assert covariance[1, 5] == pytest.approx(2 * sigma**2)


def test_a_mount_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mount.toml"
    path.write_text(GOOD)
    assert read_mount(path) == Mount((0.1, 0.0, 0.4), (0.0, 0.0, 0.0, 1.0))
    path.write_text(f"{GOOD}sigma_m = 0.002\nsigma_deg = 0.5\n")
    assert read_mount(path) == Mount((0.1, 0.0, 0.4), (0.0, 0.0, 0.0, 1.0), (0.002, math.radians(0.5)))


def test_how_exact_it_is_counts_whatever_way_the_robot_looks() -> None:
    body = pose([1, 2, 3], [0.1, 0.2, 0.3, 0.9], np.diag([1e-6] * 6))
    mount = Mount((0.0, 0.0, 0.0), sigmas=(0.002, 0.003))
    covariance = np.array(mount.camera(body).covariance).reshape(6, 6)
    assert covariance == pytest.approx(np.diag([1e-6 + 4e-6] * 3 + [1e-6 + 9e-6] * 3))
    assert mount.camera(pose([1, 2, 3], [0.1, 0.2, 0.3, 0.9])).covariance is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("position_m = [0, 0]\norientation_xyzw = [0, 0, 0, 1]", "position_m: must be 3 numbers, not [0, 0]"),
        ("position_m = [0, 0, nan]\norientation_xyzw = [0, 0, 0, 1]", "position_m: must be 3 numbers"),
        ("position_m = [0, 0, 0]", "orientation_xyzw: must be 4 numbers, not None"),
        ("position_m = [0, 0, 0]\norientation_xyzw = [0, 0, 0, 2]", "orientation_xyzw: has length 2, not 1"),
        ("place = 1", "place: is not known"),
        (f"{GOOD}sigma_m = 0.002", "sigma_deg: is missing beside sigma_m; state both, or neither"),
        (f"{GOOD}sigma_deg = 0.2", "sigma_m: is missing beside sigma_deg"),
        (f"{GOOD}sigma_m = 0\nsigma_deg = 1", "sigma_m: must be a standard deviation over 0, at most 1, not 0"),
        (f"{GOOD}sigma_m = nan\nsigma_deg = 1", "sigma_m: must be a standard deviation"),
        (f"{GOOD}sigma_m = 0.1\nsigma_deg = '1'", "sigma_deg: must be a standard deviation"),
        ("[", "not TOML"),
    ],
)
def test_a_mount_that_cannot_be_used_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mount.toml"
    path.write_text(text)
    with pytest.raises(MountError, match=r"mount\.toml") as error:
        read_mount(path)
    assert said in str(error.value)
