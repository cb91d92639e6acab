"""What a scan's reports have in common: the scan, its analyses and its pose solutions."""

from typing import Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from crackmap import ids
from crackmap.manifest import Sha256
from crackmap.messages.base import LARGEST_SIDE_PX, Message, Text
from crackmap.surfaces import Name, Surface


class Inspection(Message):
    """One dated campaign on a structure."""

    name: Name
    target_width_mm: float | None = Field(default=None, gt=0, description="crack width that must be visible")


class Scan(Message):
    """The images taken in one pass over one surface. Its id is derived for recordings, made once for live scans."""

    scan_id: UUID
    kind: Literal["recording", "live"]
    structure: Name
    surface: Surface
    inspection: Inspection
    software: Text = Field(max_length=200, description="name and version of what scanned")
    robot: Name | None = Field(default=None, description="name of what carried the camera, if it is known")

    @property
    def structure_id(self) -> UUID:
        return ids.structure_id(self.structure)

    @property
    def surface_id(self) -> UUID:
        return ids.surface_id(self.structure_id, self.surface.name)

    @property
    def inspection_id(self) -> UUID:
        return ids.inspection_id(self.structure_id, self.inspection.name)

    @model_validator(mode="after")
    def _id_is_derived(self) -> Self:
        if self.kind == "recording":
            derived = ids.recorded_scan_id(self.inspection_id, self.surface_id)
            if derived != self.scan_id:
                raise ValueError(f"scan_id of a recording is derived from its inspection and surface: {derived}")
        return self


class Analysis(Message):
    """One model at one tile grid over a scan."""

    analysis_id: UUID
    scan_id: UUID
    model: Text = Field(max_length=200)
    model_sha256: Sha256
    tile_px: int = Field(gt=0, le=LARGEST_SIDE_PX)
    stride_px: int = Field(gt=0)
    preprocessing: int = Field(default=1, ge=1, le=1_000_000)
    threshold: float = Field(ge=0, le=1, description="probability from which the scan called a tile a detection")

    @model_validator(mode="after")
    def _id_is_derived(self) -> Self:
        if self.stride_px > self.tile_px:
            raise ValueError(f"stride_px {self.stride_px} over tile_px {self.tile_px}: unseen strips between tiles")
        derived = ids.analysis_id(self.scan_id, self.model_sha256, self.tile_px, self.stride_px, self.preprocessing)
        if derived != self.analysis_id:
            raise ValueError(f"analysis_id is derived from scan, model and tile grid: {derived}")
        return self


class Camera(Message):
    """Pinhole with OpenCV's plumb-bob distortion (k1, k2, p1, p2, k3); pixel centres are integers."""

    name: Text = Field(max_length=200)
    width_px: int = Field(gt=0, le=LARGEST_SIDE_PX)
    height_px: int = Field(gt=0, le=LARGEST_SIDE_PX)
    fx_px: float = Field(gt=0)
    fy_px: float = Field(gt=0)
    cx_px: float
    cy_px: float
    distortion: tuple[float, float, float, float, float] = (0, 0, 0, 0, 0)


class PoseSolution(Message):
    """Where a scan's camera was: the calibration and the source of the poses, by content."""

    pose_solution_id: UUID
    scan_id: UUID
    source: Text = Field(max_length=200, description="as 'file poses.jsonl'; a label only")
    poses_sha256: Sha256
    camera_sha256: Sha256
    camera: Camera

    @model_validator(mode="after")
    def _id_is_derived(self) -> Self:
        derived = ids.pose_solution_id(self.scan_id, self.poses_sha256, self.camera_sha256)
        if derived != self.pose_solution_id:
            raise ValueError(f"pose_solution_id is derived from scan, poses and camera: {derived}")
        return self
