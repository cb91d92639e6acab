"""Pose files that cannot be used are refused by name, whatever is wrong with them."""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crackmap.errors import InputError
from crackmap_robot.poses.file import read_poses
from crackmap_robot.poses.record import PoseFileError

from .pose_rows import COVARIANCE, CSV_HEADER, lines_of, read, row, timed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "poses.jsonl"


def changed(index: int, value: float) -> list[float]:
    return [*COVARIANCE[:index], value, *COVARIANCE[index + 1 :]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (lines_of(row(), row(file="b", position_m=[math.nan, 0, 0])), "line 2, position_m: nan is not a finite number"),
        (lines_of(row(position_m=[1, 2, math.inf])), "line 1, position_m: inf is not a finite number"),
        (lines_of(row(position_m=[1, 2])), "line 1, position_m: must be 3 numbers, not 2"),
        (lines_of(row(position_m=[1, 2, "x"])), "line 1, position_m: 'x' is not a finite number"),
        (lines_of(row(position_m=[1, 2, True])), "line 1, position_m: True is not a finite number"),
        (lines_of(row(position_m=[1, 2, 1e300])), "line 1, position_m: 1e+300 is out of any range"),
        (lines_of(row(position_m=...)), "line 1, position_m: must be 3 numbers, not None"),
        (lines_of(row(orientation_xyzw=[1, 0, 0])), "line 1, orientation_xyzw: must be 4 numbers, not 3"),
        (lines_of(row(orientation_xyzw=[1.1, 0, 0, 0])), "line 1, orientation_xyzw: has length 1.1, not 1"),
        (lines_of(row(orientation_xyzw=[0, 0, 0, 0])), "line 1, orientation_xyzw: has length 0, not 1"),
        (lines_of(row(covariance=[1.0] * 35)), "line 1, covariance: must be 36 numbers, not 35"),
        (lines_of(row(covariance=7)), "line 1, covariance: must be 36 numbers, not 7"),
        (lines_of(row(covariance=changed(1, 5e-7))), "line 1, covariance: is not symmetric: 5e-07 in row 1, column 2"),
        (lines_of(row(covariance=changed(0, -1e-6))), "line 1, covariance: is not positive semi-definite"),
        (lines_of(row(covariance=[1e-6] * 5 + [1.0] * 31)), "line 1, covariance: is not symmetric"),
        (lines_of(row(), row(file="b.jpg"), row()), "line 3, file: 'a.jpg' is already in line 1"),
        (lines_of(row(), row(file="./a.jpg")), "line 2, file: './a.jpg' is already in line 1"),
        (lines_of(row(file=7)), "line 1, file: must be a file name, not 7"),
        (lines_of(row(file=...)), "line 1, file: is missing, and so is time_s"),
        (lines_of(row(), timed(5.0)), "line 2, file: some rows name a file and others do not"),
        (lines_of(timed(5.0), timed(4.0)), "line 2, time_s: 4.0 is before the time in line 1"),
        (lines_of(timed(5.0), timed(5.0)), "line 2, time_s: 5.0 repeats the time in line 1"),
        (lines_of(timed(math.nan)), "line 1, time_s: nan is not a finite number"),
        (lines_of(timed(1.7e18)), "line 1, time_s: 1.7e+18 is out of any range; times are UNIX seconds"),
        (lines_of(row(position=[1, 2, 3])), "line 1, position: is not known; the keys are file, time_s, position_m"),
        (lines_of(row()) + '{"file": ', "line 2: not JSON"),
        (lines_of(row()) + "[1]", "line 2: must be an object"),
        ("", "holds no pose"),
        (CSV_HEADER + "\n", "holds no pose"),
        ("file,x_m,y_m,qx,qy,qz,qw\n", "line 1: no column z_m"),
        ("x_m,y_m,z_m,qx,qy,qz,qw\n", "line 1: no column file (or time_s)"),
        (f"{CSV_HEADER},covarience\n", "line 1, 'covarience': is not known"),
        (f"{CSV_HEADER},qw\n", "line 1, 'qw': stands there twice"),
        (f"{CSV_HEADER}\na.jpg,1,2,.5,1,0,0\n", "line 2: has 7 values, the header names 8 columns"),
        (f"{CSV_HEADER}\na.jpg,1,,.5,1,0,0,0\n", "line 2, y_m: None is not a finite number"),
        (f"{CSV_HEADER}\n,1,2,.5,1,0,0,0\n", "line 2, file: is missing"),
        (f'{CSV_HEADER}\n"a"b.jpg,1,2,.5,1,0,0,0\n', "line 2: not CSV"),
        (f"{CSV_HEADER},covariance\na.jpg,1,2,.5,1,0,0,0,1 2 3\n", "line 2, covariance: must be 36 numbers, not 3"),
    ],
)
def test_what_is_wrong_is_named(file: Path, text: str, words: str) -> None:
    with pytest.raises(PoseFileError) as caught:
        read(file, text)
    assert str(file) in str(caught.value)
    assert words in str(caught.value)


def test_bytes_that_are_no_text_and_files_that_are_not_there(file: Path) -> None:
    with pytest.raises(InputError, match=r"poses\.jsonl cannot be read: No such file"):
        read_poses(file)
    file.write_bytes(lines_of(row()).encode() + b"\xff\n")
    with pytest.raises(InputError, match="line 2: not UTF-8"):
        read_poses(file)


GOOD = {
    "json": lines_of(row(time_s=1.0), row(file="b.jpg", time_s=2.0)).encode(),
    "csv": f"time_s,{CSV_HEADER[5:]},covariance\n1,1,2,.5,1,0,0,0,{' '.join(map(str, COVARIANCE))}\n".encode(),
}
TOKENS = [b"nan", b"1e999", b"{", b"\x00", b"\xff", b'"', b"null", b"true", b"9" * 400, b"\r", "\u2028".encode()]


@settings(max_examples=200)
@given(
    kind=st.sampled_from(sorted(GOOD)),
    share=st.floats(0, 1),
    cut=st.integers(0, 12),
    put=st.binary(max_size=6) | st.sampled_from(TOKENS),
)
def test_whatever_is_damaged_is_read_or_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, kind: str, share: float, cut: int, put: bytes
) -> None:
    file, good = tmp_path_factory.getbasetemp() / "damaged", GOOD[kind]
    place = int(share * len(good))
    file.write_bytes(good[:place] + put + good[place + cut :])
    with suppress(InputError):
        assert read_poses(file).rows
