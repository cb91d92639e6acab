"""What the API shows of structures, their surfaces, inspections and scans."""

from uuid import UUID

from pydantic import Field

from crackmap_server.resources.base import Resource, like


class Structure(Resource):
    """A bridge, building or tunnel."""

    model_config = like(
        {
            "structure_id": "312b4ea1-e45e-512d-a0e4-747a638d002c",
            "name": "Mill bridge",
        }
    )

    structure_id: UUID
    name: str


class SurfaceItem(Resource):
    """One inspected face of a structure."""

    model_config = like(
        {
            "surface_id": "46480394-9463-5076-a023-12179c6ed197",
            "structure_id": "312b4ea1-e45e-512d-a0e4-747a638d002c",
            "structure": "Mill bridge",
            "name": "north face",
            "shape": "plane",
            "drawing": "as_seen",
            "radius_m": None,
            "facing": None,
            "description_version": 2,
        }
    )

    surface_id: UUID
    structure_id: UUID
    structure: str = Field(description="name of the structure")
    name: str
    shape: str
    drawing: str = Field(description="whether the chart is drawn as seen or reflected")
    radius_m: float | None = Field(
        description="of a cylinder, which is unrolled: u runs from -pi r to pi r and begins again; null for a plane"
    )
    facing: str | None = Field(description="outside or inside: from where a cylinder is seen")
    description_version: int | None = Field(description="of `…/description`; null until one is written")


class InspectionItem(Resource):
    """One dated campaign on a structure."""

    model_config = like(
        {
            "inspection_id": "73412194-2af6-5abf-8792-40bc185f0499",
            "structure_id": "312b4ea1-e45e-512d-a0e4-747a638d002c",
            "name": "2026 spring",
            "target_width_mm": 0.3,
            "conditions_version": None,
        }
    )

    inspection_id: UUID
    structure_id: UUID
    name: str
    target_width_mm: float | None = Field(
        description="crack width that must be visible: as the inspection's conditions say, or else as the scan said"
    )
    conditions_version: int | None = Field(description="of `…/conditions`; null until one is written")


class AnalysisItem(Resource):
    """One model at one tile grid over a scan."""

    model_config = like(
        {
            "analysis_id": "8815d2a1-6032-5e17-b343-037f8cff8de3",
            "model": "crack-227",
            "model_sha256": "3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f",
            "tile_px": 227,
            "stride_px": 227,
            "threshold": 0.5,
            "current": True,
        }
    )

    analysis_id: UUID
    model: str
    model_sha256: str
    tile_px: int
    stride_px: int
    threshold: float = Field(description="probability from which the scan called a tile a detection")
    current: bool = Field(description="whether lists, map and coverage show this one")


class PoseSolutionItem(Resource):
    """One set of poses and one calibration for a scan."""

    model_config = like(
        {
            "pose_solution_id": "c2501c7f-0676-536b-ae46-5a9330298d42",
            "source": "file poses.jsonl",
            "current": True,
        }
    )

    pose_solution_id: UUID
    source: str
    current: bool = Field(description="whether lists, map and coverage show this one")


class ScanItem(Resource):
    """The images taken in one pass over one surface."""

    scan_id: UUID
    inspection_id: UUID
    surface_id: UUID
    kind: str
    software: str
    robot: str | None = Field(description="name of what carried the camera, if it was told")
    frames: int = Field(description="how many frames are stored")
    analyses: list[AnalysisItem]
    pose_solutions: list[PoseSolutionItem]
