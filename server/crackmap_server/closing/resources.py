"""What the API shows of close-outs."""

from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from crackmap_server.additions.addition import Note
from crackmap_server.registry.resources import WHO, Who
from crackmap_server.resources import Resource
from crackmap_server.sights import Sight

_SCAN = "16339570-f7ad-5d54-954d-a3328d32bcaa"
_SURFACE = "46480394-9463-5076-a023-12179c6ed197"
_CLOSE_OUT: dict[str, Any] = {
    "inspection_id": "73412194-2af6-5abf-8792-40bc185f0499",
    "number": 1,
    "closed_utc": "2026-11-27T10:00:00Z",
    "closed_by": "the inspector",
    "note": "as reported to the owner",
    "target_width_mm": 0.3,
    "sha256": "c0" * 32,
}


class CloseOutOrder(Resource):
    """Close an inspection as it is now."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"by": "the inspector", "note": "as reported to the owner"}]},
    )

    by: Who = Field(default="", description=WHO)
    note: Note = Field(default="", description="why it is closed, or closed again")


class ClosedScan(Resource):
    """What of a scan counts."""

    scan_id: UUID
    surface_id: UUID
    analysis_id: UUID
    model: str
    model_sha256: str
    threshold: float = Field(description="from which a tile is a detection: the analysis' own")
    pose_solution_id: UUID | None = Field(description="null: its photographs have a scale only")
    frames: int


class ClosedSurface(Resource):
    """What was found and seen on a surface."""

    surface_id: UUID
    detections: dict[str, int] = Field(description="how many, by the state of their reviews")
    masked: int = Field(description="how many of them lie in a mask")
    area_m2: float = Field(description="that was photographed, within the boundary")
    boundary_m2: float | None = Field(description="area within the surface's boundary; null where none was given")
    sights_m2: dict[Sight, float] = Field(
        description="area of each part of the coverage: where a crack of the target width would have been seen, or why "
        "not"
    )
    frames_placed: int
    frames_no_pose: int
    frames_unplaced: int


class ClosedAddition(Resource):
    """The version that counts of something that people added."""

    kind: str = Field(description="mask, finding, surface description or inspection conditions")
    id: UUID
    version: int


class Content(Resource):
    """What counted, and what came of it."""

    scans: list[ClosedScan]
    surfaces: list[ClosedSurface]
    additions: list[ClosedAddition]
    reviews: int = Field(description="how many count: those that had arrived")
    parts: dict[str, str] = Field(description="SHA-256 of the listing's lines of each kind")


class Newer(Resource):
    """What came after an inspection was closed. All zero: nothing."""

    frames: int = Field(description="that are new, or have new scores or another place")
    scans: int = Field(description="whose current analysis or pose solution is another one, or that are new")
    reviews: int
    additions: int = Field(description="masks, findings, boundaries and conditions that are new, changed or deleted")

    @property
    def anything(self) -> bool:
        return any((self.frames, self.scans, self.reviews, self.additions))


class CloseOut(Content):
    """An inspection as it was closed. It never changes; closing again makes the next number."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    **_CLOSE_OUT,
                    "scans": [
                        {
                            "scan_id": _SCAN,
                            "surface_id": _SURFACE,
                            "analysis_id": "8815d2a1-6032-5e17-b343-037f8cff8de3",
                            "model": "crack-227",
                            "model_sha256": "4ed3983f474c604d43fcad03ce1ba5ba3c3a823651f24e72977be49fd64cdbaa",
                            "threshold": 0.5,
                            "pose_solution_id": None,
                            "frames": 40,
                        }
                    ],
                    "surfaces": [
                        {
                            "surface_id": _SURFACE,
                            "detections": {"accepted": 12, "unreviewed": 3},
                            "masked": 1,
                            "area_m2": 11.2,
                            "boundary_m2": 12.0,
                            "sights_m2": {"shown": 9.1, "blurred": 2.1},
                            "frames_placed": 40,
                            "frames_no_pose": 0,
                            "frames_unplaced": 0,
                        }
                    ],
                    "additions": [{"kind": "mask", "id": "b0" * 16, "version": 2}],
                    "reviews": 12,
                    "parts": {"detection": "d0" * 32, "frame": "f0" * 32},
                    "newer": {"frames": 0, "scans": 0, "reviews": 0, "additions": 0},
                }
            ]
        },
    )

    inspection_id: UUID
    number: int = Field(description="from 1 in each inspection")
    closed_utc: str
    closed_by: str
    note: str
    target_width_mm: float | None
    sha256: str = Field(description="of the listing (`…/listing.ndjson`), byte for byte")
    newer: Newer = Field(description="what came since")


class Verification(Resource):
    """Whether a close-out still says the same."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    **{name: _CLOSE_OUT[name] for name in ("inspection_id", "number", "sha256")},
                    "found_sha256": "c0" * 32,
                    "holds": True,
                    "differences": [],
                }
            ]
        },
    )

    inspection_id: UUID
    number: int
    sha256: str = Field(description="as it was written down")
    found_sha256: str = Field(description="of the listing as it comes now")
    holds: bool
    differences: list[str] = Field(description="what is not as it was written down")
