"""Pose files: what is read of them and found by name or by time."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crackmap.messages import Pose
from crackmap_robot.poses.file import Missing, read_poses
from crackmap_robot.poses.interpolation import between
from crackmap_robot.poses.record import PoseFileError
from crackmap_robot.projection.rotation import rotation

from .pose_rows import COVARIANCE, CSV_HEADER, found, lines_of, read, row, timed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "poses.jsonl"


# ------------------------------------------------------------------------------------------------------------- by name


def test_json_lines_by_name(file: Path) -> None:
    text = lines_of(
        row(), row(file="b.jpg", position_m=[2, 2, 0.5], covariance=None), row(file="c.jpg", covariance=...)
    )
    poses = read(file, "\n" + text.replace("\n", "\r\n"))
    assert found(poses.pose_for("a.jpg", None)).position_m == (1.0, 2.0, 0.5)
    assert found(poses.pose_for("a.jpg", None)).covariance == tuple(COVARIANCE)
    assert found(poses.pose_for("b.jpg", 7.0)).covariance is None
    assert found(poses.pose_for("c.jpg", None)).covariance is None
    assert poses.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert not poses.by_time


def test_csv_by_name_says_the_same(file: Path) -> None:
    numbers = " ".join(map(repr, COVARIANCE))
    poses = read(file, f"\ufeff{CSV_HEADER}, covariance\na.jpg, 1,2,.5, 1,0,0,0, {numbers}\n\nb.jpg,1,2,.5,1,0,0,0,\n")
    assert poses.pose_for("a.jpg", None) == read(file, lines_of(row())).pose_for("a.jpg", None)
    assert found(poses.pose_for("b.jpg", None)).covariance is None


def test_a_photograph_is_found_by_its_base_name_in_both_directions(file: Path) -> None:
    poses = read(file, lines_of(row(file="left\\0001.jpg"), row(file="0002.jpg", position_m=[9, 9, 9])))
    assert found(poses.pose_for("0001.jpg", None)).position_m == (1.0, 2.0, 0.5)
    assert found(poses.pose_for("./left/0001.jpg", None)).position_m == (1.0, 2.0, 0.5)
    assert found(poses.pose_for("deep/below/0002.jpg", None)).position_m == (9, 9, 9)


def test_an_ambiguous_base_name_is_refused_and_a_whole_path_is_not(file: Path) -> None:
    poses = read(file, lines_of(row(file="left/1.jpg"), row(file="right/1.jpg", position_m=[9, 9, 9])))
    assert found(poses.pose_for("right/1.jpg", None)).position_m == (9, 9, 9)
    with pytest.raises(PoseFileError, match=r"poses\.jsonl, lines 1 and 2, file: all are called '1\.jpg'"):
        poses.pose_for("1.jpg", None)


def test_a_photograph_without_a_row_says_so(file: Path) -> None:
    poses = read(file, lines_of(row()))
    assert poses.pose_for("b.jpg", None) == Missing("poses.jsonl has no row for b.jpg")
    assert isinstance(poses.pose_for(None, 5.0), Missing)


def test_a_row_with_name_and_time_is_found_by_name_and_tells_the_time(file: Path) -> None:
    poses = read(file, lines_of(row(time_s=5.5)))
    known = poses.row_for("a.jpg")
    assert known is not None
    assert known.time_s == 5.5


# ------------------------------------------------------------------------------------------------------------- by time


def test_between_two_poses_place_and_attitude_are_interpolated(file: Path) -> None:
    quarter = [math.sqrt(0.5), math.sqrt(0.5), 0, 0]  # the picture turned by 90°
    doubled = [4 * value for value in COVARIANCE]
    poses = read(
        file, lines_of(timed(10.0), timed(10.5, position_m=[3, 2, 0.5], orientation_xyzw=quarter, covariance=doubled))
    )
    middle = found(poses.pose_for(None, 10.25))
    assert middle.position_m == pytest.approx((2, 2, 0.5))
    assert middle.orientation_xyzw == pytest.approx((math.cos(math.pi / 8), math.sin(math.pi / 8), 0, 0))  # 45°
    assert middle.covariance == pytest.approx([2.5 * value for value in COVARIANCE])
    assert found(poses.pose_for("any.jpg", 10.0)).position_m == (1, 2, 0.5)
    assert found(poses.pose_for(None, 10.5)).position_m == (3, 2, 0.5)


def test_an_interpolated_covariance_is_unknown_where_one_neighbour_is(file: Path) -> None:
    poses = read(file, lines_of(timed(1.0), timed(2.0, covariance=None)))
    assert found(poses.pose_for(None, 1.5)).covariance is None


@pytest.mark.parametrize(
    ("time_s", "words"),
    [
        (0.5, "0.500 s before the first pose"),
        (9.25, "0.250 s after the last pose"),
        (5.0, "are 7.000 s apart, over 1 s"),
        (None, "the frame's time is not known"),
    ],
)
def test_no_pose_is_guessed(file: Path, time_s: float | None, words: str) -> None:
    answer = read(file, lines_of(timed(1.0), timed(2.0), timed(9.0))).pose_for("a.jpg", time_s)
    assert isinstance(answer, Missing)
    assert words in answer.cause


def test_the_gap_is_a_setting(file: Path) -> None:
    file.write_text(lines_of(timed(1.0), timed(9.0)))
    assert isinstance(read_poses(file, max_gap_s=8.0).pose_for(None, 5.0), Pose)


angles = st.floats(-3.0, 3.0)


@given(start=angles, end=angles, share=st.floats(0, 1), flipped=st.booleans())
def test_attitudes_turn_evenly_along_the_shorter_way(start: float, end: float, share: float, flipped: bool) -> None:
    def turned(angle: float, sign: float = 1.0) -> Pose:
        return Pose(
            position_m=(0, 0, 1),
            orientation_xyzw=(sign * math.cos(angle / 2), sign * math.sin(angle / 2), 0, 0),
        )

    apart = (end - start + math.pi) % (2 * math.pi) - math.pi
    if abs(abs(apart) - math.pi) < 1e-3:
        return  # both ways are equally long
    middle = np.array(between(turned(start), turned(end, -1.0 if flipped else 1.0), share).orientation_xyzw)
    wanted = np.array(turned(start + share * apart).orientation_xyzw)
    assert abs(abs(middle @ wanted) - 1) < 1e-9


def unit(parts: tuple[float, ...]) -> tuple[float, float, float, float]:
    x, y, z, w = (np.array(parts) / np.linalg.norm(parts)).tolist()
    return x, y, z, w


units = st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda parts: np.linalg.norm(parts) > 0.1).map(unit)


@given(units, units)
def test_what_moves_is_as_uncertain_as_its_time(start: Any, end: Any) -> None:
    """The movement as OpenCV sees it: the rotation vector of after · beforeᵀ, in the body frame."""
    before = Pose(position_m=(0, 0, 1), orientation_xyzw=start, covariance=tuple(COVARIANCE))
    after = Pose(position_m=(0.2, -0.1, 1.05), orientation_xyzw=end, covariance=tuple(COVARIANCE))
    turn = cv2.Rodrigues(rotation(end) @ rotation(start).T)[0].ravel()
    if np.linalg.norm(turn) > 3.0:
        return  # nearly half a turn: both ways are equally long
    moved = 0.1 * np.array([0.2, -0.1, 0.05, *turn])
    stated = between(before, after, 0.3, share_sigma=0.1).covariance
    assert stated is not None
    assert np.array(stated).reshape(6, 6) == pytest.approx(1e-6 * np.eye(6) + np.outer(moved, moved), abs=1e-7)


def test_a_time_that_is_known_to_the_second_makes_a_moving_camera_uncertain(file: Path) -> None:
    poses = read(file, lines_of(timed(1.0), timed(1.5, position_m=[1.1, 2.0, 0.5]), timed(9.0)))
    for time_s in (1.0, 1.2, 1.5):
        covariance = found(poses.pose_for(None, time_s, 0.5)).covariance
        assert covariance is not None
        assert np.array(covariance).reshape(6, 6)[0, 0] == pytest.approx(1e-6 + (0.2 * 0.5) ** 2)  # 0.2 m/s
    assert found(poses.pose_for(None, 9.0, 0.0)).covariance is not None
    assert found(poses.pose_for(None, 9.0, 0.5)).covariance is None  # nobody says how fast it moved
    assert found(poses.pose_for(None, 1.2, None)).covariance is None
    assert found(read(file, lines_of(timed(1.0))).pose_for(None, 1.0, 0.5)).covariance is None


# ------------------------------------------------------------------------------------------------- unknown, not perfect


@pytest.mark.parametrize(
    "covariance",
    [
        [0.0] * 36,
        [math.nan] * 36,
        [math.nan, *COVARIANCE[1:]],
        np.diag([1e-6, 1e-6, 1e-6, 0, 0, 0]).ravel().tolist(),
    ],
    ids=["zero", "nan", "one nan", "no word on rotation"],
)
def test_zero_and_nan_covariances_are_unknown(file: Path, covariance: list[float]) -> None:
    assert found(read(file, lines_of(row(covariance=covariance))).pose_for("a.jpg", None)).covariance is None
    csv = f"{CSV_HEADER},covariance\na.jpg,1,2,.5,1,0,0,0,{' '.join(map(str, covariance))}\n"
    assert found(read(file, csv).pose_for("a.jpg", None)).covariance is None


def test_a_quaternion_a_little_off_is_normalised(file: Path) -> None:
    pose = found(read(file, lines_of(row(orientation_xyzw=[1.0008, 0, 0, 0]))).pose_for("a.jpg", None))
    assert pose.orientation_xyzw == (1, 0, 0, 0)
