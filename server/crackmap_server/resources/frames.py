"""What the API shows of frames and their scores."""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from crackmap.messages import Camera, Pose, Unscored
from crackmap_server.resources.base import Resource, like
from crackmap_server.resources.evidence import EvidenceState

PlacementKind = Literal["placed", "no_pose", "unplaced"]


class FramePlacement(Resource):
    """Where a frame lies."""

    kind: PlacementKind
    mm_per_px: float | None = Field(description="in the middle of a placed frame; of the whole of an unplaced one")
    footprint_m: list[tuple[float, float]] | None = Field(description="outline on the chart, only if placed")
    cause: str | None = Field(description="why it has no pose")


class FrameItem(Resource):
    """One image of a scan. Pixel coordinates are those of the stored raster, before any EXIF turn."""

    model_config = like(
        {
            "frame_id": "9a8fb8b3-fc2b-5c6c-98a6-1eea108a51a3",
            "scan_id": "16339570-f7ad-5d54-954d-a3328d32bcaa",
            "label": "DSC_0001.JPG",
            "width_px": 4000,
            "height_px": 3000,
            "exif_orientation": 1,
            "captured_utc": "2026-05-04T09:12:03Z",
            "captured_local": None,
            "placement": {
                "kind": "placed",
                "mm_per_px": 0.25,
                "footprint_m": [(0.0, 0.75), (1.0, 0.75), (1.0, 0.0), (0.0, 0.0)],
                "cause": None,
            },
            "evidence": "held",
            "highest_score": 0.97,
            "flags": [],
        }
    )

    frame_id: UUID
    scan_id: UUID
    label: str
    width_px: int
    height_px: int
    exif_orientation: int = Field(description="1..8: how the stored raster must be turned to be shown upright")
    captured_utc: str | None
    captured_local: str | None = Field(description="a camera clock without a time zone")
    placement: FramePlacement
    evidence: EvidenceState = Field(description="whether the whole picture is here, was promised, or is not kept")
    highest_score: float | None = Field(description="probability of the surest tile")
    flags: list[str]


class ScoreMapItem(Resource):
    """Scores of all tiles of a frame by one analysis."""

    analysis_id: UUID
    current: bool
    tile_px: int
    stride_px: int
    columns: int
    rows: int
    scores: str = Field(
        description="base64: one byte per tile, row by row; 0 not scored, else logit = (byte - 128) / 10",
        json_schema_extra={"contentEncoding": "base64"},
    )
    unscored: list[Unscored]
    flags: list[str]


class FrameDetail(FrameItem):
    """A frame with all that is known of it."""

    model_config = ConfigDict(frozen=True, json_schema_extra=None)

    source_key: str
    image_sha256: str
    size_bytes: int
    media_type: str
    time_source: str
    score_maps: list[ScoreMapItem]
    pose: Pose | None
    camera: Camera | None
    pose_solution_id: UUID | None
