"""`crackmap robot simulate`: a robot.toml that needs no hardware, written as for a camera and its odometry."""

from __future__ import annotations

from pathlib import Path

from crackmap.errors import InputError, StorageError
from crackmap_robot.cameras.simulated import CAMERA
from crackmap_robot.renderer.recording import camera_info

CONFIG, CALIBRATION = "robot.toml", "camera.yaml"
TEXT = """\
# A robot that needs no hardware: a camera drives over a simulated wall, and its odometry sends poses.
#
#     crackmap robot check --config robot.toml
#     crackmap robot run --config robot.toml      # what it does: http://127.0.0.1:8322/
#
# With a real camera, `source` and `calibration` are its own, and what knows where it is sends to `pose_stream`.

[scan]
structure = "simulated"
surface = "wall {number}"
inspection = "rehearsal"
target_width_mm = 0.3

[camera]
source = "sim:{number}"
calibration = "camera.yaml"
pose_stream = "udp:9870"

[keep]
outbox = "outbox.sqlite"
# server = "http://127.0.0.1:8321"             # what `crackmap server run` says
"""


def write_rehearsal(folder: Path, number: int) -> Path:
    """Settings and calibration, into a new or an empty folder; returns the settings' path.

    Raises InputError where something is there already, StorageError where the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise InputError(f"{folder}: is not empty; give a new folder")
        (folder / CALIBRATION).write_text(camera_info(CAMERA), encoding="utf-8")
        config = folder / CONFIG
        config.write_text(TEXT.format(number=number), encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{folder}: cannot be written ({error.strerror}). Choose another folder.") from error
    return config
