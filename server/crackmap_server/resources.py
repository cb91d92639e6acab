"""What the API shows. Units are in the names; coordinates are of the surface's chart, in metres."""

from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from crackmap.messages import Camera, Pose, Unscored
from crackmap_server.additions.masks import MaskKind
from crackmap_server.opinions import ReviewState
from crackmap_server.reviews import Review
from crackmap_server.sights import Sight

Item = TypeVar("Item")
PlacementKind = Literal["placed", "no_pose", "unplaced"]
EvidenceState = Literal["held", "expected", "none", "removed"]


def like(example: dict[str, Any]) -> ConfigDict:
    """A frozen resource with that example."""
    return ConfigDict(frozen=True, json_schema_extra={"examples": [example]})


class Resource(BaseModel):
    """Base of everything that is shown."""

    model_config = ConfigDict(frozen=True)


class Page(Resource, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next: str | None = Field(description="`cursor` of the next page, null on the last one")


class Kept(Resource, Generic[Item]):
    """One version of something that people added. Its number is the ETag, too."""

    id: UUID
    version: int = Field(description="from 1")
    author: str | None
    written_utc: str
    content: Item | None = Field(description="what a PUT takes; null in a version that deletes it")


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


class DetectionReview(Resource):
    """What people said of the place of a tile."""

    state: ReviewState = Field(description="needs_review: they disagree, or a newer analysis speaks against them")
    cause: str | None = Field(description="why it needs review")
    carried: bool = Field(description="none of the reviews is of this frame in this analysis; they are of its place")
    crack: bool | None = Field(description="whether there is one, as people say; null where that is open")
    review_ids: list[UUID] = Field(description="the oldest first")


class ReviewItem(Resource):
    """One review, with what the person had before them."""

    review_id: UUID
    surface_id: UUID
    inspection_id: UUID
    image_sha256: str
    x_px: int = Field(description="first column of the tile in the stored raster")
    y_px: int = Field(description="first row of the tile in the stored raster")
    width_px: int
    height_px: int
    corners_m: list[tuple[float, float]] | None = Field(description="of the tile on the chart; null: it had no place")
    score: float | None = Field(description="probability that the analysis gave; null where the tile was not scored")
    author: str | None
    made_utc: str
    received_utc: str
    content: Review
    place: DetectionReview | None = Field(description="what all reviews of the place come to, by the current analysis")


class Imported(Resource):
    """What became of the items of an import."""

    stored: int = Field(description="reviews and findings that are new")
    already_there: int
    invalid: int = Field(description="items of which nothing was taken")
    messages: list[str] = Field(description="why, by the place of the item; the first hundred")


class Detection(Resource):
    """A tile whose score is at or over the threshold.

    Of an unplaced frame, u_m, v_m and corners_m are metres inside the picture (u right, v up, origin bottom left).
    """

    model_config = like(
        {
            "detection_id": "db544436-9601-5286-b020-04ebe2ab00a7",
            "frame_id": "9a8fb8b3-fc2b-5c6c-98a6-1eea108a51a3",
            "scan_id": "16339570-f7ad-5d54-954d-a3328d32bcaa",
            "analysis_id": "8815d2a1-6032-5e17-b343-037f8cff8de3",
            "tile": 1,
            "x_px": 227,
            "y_px": 0,
            "width_px": 227,
            "height_px": 227,
            "score": 0.97,
            "placement": "placed",
            "u_m": 0.085,
            "v_m": 0.722,
            "corners_m": [(0.057, 0.75), (0.114, 0.75), (0.114, 0.693), (0.057, 0.693)],
            "covariance_m2": (4e-06, 0.0, 4e-06),
            "sigma_m": 0.002,
            "flags": [],
            "masked": None,
            "review": None,
        }
    )

    detection_id: UUID
    frame_id: UUID
    scan_id: UUID
    analysis_id: UUID
    tile: int = Field(description="number of the tile in its frame, row by row")
    x_px: int = Field(description="first column of the tile in the stored raster")
    y_px: int = Field(description="first row of the tile in the stored raster")
    width_px: int
    height_px: int
    score: float = Field(description="probability of a crack in this tile")
    placement: PlacementKind
    u_m: float | None = Field(description="middle of the tile; null without a pose")
    v_m: float | None
    corners_m: list[tuple[float, float]] | None = Field(
        description="top left, top right, bottom right, bottom left of the tile in the image"
    )
    covariance_m2: tuple[float, float, float] | None = Field(description="uu, uv, vv of the middle; null: unknown")
    sigma_m: float | None = Field(description="root of the covariance's larger eigenvalue")
    flags: list[str]
    masked: MaskKind | None = Field(
        description="the known thing that the middle of the tile lies in; a crack may be there all the same"
    )
    review: DetectionReview | None = Field(description="what people said of the place; null: nothing yet")


class CoveragePart(Resource):
    """Where a crack of the inspection's target width would have been seen, or why it would not."""

    sight: Sight
    area_m2: float
    outline: list[list[list[tuple[float, float]]]] = Field(description="coordinates of a MultiPolygon in metres")


class Coverage(Resource):
    """What of a surface was photographed, and where a crack of the target width would have been seen."""

    model_config = like(
        {
            "area_m2": 0.75,
            "boundary_m2": None,
            "frames_placed": 1,
            "frames_no_pose": 0,
            "frames_unplaced": 0,
            "outline": [[[(0.0, 0.0), (1.0, 0.0), (1.0, 0.75), (0.0, 0.75), (0.0, 0.0)]]],
            "parts": [
                {
                    "sight": "shown",
                    "area_m2": 0.75,
                    "outline": [[[(0.0, 0.0), (1.0, 0.0), (1.0, 0.75), (0.0, 0.75), (0.0, 0.0)]]],
                }
            ],
        }
    )

    area_m2: float = Field(
        description="area of the union of the placed frames' footprints, within the boundary; 0 without any"
    )
    boundary_m2: float | None = Field(description="area within the surface's boundary; null where none was given")
    frames_placed: int
    frames_no_pose: int
    frames_unplaced: int
    outline: list[list[list[tuple[float, float]]]] = Field(
        description="coordinates of a MultiPolygon in metres: polygons, each an outer ring and its holes"
    )
    parts: list[CoveragePart] = Field(
        description="what was photographed, by what it shows of a crack as wide as the inspection's target: `shown`, "
        "or why not. No part overlaps another; where several frames show one place the best holds. `masked`: something "
        "known is there. `never_seen`: within the boundary, in no photograph; it is not in `area_m2`"
    )


class QuarantinedReport(Resource):
    """A report in conflict with what is stored, kept as it came."""

    frame_id: UUID
    message: str
    received_utc: str
    delivery: dict[str, Any] = Field(description="a batch of this one report, with the headers that it named")


class EvidenceItem(Resource):
    """A picture that is held."""

    model_config = like(
        {
            "sha256": "9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c",
            "size_bytes": 61417,
            "media_type": "image/jpeg",
            "width_px": 400,
            "height_px": 227,
        }
    )

    sha256: str
    size_bytes: int
    media_type: str
    width_px: int
    height_px: int


class LogItem(Resource):
    """Which log this is."""

    model_config = like({"log_id": "5f0c2a9e-3a0b-4f7b-9d0f-0a8f5f1c2b3d", "since_utc": "2026-05-01T08:00:00Z"})

    log_id: UUID
    since_utc: AwareDatetime = Field(description="made, or restored from a backup, at")


class Health(Resource):
    """The server answers."""

    model_config = like(
        {
            "status": "ok",
            "version": "0.1.0",
            "database": "sqlite",
        }
    )

    status: Literal["ok"]
    version: str
    database: str = Field(description="kind of database that holds the log")


class Problem(Resource):
    """What went wrong (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]] | None = None
