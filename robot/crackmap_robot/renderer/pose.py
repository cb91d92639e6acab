"""Where the simulated camera is: the renderer's own rotations, independent of the projection it is to test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from crackmap.errors import InputError
from crackmap_robot.renderer.arrays import FloatArray

SQUARE = np.diag([1.0, -1.0, -1.0])
"""Rotation of a camera that looks squarely at a wall with the picture upright."""


@dataclass(frozen=True)
class Pose:
    """Place and attitude of the camera in the surface's body frame (u right, v up, w towards the camera)."""

    position_m: tuple[float, float, float]
    orientation_xyzw: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)
    """Unit quaternion that rotates the optical frame (x right, y down, z forward) into the body frame."""

    def __post_init__(self) -> None:
        length = float(np.linalg.norm(self.orientation_xyzw))
        if not abs(length - 1) < 1e-6:
            raise InputError(
                f"Pose: orientation_xyzw {self.orientation_xyzw} is {length:.6g} long; give a unit quaternion"
            )

    @classmethod
    def from_rotation(cls, position_m: FloatArray, rotation: FloatArray) -> Self:
        """``position_m`` (3,), ``rotation`` (3, 3): optical frame → body frame."""
        x, y, z = (float(value) for value in position_m)
        return cls((x, y, z), quaternion_xyzw(rotation))

    def rotation(self) -> FloatArray:
        """(3, 3) matrix that rotates the optical frame into the body frame."""
        x, y, z, w = self.orientation_xyzw
        return np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
            ]
        )


def looking_at(point_m: tuple[float, float], distance_m: float, tilt: tuple[float, float, float] = (0, 0, 0)) -> Pose:
    """A camera whose axis meets the surface at ``point_m`` after ``distance_m``.

    ``tilt`` is a rotation vector in radians in the body frame, applied to the square view: (x, 0, 0) looks up or down,
    (0, y, 0) sideways, (0, 0, z) turns the picture.
    """
    rotation = rotation_from_vector(np.array(tilt, float)) @ SQUARE
    position = np.array([*point_m, 0.0]) - distance_m * rotation[:, 2]
    return Pose.from_rotation(position, rotation)


def rotation_from_vector(vector: FloatArray) -> FloatArray:
    """exp([vector]×) by Rodrigues' formula: (3,) radians → (3, 3)."""
    angle = float(np.linalg.norm(vector))
    if angle < 1e-12:
        return np.eye(3) + _cross(vector)
    axis = _cross(vector / angle)
    result: FloatArray = np.eye(3) + np.sin(angle) * axis + (1 - np.cos(angle)) * (axis @ axis)
    return result


def quaternion_xyzw(rotation: FloatArray) -> tuple[float, float, float, float]:
    """Unit quaternion of a (3, 3) rotation: the eigenvector of Bar-Itzhack's 4×4 matrix, stable everywhere."""
    r = rotation
    k = np.array(
        [
            [r[0, 0] - r[1, 1] - r[2, 2], r[0, 1] + r[1, 0], r[0, 2] + r[2, 0], r[2, 1] - r[1, 2]],
            [r[0, 1] + r[1, 0], r[1, 1] - r[0, 0] - r[2, 2], r[1, 2] + r[2, 1], r[0, 2] - r[2, 0]],
            [r[0, 2] + r[2, 0], r[1, 2] + r[2, 1], r[2, 2] - r[0, 0] - r[1, 1], r[1, 0] - r[0, 1]],
            [r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1], r[0, 0] + r[1, 1] + r[2, 2]],
        ]
    )
    vector = np.linalg.eigh(k / 3)[1][:, -1]
    # q and −q are the same rotation: the largest part is written positive, so the same rotation reads the same.
    x, y, z, w = (float(value) for value in vector * np.sign(vector[np.argmax(np.abs(vector))]))
    return x, y, z, w


def _cross(vector: FloatArray) -> FloatArray:
    x, y, z = vector
    return np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
