"""Rows of pose files as tests write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from crackmap.messages import Pose
from crackmap_robot.poses.file import Missing, PoseFile, read_poses

COVARIANCE = (np.eye(6) * 1e-6).ravel().tolist()
CSV_HEADER = "file,x_m,y_m,z_m,qx,qy,qz,qw"


def row(**changes: Any) -> dict[str, Any]:
    values = {
        "file": "a.jpg",
        "position_m": [1.0, 2.0, 0.5],
        "orientation_xyzw": [1, 0, 0, 0],
        "covariance": COVARIANCE,
    }
    return {key: value for key, value in (values | changes).items() if value is not ...}


def timed(time_s: float, **changes: Any) -> dict[str, Any]:
    return row(file=..., time_s=time_s, **changes)


def lines_of(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(values) + "\n" for values in rows)


def read(file: Path, text: str) -> PoseFile:
    file.write_text(text)
    return read_poses(file)


def found(answer: Pose | Missing) -> Pose:
    assert isinstance(answer, Pose), answer
    return answer
