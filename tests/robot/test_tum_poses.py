"""Trajectories in TUM's format say the same as JSON lines, and bad lines are refused by name."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crackmap.messages import Pose
from crackmap_robot.poses.file import PoseFile, read_poses
from crackmap_robot.poses.record import PoseFileError

METRES = st.floats(-1e4, 1e4)
ROTATIONS = st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(lambda q: np.linalg.norm(q) > 0.1)
POSES = st.lists(st.tuples(METRES, METRES, METRES, ROTATIONS), min_size=2, max_size=6)


def read(folder: Path, name: str, text: str) -> PoseFile:
    path = folder / name
    path.write_text(text)
    return read_poses(path)


@given(poses=POSES, share=st.floats(0, 1))
@settings(max_examples=50)
def test_a_trajectory_says_the_same_as_json_lines(
    tmp_path_factory: pytest.TempPathFactory, poses: list[tuple[float, float, float, list[float]]], share: float
) -> None:
    folder = tmp_path_factory.mktemp("poses")
    rows = [
        (1000.0 + number, [x, y, z], (np.array(q) / np.linalg.norm(q)).tolist())
        for number, (x, y, z, q) in enumerate(poses)
    ]
    tum = "".join(" ".join(map(repr, [time_s, *place, *turn])) + "\n" for time_s, place, turn in rows)
    lines = "".join(
        json.dumps({"time_s": time_s, "position_m": place, "orientation_xyzw": turn}) + "\n"
        for time_s, place, turn in rows
    )
    at_s = 1000.0 + share * (len(rows) - 1)
    found = read(folder, "poses.txt", f"# timestamp tx ty tz qx qy qz qw\n{tum}").pose_for(None, at_s)
    assert isinstance(found, Pose)
    assert found == read(folder, "poses.jsonl", lines).pose_for(None, at_s)
    assert found.covariance is None


def test_remarks_blanks_and_line_ends_do_not_matter(tmp_path: Path) -> None:
    half = repr(math.sqrt(0.5))
    text = f"\ufeff# ground truth\r\n\r\n  10.0\t1 2 0.5  {half} {half} 0 0  # first\r\n10.5 3 2 .5 1 0 0 0"
    poses = read(tmp_path, "poses.txt", text)
    assert poses.by_time
    found = poses.pose_for(None, 10.0)
    assert isinstance(found, Pose)
    assert found.position_m == (1.0, 2.0, 0.5)
    assert found.orientation_xyzw == pytest.approx((math.sqrt(0.5), math.sqrt(0.5), 0, 0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# only remarks\n", r"holds no pose"),
        ("1 2 3\n", r"poses\.txt, line 1: has 3 values; a TUM trajectory has 8: timestamp tx ty tz qx qy qz qw"),
        ("#\n1 1 2 3 0 0 0 1\n2 1 2 3 0 0 0 1 9\n", r"line 3: has 9 values"),
        ("1 1 2 3 0 0 0 1\n2 1 2 here 0 0 0 1\n", r"line 2, tz: 'here' is not a finite number"),
        ("1 1 2 3 0 0 nan 1\n", r"line 1, qz: 'nan' is not a finite number"),
        ("1 1 2 3 0 0 0 2\n", r"line 1, orientation_xyzw: has length 2, not 1"),
        ("2 1 2 3 0 0 0 1\n1 1 2 3 0 0 0 1\n", r"line 2, time_s: 1\.0 is before the time in line 1"),
    ],
)
def test_bad_lines_are_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PoseFileError, match=message):
        read(tmp_path, "poses.txt", text)
