"""The rows of a pose file, checked one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from crackmap.messages import Pose
from crackmap_robot.poses.colmap import image_records, is_images
from crackmap_robot.poses.motion import Motion
from crackmap_robot.poses.opensfm import shot_records
from crackmap_robot.poses.record import PoseFileError, Record
from crackmap_robot.poses.table import table_records
from crackmap_robot.poses.tum import is_tum, tum_records
from crackmap_robot.semidefinite import LOWEST_EIGENVALUE, lowest_scaled_eigenvalue

MOTION = ("velocity_m_s", "turn_rad_s")
JSON_KEYS = ("file", "time_s", "position_m", "orientation_xyzw", "covariance", *MOTION)
CSV_KEYS, CSV_POSITION, CSV_ORIENTATION = ("file", "time_s"), ("x_m", "y_m", "z_m"), ("qx", "qy", "qz", "qw")


@dataclass(frozen=True)
class Row:
    """One pose and what it belongs to; at least one of file and time is there.

    `motion` is how the camera moved then, where that is told.
    """

    line: int
    file: str | None
    time_s: float | None
    pose: Pose
    motion: Motion | None = None

    @property
    def known_time_s(self) -> float:
        """The time of a row that has no file name."""
        assert self.time_s is not None
        return self.time_s


def read_rows(path: Path, content: bytes) -> tuple[Row, ...]:
    """All rows of a JSON-lines, CSV, TUM, COLMAP or OpenSfM file, in its order; at least one. Raises PoseFileError."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PoseFileError(
            f"{path}, line {line}: not UTF-8 text; save the poses as UTF-8 CSV or JSON lines"
        ) from error
    if not text.strip():
        raise PoseFileError(f"{path} holds no pose: it is empty")
    rows = tuple(_row(record) for record in _records(path, text))
    if not rows:
        raise PoseFileError(f"{path} holds no pose; write a header row and one row for each photograph, or JSON lines")
    return rows


def _records(path: Path, text: str) -> Iterator[Record]:
    """By what the text begins with."""
    if text.lstrip().startswith("{"):
        return _json_records(path, text)
    if text.lstrip().startswith("["):
        return shot_records(path, text)
    if is_images(text):
        return image_records(path, text)
    return tum_records(path, text) if is_tum(text) else _csv_records(path, text)


def _json_records(path: Path, text: str) -> Iterator[Record]:
    for line, written in enumerate(text.split("\n"), start=1):
        if not written.strip():
            continue
        try:
            values = json.loads(written)
        except (ValueError, RecursionError) as error:
            raise PoseFileError(f"{path}, line {line}: not JSON ({error}); write one object on each line") from error
        if not isinstance(values, dict):
            raise PoseFileError(f"{path}, line {line}: must be an object {{…}}, not {written.strip()[:40]!r}")
        record = Record(path, line, values)
        for key in values:
            if key not in JSON_KEYS:
                record.refuse(key, f"is not known; the keys are {', '.join(JSON_KEYS)}")
        yield record


def _csv_records(path: Path, text: str) -> Iterator[Record]:
    for row in table_records(path, text, (*CSV_POSITION, *CSV_ORIENTATION), ("covariance", *MOTION), CSV_KEYS):
        named = row.values
        for name in (*CSV_POSITION, *CSV_ORIENTATION):
            row.number(name, named[name])  # a message names the column that the user wrote
        values: dict[str, Any] = {
            "file": named.get("file"),
            "time_s": named.get("time_s"),
            "position_m": [named[name] for name in CSV_POSITION],
            "orientation_xyzw": [named[name] for name in CSV_ORIENTATION],
        }
        for name in ("covariance", *MOTION):
            numbers = named.get(name)
            values[name] = numbers.split() if numbers else None
        yield Record(path, row.line, values)


def _row(record: Record) -> Row:
    file, time_s = record.values.get("file"), record.values.get("time_s")
    if file is None and time_s is None:
        record.refuse("file", "is missing, and so is time_s; one of them says what the pose belongs to")
    if file is not None and (not isinstance(file, str) or not file.strip()):
        record.refuse("file", f"must be a file name, not {file!r}")
    x_m, y_m, z_m = record.numbers("position_m", 3)
    pose = Pose(position_m=(x_m, y_m, z_m), orientation_xyzw=_orientation(record), covariance=_covariance(record))
    known_time_s = None if time_s is None else record.number("time_s", time_s)
    return Row(record.line, file, known_time_s, pose, _motion(record))


def _motion(record: Record) -> Motion | None:
    given = [key for key in MOTION if record.values.get(key) is not None]
    if not given:
        return None
    for key in MOTION:
        if key not in given:
            record.refuse(key, f"is missing beside {given[0]}; state both, or neither")
    if record.values.get("file") is None:
        record.refuse(given[0], "goes with file; where poses are found by time, they tell themselves how it moved")
    (x, y, z), (rx, ry, rz) = (record.numbers(key, 3) for key in MOTION)
    return Motion((x, y, z), (rx, ry, rz))


def _orientation(record: Record) -> tuple[float, float, float, float]:
    quaternion = np.array(record.numbers("orientation_xyzw", 4))
    norm = float(np.linalg.norm(quaternion))
    if abs(norm - 1.0) > 1e-3:
        record.refuse("orientation_xyzw", f"has length {norm:.4g}, not 1; write a unit quaternion x y z w")
    x, y, z, w = (quaternion / norm).tolist()
    return x, y, z, w


def _covariance(record: Record) -> tuple[float, ...] | None:
    """None where it is unknown: absent, or with a variance that is NaN or 0, for no pose is perfect."""
    values = record.values.get("covariance")
    if values is None:
        return None
    if isinstance(values, list) and len(values) == 36 and any(_is_nan(value) for value in values):
        return None
    matrix = np.array(record.numbers("covariance", 36)).reshape(6, 6)
    largest = float(np.abs(matrix).max())
    uneven = np.argwhere(np.abs(matrix - matrix.T) > 1e-6 * largest)
    if len(uneven):
        row, column = uneven[0]
        record.refuse(
            "covariance",
            f"is not symmetric: {matrix[row, column]:g} in row {row + 1}, column {column + 1}, but "
            f"{matrix[column, row]:g} across; write 36 numbers row by row for x y z rx ry rz",
        )
    matrix = (matrix + matrix.T) / 2
    if (lowest := lowest_scaled_eigenvalue(matrix)) < LOWEST_EIGENVALUE:
        record.refuse("covariance", f"is not positive semi-definite (lowest scaled eigenvalue {lowest:.3g})")
    if (np.diag(matrix) == 0).any():
        return None
    return tuple(matrix.ravel().tolist())


def _is_nan(value: Any) -> bool:
    return str(value).strip().lower() in {"nan", "+nan", "-nan"}
