"""The file of control points: a CSV table with a row for each mark."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from crackmap_robot.poses.record import PoseFileError, Record
from crackmap_robot.poses.registration import ControlPoint

ODOMETRY = ("odometry_x_m", "odometry_y_m", "odometry_z_m")
SURFACE = ("u_m", "v_m")
OPTIONAL = ("w_m", "sigma_m")
COLUMNS = ("name", *ODOMETRY, *SURFACE, *OPTIONAL)
LARGEST_FILE_BYTES = 10_000_000


def read_control_points(path: Path) -> tuple[ControlPoint, ...]:
    """The rows in their order; `w_m` is 0 where it is not given. Raises PoseFileError: file, line, column, value."""
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise PoseFileError(f"{path} is over {LARGEST_FILE_BYTES:,} bytes: it is no table of control points.")
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise PoseFileError(f"{path} cannot be read: {error.strerror}. Give a table of control points.") from error
    except UnicodeDecodeError as error:
        raise PoseFileError(f"{path} is not UTF-8 text at byte {error.start}: save the table as CSV.") from error
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    points: dict[str, tuple[int, ControlPoint]] = {}
    try:
        columns = [name.strip() for name in next(reader, [])]
        _check_columns(path, columns)
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(columns):
                raise PoseFileError(
                    f"{path}, line {reader.line_num}: has {len(cells)} values, the header names {len(columns)} columns"
                )
            values = {name: cell.strip() or None for name, cell in zip(columns, cells, strict=True)}
            point = _point(Record(path, reader.line_num, values))
            line, _ = points.setdefault(point.name, (reader.line_num, point))
            if line != reader.line_num:
                raise PoseFileError(f"{path}, line {reader.line_num}, name: {point.name!r} is already in line {line}")
    except csv.Error as error:
        raise PoseFileError(f"{path}, line {reader.line_num}: not CSV: {error}") from error
    return tuple(point for _, point in points.values())


def _check_columns(path: Path, columns: list[str]) -> None:
    for name in columns:
        if name not in COLUMNS or columns.count(name) > 1:
            why = "stands there twice" if name in COLUMNS else "is not known"
            raise PoseFileError(f"{path}, line 1, {name[:80]!r}: {why}; the columns are {', '.join(COLUMNS)}")
    if missing := [name for name in COLUMNS if name not in columns and name not in OPTIONAL]:
        raise PoseFileError(f"{path}, line 1: no column {', '.join(missing)}; the columns are {', '.join(COLUMNS)}")


def _point(record: Record) -> ControlPoint:
    name = record.values["name"]
    if name is None:
        record.refuse("name", "is empty; give the mark a name")
    x_m, y_m, z_m = (record.number(column, record.values[column]) for column in ODOMETRY)
    u_m, v_m = (record.number(column, record.values[column]) for column in SURFACE)
    w_m, sigma_m = (
        None if record.values.get(column) is None else record.number(column, record.values[column])
        for column in OPTIONAL
    )
    if sigma_m is not None and sigma_m <= 0:
        record.refuse("sigma_m", f"{sigma_m} is no standard deviation; give metres over 0, or leave the column empty")
    return ControlPoint(name, (x_m, y_m, z_m), (u_m, v_m, w_m or 0.0), sigma_m)
