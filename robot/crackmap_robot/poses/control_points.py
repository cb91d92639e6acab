"""The file of control points: a CSV table with a row for each mark."""

from __future__ import annotations

from pathlib import Path

from crackmap_robot.poses.record import Record
from crackmap_robot.poses.registration import ControlPoint
from crackmap_robot.poses.table import read_table

ODOMETRY = ("odometry_x_m", "odometry_y_m", "odometry_z_m")
SURFACE = ("u_m", "v_m")
OPTIONAL = ("w_m", "sigma_m")


def read_control_points(path: Path) -> tuple[ControlPoint, ...]:
    """The rows in their order; `w_m` is 0 where it is not given. Raises PoseFileError: file, line, column, value."""
    points: dict[str, tuple[int, ControlPoint]] = {}
    for record in read_table(path, ("name", *ODOMETRY, *SURFACE), OPTIONAL, "table of control points"):
        point = _point(record)
        line, _ = points.setdefault(point.name, (record.line, point))
        if line != record.line:
            record.refuse("name", f"{point.name!r} is already in line {line}")
    return tuple(point for _, point in points.values())


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
