"""A registration as a file: where odometry's frame lies in the surface's, for a robot that drives again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from crackmap.errors import StorageError
from crackmap_robot.poses.record import PoseFileError
from crackmap_robot.poses.rows import read_rows
from crackmap_robot.poses.transform import Transform


def write_registration(path: Path, transform: Transform) -> None:
    """As JSON. Raises StorageError."""
    covariance = None if transform.covariance is None else np.asarray(transform.covariance).ravel().tolist()
    values = {
        "position_m": transform.position_m,
        "orientation_xyzw": transform.orientation_xyzw,
        "covariance": covariance,
        "scale": transform.scale,
    }
    try:
        path.write_text(json.dumps(values) + "\n")
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.") from error


def read_registration(path: Path) -> Transform:
    """What `write_registration` wrote. Raises PoseFileError with file, key and value."""
    try:
        values = json.loads(path.read_bytes())
        scale = values.pop("scale")
    except OSError as error:
        raise PoseFileError(f"{path} cannot be read: {error.strerror}. Give a registration.") from error
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError) as error:
        raise PoseFileError(f"{path}: is no registration; take what `crackmap surface register` wrote") from error
    if isinstance(scale, bool) or not isinstance(scale, int | float) or not 0 < scale < 1e9:
        raise PoseFileError(f"{path}, scale: {scale!r} must be a number over 0")
    # A shift, a turn and their covariance are checked as those of a pose.
    (row,) = read_rows(path, json.dumps({"time_s": 0, **values}).encode())
    pose = row.pose
    covariance = None if pose.covariance is None else np.array(pose.covariance).reshape(6, 6)
    return Transform(pose.position_m, pose.orientation_xyzw, covariance, float(scale))
