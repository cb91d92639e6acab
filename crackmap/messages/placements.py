"""Where a frame and its tiles lie: placed by a pose, without a pose, or with a scale only."""

from typing import Annotated, Literal, Self
from uuid import UUID

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from crackmap.messages.base import Base64, Message, Point, Text


class Pose(Message):
    """The camera in the surface's body frame (metres).

    `orientation_xyzw` turns vectors of the optical frame (x right, y down, z forward) into the body frame.
    `covariance` is 6 × 6, row by row, of (x, y, z, rx, ry, rz); the rotation error is a small rotation vector in the
    body frame. None means unknown, not perfect.
    """

    position_m: tuple[float, float, float]
    orientation_xyzw: tuple[float, float, float, float]
    covariance: tuple[float, ...] | None = Field(default=None, min_length=36, max_length=36)

    @model_validator(mode="after")
    def _unit_quaternion(self) -> Self:
        norm = sum(part * part for part in self.orientation_xyzw) ** 0.5
        if abs(norm - 1.0) > 1e-3:
            raise ValueError(f"orientation_xyzw has length {norm:.4f}, not 1")
        return self


class TileGeometry(Message):
    """Where the tiles of a frame lie on the chart, in metres; float32 offsets from `origin_m`, tile by tile.

    centres      n × 2     (u, v) of the tile's middle
    corners      n × 4 × 2 (u, v), in the order top left, top right, bottom right, bottom left of the image
    covariances  n × 3     (uu, uv, vv) in m² of the centre; None where the pose's covariance is unknown
    """

    origin_m: Point
    centres: Base64
    corners: Base64
    covariances: Base64 | None = None

    @model_validator(mode="after")
    def _shapes(self) -> Self:
        tiles, rest = divmod(len(self.centres), 8)
        lengths_agree = len(self.corners) == tiles * 32 and (
            self.covariances is None or len(self.covariances) == tiles * 12
        )
        if rest or not lengths_agree:
            raise ValueError("centres, corners and covariances must hold 8, 32 and 12 bytes for each tile")
        packed = np.frombuffer(self.centres + self.corners + (self.covariances or b""), "<f4")
        if not np.isfinite(packed).all():
            raise ValueError("centres, corners or covariances hold a number that is not finite")
        return self

    @property
    def count(self) -> int:
        return len(self.centres) // 8

    def centres_m(self) -> npt.NDArray[np.float64]:
        """(n, 2) chart coordinates."""
        return np.frombuffer(self.centres, "<f4").reshape(-1, 2).astype(np.float64) + self.origin_m

    def corners_m(self) -> npt.NDArray[np.float64]:
        """(n, 4, 2) chart coordinates."""
        return np.frombuffer(self.corners, "<f4").reshape(-1, 4, 2).astype(np.float64) + self.origin_m

    def covariances_m2(self) -> npt.NDArray[np.float64] | None:
        """(n, 3) uu, uv, vv, or None where unknown."""
        if self.covariances is None:
            return None
        return np.frombuffer(self.covariances, "<f4").reshape(-1, 3).astype(np.float64)

    @classmethod
    def pack(
        cls,
        centres_m: npt.NDArray[np.float64],
        corners_m: npt.NDArray[np.float64],
        covariances_m2: npt.NDArray[np.float64] | None,
    ) -> Self:
        """From (n, 2), (n, 4, 2) and (n, 3) arrays of chart coordinates."""
        origin = centres_m.mean(axis=0)
        return cls(
            origin_m=(float(origin[0]), float(origin[1])),
            centres=(centres_m - origin).astype("<f4").tobytes(),
            corners=(corners_m - origin).astype("<f4").tobytes(),
            covariances=None if covariances_m2 is None else covariances_m2.astype("<f4").tobytes(),
        )


class Placed(Message):
    """The frame has a pose: its tiles lie on the surface."""

    kind: Literal["placed"] = "placed"
    pose_solution_id: UUID
    pose: Pose
    mm_per_px: float = Field(gt=0, description="in the middle of the frame")
    footprint_m: tuple[Point, ...] = Field(min_length=3, description="outline of the frame on the chart")
    tiles: TileGeometry


class NoPose(Message):
    """The scan has poses, but none for this frame: it was taken, but nobody knows of what."""

    kind: Literal["no_pose"] = "no_pose"
    pose_solution_id: UUID
    cause: Text = Field(max_length=500)


class Unplaced(Message):
    """A photograph with a scale only: metres inside itself, no place on the surface."""

    kind: Literal["unplaced"] = "unplaced"
    mm_per_px: float = Field(gt=0)


Placement = Annotated[Placed | NoPose | Unplaced, Field(discriminator="kind")]
