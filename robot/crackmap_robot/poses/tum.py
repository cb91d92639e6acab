"""Trajectories as the RGB-D benchmark of TU München writes them, and after it most SLAM programs.

    # timestamp tx ty tz qx qy qz qw
    1305031102.1758 1.3405 0.6266 1.6575 0.6574 0.6126 -0.2949 -0.3248

One pose on a line, blanks between the numbers; what follows a # is a remark. Time in UNIX seconds, metres, and the
quaternion with w last. It says where the camera's optical frame is in the frame of the trajectory, which must be the
surface's body frame. There is no covariance, so the error is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from crackmap_robot.poses.record import PoseFileError, Record

COLUMNS = ("timestamp", "tx", "ty", "tz", "qx", "qy", "qz", "qw")


def is_tum(text: str) -> bool:
    """Whether the first line that says anything is numbers between blanks; a CSV file begins with its columns."""
    first = next((said for _, said in _said(text)), None)
    return first is None or (len(first) > 1 and all(map(_is_number, first)))


def tum_records(path: Path, text: str) -> Iterator[Record]:
    """Raises PoseFileError for a line of other than eight numbers."""
    for line, said in _said(text):
        if len(said) != len(COLUMNS):
            raise PoseFileError(
                f"{path}, line {line}: has {len(said)} values; a TUM trajectory has {len(COLUMNS)}: {' '.join(COLUMNS)}"
            )
        record = Record(
            path, line, {"time_s": said[0], "position_m": said[1:4], "orientation_xyzw": said[4:], "covariance": None}
        )
        for name, value in zip(COLUMNS, said, strict=True):
            record.number(name, value)  # a message names the column as the format does
        yield record


def _said(text: str) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and words of the lines that are not only remarks."""
    for line, written in enumerate(text.split("\n"), start=1):
        if said := written.partition("#")[0].split():
            yield line, said


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
