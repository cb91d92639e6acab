"""Where the camera sits on the robot, and what its odometry says of the camera."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from crackmap.errors import InputError
from crackmap.messages import Pose
from crackmap_robot.poses.transform import FloatArray, crossed, product
from crackmap_robot.projection.rotation import rotation

PLACE, ERRORS = ("position_m", "orientation_xyzw"), ("sigma_m", "sigma_deg")
KEYS = (*PLACE, *ERRORS)
LARGEST_M = 1_000.0
LARGEST_SIGMA_M, LARGEST_SIGMA_DEG = 1.0, 45.0
FORWARD = (-0.5, 0.5, -0.5, 0.5)
"""A camera that looks where the robot goes: z of the optical frame is x of the body, x is −y, y is −z (REP 103)."""


class MountError(InputError):
    """The mount cannot be used; the message names file, key and value."""


@dataclass(frozen=True)
class Mount:
    """The optical frame (x right, y down, z ahead) in the robot's body (x ahead, y left, z up), metres: REP 103.

    `sigmas` are the standard deviations of each coordinate, metres, and of the turn about each axis, radians. None:
    nobody says how exact it is.
    """

    position_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    orientation_xyzw: tuple[float, float, float, float] = FORWARD
    sigmas: tuple[float, float] | None = None

    def camera(self, body: Pose) -> Pose:
        """The camera's pose from the robot's. A mount of unknown error adds nothing to its covariance (decision 19).

        p' = p + R m, so an error (τ, δ) of the body's is (τ + δ × R m, δ) of the camera's. The mount's own is only
        turned by R, and is the same in all directions.
        """
        turn = rotation(body.orientation_xyzw)
        arm = turn @ np.array(self.position_m)
        x_m, y_m, z_m = (np.array(body.position_m) + arm).tolist()
        covariance = None
        if body.covariance is not None:
            lever = np.eye(6)
            lever[:3, 3:] = -crossed(arm)
            full: FloatArray = lever @ np.array(body.covariance).reshape(6, 6) @ lever.T
            if self.sigmas is not None:
                full += np.diag(np.repeat(np.square(self.sigmas), 3))
            covariance = tuple(((full + full.T) / 2).ravel().tolist())
        return Pose(
            position_m=(x_m, y_m, z_m),
            orientation_xyzw=product(body.orientation_xyzw, self.orientation_xyzw),
            covariance=covariance,
        )


def read_mount(path: Path) -> Mount:
    """A TOML file with position_m and orientation_xyzw, and maybe sigma_m and sigma_deg. Raises MountError."""
    try:
        values = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise MountError(f"{path} cannot be read: {error.strerror}. Give the camera's mount.") from error
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, an integer of thousands of digits
        raise MountError(f"{path}: not TOML: {error}") from error
    for key in values:
        if key not in KEYS:
            raise MountError(f"{path}, {key}: is not known; the keys are {', '.join(KEYS)}")
    numbers = {}
    for key, count in zip(PLACE, (3, 4), strict=True):
        value = values.get(key)
        if (
            not isinstance(value, list)
            or len(value) != count
            or not all(isinstance(part, int | float) and abs(part) <= LARGEST_M for part in value)
        ):
            raise MountError(f"{path}, {key}: must be {count} numbers, not {value!r}")
        numbers[key] = [float(part) for part in value]
    norm = float(np.linalg.norm(numbers["orientation_xyzw"]))
    if abs(norm - 1) > 1e-3:
        raise MountError(f"{path}, orientation_xyzw: has length {norm:.4g}, not 1; write a unit quaternion x y z w")
    x_m, y_m, z_m = numbers["position_m"]
    x, y, z, w = (part / norm for part in numbers["orientation_xyzw"])
    return Mount((x_m, y_m, z_m), (x, y, z, w), _sigmas(path, values))


def _sigmas(path: Path, values: dict[str, Any]) -> tuple[float, float] | None:
    given = [key for key in ERRORS if key in values]
    if not given:
        return None
    for key, largest in zip(ERRORS, (LARGEST_SIGMA_M, LARGEST_SIGMA_DEG), strict=True):
        if key not in values:
            raise MountError(f"{path}, {key}: is missing beside {given[0]}; state both, or neither")
        value = values[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= largest:
            raise MountError(f"{path}, {key}: must be a standard deviation over 0, at most {largest:g}, not {value!r}")
    return float(values["sigma_m"]), math.radians(values["sigma_deg"])
