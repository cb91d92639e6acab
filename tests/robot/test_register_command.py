"""`crackmap surface register`: from a table and odometry to poses on the surface that a scan can use."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crackmap_robot.poses.control_points import read_control_points
from crackmap_robot.poses.file import read_poses
from crackmap_robot.poses.record import PoseFileError

HEADER = "name,odometry_x_m,odometry_y_m,odometry_z_m,u_m,v_m,w_m,sigma_m\n"
# Odometry began at (u, v) = (1, 2), turned by a quarter: its x is the surface's v, its y is −u.
MARKS = ((0.0, 0.0), (4.0, 0.5), (3.5, 2.5), (0.5, 2.0), (2.0, 1.2))
COVARIANCE = (np.eye(6) * 1e-6).ravel().tolist()


def table(sigma_m: str = "0.004", mirrored: bool = False) -> str:
    rows = []
    for number, (u, v) in enumerate(MARKS):
        x, y = v - 2, -(u - 1)
        places = (y, x) if mirrored else (x, y)
        rows.append(f"m{number},{places[0]},{places[1]},0.1,{u},{v},,{sigma_m}\n")
    return HEADER + "".join(rows)


@pytest.fixture
def odometry(tmp_path: Path) -> Path:
    path = tmp_path / "odometry.jsonl"
    rows = [
        {
            "time_s": 10.0 + k,
            "position_m": [k * 0.1, 0, 0.9],
            "orientation_xyzw": [1, 0, 0, 0],
            "covariance": covariance,
        }
        for k, covariance in enumerate((COVARIANCE, None))
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_poses_come_out_on_the_surface(tmp_path: Path, odometry: Path, crackmap) -> None:
    (tmp_path / "marks.csv").write_text(table())
    to = tmp_path / "poses.jsonl"
    result = crackmap("surface", "register", tmp_path / "marks.csv", odometry, "--to", to)
    assert result.code == 0, result.err
    assert "5 control points, root mean square misfit 0.0 mm" in result.out
    assert "2 poses on the surface, 1 of unknown error" in result.out
    first, second = read_poses(to).rows
    np.testing.assert_allclose(first.pose.position_m, (1, 2, 0.8), atol=1e-6)
    np.testing.assert_allclose(second.pose.position_m, (1, 2.1, 0.8), atol=1e-6)
    assert first.time_s == 10.0
    assert first.pose.covariance is not None
    # Five marks of 4 mm: about 4 / √5 mm more, and the turn's share.
    assert 1e-6 + 0.004**2 / 5 < first.pose.covariance[0] < 1e-6 + 0.004**2
    assert second.pose.covariance is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (table(mirrored=True), "every camera is behind the surface"),
        ("name,u_m\n", r"marks\.csv, line 1: no column odometry_x_m, odometry_y_m, odometry_z_m, v_m"),
        ("name,height\n", r"line 1, 'height': is not known"),
        (HEADER, r"marks\.csv: 0 control points; give at least 3"),
        (HEADER + "a,1,2,3,4\n", r"line 2: has 5 values, the header names 8 columns"),
        (HEADER + "a,1,2,east,4,5,,\n", r"line 2, odometry_z_m: 'east' is not a finite number"),
        (HEADER + "a,1,2,3,4,,,\n", r"line 2, v_m: None is not a finite number"),
        (HEADER + ",1,2,3,4,5,,\n", r"line 2, name: is empty"),
        (HEADER + "a,1,2,3,4,5,,-1\n", r"line 2, sigma_m: -1\.0 is no standard deviation"),
        (HEADER + "a,1,2,3,4,5,,\na,1,2,3,4,5,,\n", r"line 3, name: 'a' is already in line 2"),
        (HEADER + 'a,"1,2', r"line 2: not CSV"),
        ("\xff", r"line 1"),
    ],
)
def test_a_bad_table_is_refused_by_name(tmp_path: Path, odometry: Path, crackmap, text: str, message: str) -> None:
    (tmp_path / "marks.csv").write_text(text)
    to = tmp_path / "poses.jsonl"
    to.write_text("kept")
    result = crackmap("surface", "register", tmp_path / "marks.csv", odometry, "--to", to)
    assert result.code == 2
    assert re.search(message, result.err), result.err
    assert to.read_text() == "kept"


@given(st.lists(st.sampled_from([*HEADER.strip().split(","), ",", "\n", '"', "a", "1", "nan", "1e400", "\x00", "ü"])))
@settings(max_examples=200)
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, words: list[str]) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text(HEADER + "".join(words) if len(words) % 2 else "".join(words))
    with suppress(PoseFileError):
        read_control_points(path)


def test_files_that_cannot_be_read_or_written_are_named(tmp_path: Path, odometry: Path, crackmap) -> None:
    gone = crackmap("surface", "register", tmp_path / "marks.csv", odometry, "--to", tmp_path / "p")
    assert gone.code == 2
    assert re.search(r"marks\.csv cannot be read", gone.err)
    (tmp_path / "marks.csv").write_text(table())
    nowhere = crackmap("surface", "register", tmp_path / "marks.csv", odometry, "--to", tmp_path / "no" / "p")
    assert nowhere.code == 2
    assert "cannot be written" in nowhere.err
