"""A recording on disk: photographs, reported poses and calibration as a robot would leave them, and the truth."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from crackmap.errors import InputError, StorageError
from crackmap_robot.renderer.camera import SimulatedCamera
from crackmap_robot.renderer.path import PathPose
from crackmap_robot.renderer.photograph import jpeg_bytes, render
from crackmap_robot.renderer.pose import Pose
from crackmap_robot.renderer.wall import Wall

CAMERA_NAME = "simulated"


def write_recording(
    folder: Path,
    wall: Wall,
    camera: SimulatedCamera,
    path: Sequence[PathPose],
    *,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Path, ...]:
    """Photograph ``wall`` at every true pose into ``folder``; returns the photographs' paths.

    Writes ``0001.jpg`` …, ``poses.jsonl`` (reported poses), ``camera.yaml`` (ROS camera_info) and ``truth.json``. The
    same arguments write the same bytes. ``progress(done, all)`` is called after each photograph.

    Errors: :class:`InputError` when ``folder`` holds something, :class:`StorageError` when it cannot be written.
    """
    names = [f"{number:04}.jpg" for number in range(1, len(path) + 1)]
    photographs = tuple(folder / name for name in names)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise InputError(f"{folder} is not empty: name a new folder for the recording")
        for number, (file, pose) in enumerate(zip(photographs, path, strict=True)):
            picture = render(wall, camera, pose.true, np.random.default_rng([seed, number]))
            file.write_bytes(jpeg_bytes(picture, camera.jpeg_quality))
            if progress is not None:
                progress(number + 1, len(path))
        lines = [json.dumps(_reported(name, pose)) for name, pose in zip(names, path, strict=True)]
        (folder / "poses.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (folder / "camera.yaml").write_text(camera_info(camera), encoding="utf-8")
        truth = json.dumps(truth_of(wall, camera, dict(zip(names, (pose.true for pose in path), strict=True))))
        (folder / "truth.json").write_text(truth + "\n", encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"{folder}: the recording cannot be written ({error.strerror}); free space or choose another folder"
        ) from error
    return photographs


def camera_info(camera: SimulatedCamera) -> str:
    """The camera's calibration as a ROS camera_info file."""
    k = [camera.fx, 0.0, camera.cx, 0.0, camera.fy, camera.cy, 0.0, 0.0, 1.0]
    projection = [*k[:3], 0.0, *k[3:6], 0.0, *k[6:], 0.0]
    matrices = {
        "camera_matrix": (3, 3, k),
        "distortion_coefficients": (1, 5, list(camera.lens)),
        "rectification_matrix": (3, 3, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]),
        "projection_matrix": (3, 4, projection),
    }
    lines = [f"image_width: {camera.width_px}", f"image_height: {camera.height_px}", f"camera_name: {CAMERA_NAME}"]
    for name, (rows, columns, data) in matrices.items():
        if name == "distortion_coefficients":
            lines.append("distortion_model: plumb_bob")
        numbers = ", ".join(repr(float(value)) for value in data)
        lines += [f"{name}:", f"  rows: {rows}", f"  cols: {columns}", f"  data: [{numbers}]"]
    return "\n".join(lines) + "\n"


def truth_of(wall: Wall, camera: SimulatedCamera, poses: dict[str, Pose]) -> dict[str, Any]:
    """Everything that is known, ready for JSON; ``poses`` are the true ones by file name."""
    return {
        "wall": {"width_m": wall.width_m, "height_m": wall.height_m, "mm_per_px": wall.mm_per_px},
        "cracks": [
            {
                "crack_id": crack.crack_id,
                "length_m": round(crack.length_m, 6),
                "contrast": round(crack.contrast, 4),
                "polyline_m": np.round(crack.polyline_m, 6).tolist(),
                "width_mm": np.round(crack.width_mm, 4).tolist(),
            }
            for crack in wall.cracks
        ],
        "joints": [asdict(joint) for joint in wall.joints],
        "tie_holes": [asdict(hole) for hole in wall.tie_holes],
        "camera": asdict(camera),
        "poses": [{"file": name, **asdict(pose)} for name, pose in poses.items()],
    }


def _reported(name: str, pose: PathPose) -> dict[str, Any]:
    known = bool(pose.covariance.any())
    return {
        "file": name,
        "position_m": list(pose.reported.position_m),
        "orientation_xyzw": list(pose.reported.orientation_xyzw),
        "covariance": pose.covariance.ravel().tolist() if known else None,
    }
