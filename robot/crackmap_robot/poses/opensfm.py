"""The shots in OpenSfM's reconstruction.json, which OpenDroneMap keeps as opensfm/reconstruction.json.

A shot turns the world into its camera by a rotation vector and a translation (x_camera = R x_world + t); ours says
where the camera is in the world. With positions from satellites the world is metric, east, north, up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from crackmap_robot.poses.record import PoseFileError, Record
from crackmap_robot.poses.transform import quaternion


def shot_records(path: Path, text: str) -> Iterator[Record]:
    """One for each photograph. Raises PoseFileError; lines are not known in it, so shots are counted."""
    try:
        reconstructions = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PoseFileError(f"{path}: begins as JSON and is none ({error})") from error
    if len(reconstructions) != 1 or not isinstance(reconstructions[0], dict):
        raise PoseFileError(
            f"{path}: holds {len(reconstructions)} reconstructions, each with a frame of its own; keep one of them"
        )
    shots = reconstructions[0].get("shots")
    if not isinstance(shots, dict) or not shots:
        raise PoseFileError(f"{path}, shots: must be the photographs by name; is this a reconstruction.json?")
    for number, (name, shot) in enumerate(shots.items(), start=1):
        found = Record(path, number, shot if isinstance(shot, dict) else {})
        turn = cv2.Rodrigues(np.array(found.numbers("rotation", 3)))[0]
        shift = np.array(found.numbers("translation", 3))
        yield Record(
            path,
            number,
            {
                "file": name,
                "position_m": (-turn.T @ shift).tolist(),
                "orientation_xyzw": list(quaternion(np.asarray(turn.T, np.float64))),
                "covariance": None,
            },
        )
