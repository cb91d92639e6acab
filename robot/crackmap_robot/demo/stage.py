"""What the demo photographs: a wall with known cracks, a camera, and a path of poses that are not quite true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.random  # NumPy loads it when first used, and what it loads there may swallow a Ctrl-C

from crackmap_robot.renderer import (
    Handling,
    PathPose,
    SimulatedCamera,
    Wall,
    independent_covariance,
    lawn_mower,
    write_recording,
)
from crackmap_robot.renderer.example import EXAMPLE_CAMERA, example_wall

WIDTH_M, HEIGHT_M = 2.5, 1.6
DISTANCE_M = 0.55
CAMERA = EXAMPLE_CAMERA
POSE_COVARIANCE = independent_covariance((0.003, 0.003, 0.003), (0.004, 0.004, 0.003))


@dataclass(frozen=True)
class Stage:
    """Everything that is true."""

    wall: Wall
    camera: SimulatedCamera
    path: tuple[PathPose, ...]

    @property
    def names(self) -> list[str]:
        """File names of the photographs, in the order of the path; as `write_recording` calls them."""
        return [f"{number:04}.jpg" for number in range(1, len(self.path) + 1)]


def set_stage(seed: int, width_m: float = WIDTH_M, height_m: float = HEIGHT_M) -> Stage:
    """The same seed gives the same wall and path. The camera stays on the wall: its edges are not in view."""
    rng = np.random.default_rng([seed, 1])
    wall = example_wall(seed, width_m, height_m, rng)
    path = lawn_mower(
        wall,
        CAMERA,
        rng,
        distance_m=DISTANCE_M,
        overlap=0.2,
        margin_m=-0.05,
        covariance=POSE_COVARIANCE,
        handling=Handling(position_m=0.006, tilt_rad=0.035, roll_rad=0.02),
    )
    return Stage(wall, CAMERA, path)


def photograph(stage: Stage, folder: Path, seed: int, progress: Callable[[int, int], None] | None = None) -> None:
    """Write the photographs, the poses as reported and the calibration into an empty folder."""
    names = [
        file.name
        for file in write_recording(folder, stage.wall, stage.camera, stage.path, seed=seed, progress=progress)
    ]
    assert names == stage.names
