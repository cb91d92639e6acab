"""Fixes: where the camera was on the surface at some moments. A CSV table of positions, or a pose file by time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crackmap_robot.poses.record import PoseFileError
from crackmap_robot.poses.rows import Row, read_rows
from crackmap_robot.poses.table import table_records, table_text
from crackmap_robot.poses.transform import FloatArray

COLUMNS = ("time_s", "u_m", "v_m", "w_m", "sigma_m")


@dataclass(frozen=True)
class TimedFix:
    """Where the camera was at a time (UNIX seconds); the position alone where `orientation_xyzw` is None.

    `covariance` is (3, 3) of the position, or (6, 6) as a pose's.
    """

    time_s: float
    position_m: tuple[float, float, float]
    orientation_xyzw: tuple[float, float, float, float] | None
    covariance: FloatArray


def read_fixes(path: Path) -> tuple[TimedFix, ...]:
    """By time, at least one. Raises PoseFileError with file, line, column and value."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PoseFileError(f"{path} cannot be read: {error.strerror}. Give a table of fixes.") from error
    head = content.partition(b"\n")[0].decode("utf-8-sig", errors="replace")
    if "u_m" in [name.strip() for name in head.split(",")]:
        fixes = _positions(path, content)
    else:
        fixes = [_of_row(path, row) for row in read_rows(path, content)]
    if not fixes:
        raise PoseFileError(f"{path} holds no fix: write a row for each")
    return tuple(sorted(fixes, key=lambda fix: fix.time_s))


def _of_row(path: Path, row: Row) -> TimedFix:
    if row.time_s is None:
        raise PoseFileError(f"{path}, line {row.line}, time_s: is missing; fixes go with the trajectory by their time")
    if row.pose.covariance is None:
        raise PoseFileError(f"{path}, line {row.line}, covariance: is not known; a fix must say how exact it is")
    covariance = np.array(row.pose.covariance).reshape(6, 6)
    if np.linalg.matrix_rank(covariance) < len(covariance):
        raise PoseFileError(f"{path}, line {row.line}, covariance: is exact in some direction, which no fix is")
    return TimedFix(row.time_s, row.pose.position_m, row.pose.orientation_xyzw, covariance)


def _positions(path: Path, content: bytes) -> list[TimedFix]:
    fixes = []
    for record in table_records(path, table_text(path, content), COLUMNS):
        time_s, u_m, v_m, w_m, sigma_m = (record.number(name, record.values[name]) for name in COLUMNS)
        if sigma_m <= 0:
            record.refuse("sigma_m", f"{sigma_m} is no standard deviation; give metres over 0")
        fixes.append(TimedFix(time_s, (u_m, v_m, w_m), None, np.eye(3) * sigma_m**2))
    return fixes
