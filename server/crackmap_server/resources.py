"""What the API shows. Units are in the names; coordinates are of the surface's chart, in metres."""

from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from crackmap.messages import Camera, Pose, Unscored

Item = TypeVar("Item")
PlacementKind = Literal["placed", "no_pose", "unplaced"]
EvidenceState = Literal["held", "expected", "none"]


class Resource(BaseModel):
    """Base of everything that is shown."""

    model_config = ConfigDict(frozen=True)


class Page(Resource, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next: str | None = Field(description="`cursor` of the next page, null on the last one")


class Structure(Resource):
    """A bridge, building or tunnel."""

    structure_id: UUID
    name: str


class SurfaceItem(Resource):
    """One inspected face of a structure."""

    surface_id: UUID
    structure_id: UUID
    structure: str = Field(description="name of the structure")
    name: str
    shape: str
    drawing: str = Field(description="whether the chart is drawn as seen or reflected")


class InspectionItem(Resource):
    """One dated campaign on a structure."""

    inspection_id: UUID
    structure_id: UUID
    name: str
    target_width_mm: float | None = Field(description="crack width that must be visible")


class AnalysisItem(Resource):
    """One model at one tile grid over a scan."""

    analysis_id: UUID
    model: str
    model_sha256: str
    tile_px: int
    stride_px: int
    threshold: float = Field(description="probability from which the scan called a tile a detection")
    current: bool = Field(description="whether lists, map and coverage show this one")


class PoseSolutionItem(Resource):
    """One set of poses and one calibration for a scan."""

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
    frames: int = Field(description="how many frames are stored")
    analyses: list[AnalysisItem]
    pose_solutions: list[PoseSolutionItem]


class FramePlacement(Resource):
    """Where a frame lies."""

    kind: PlacementKind
    mm_per_px: float | None = Field(description="in the middle of a placed frame; of the whole of an unplaced one")
    footprint_m: list[tuple[float, float]] | None = Field(description="outline on the chart, only if placed")
    cause: str | None = Field(description="why it has no pose")


class Frame(Resource):
    """One image of a scan. Pixel coordinates are those of the stored raster, before any EXIF turn."""

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


class FrameDetail(Frame):
    """A frame with all that is known of it."""

    source_key: str
    image_sha256: str
    size_bytes: int
    media_type: str
    time_source: str
    score_maps: list[ScoreMapItem]
    pose: Pose | None
    camera: Camera | None
    pose_solution_id: UUID | None


class Detection(Resource):
    """A tile whose score is at or over the threshold.

    Of an unplaced frame, u_m, v_m and corners_m are metres inside the picture (u right, v up, origin bottom left).
    """

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


class Coverage(Resource):
    """What frames lie over a surface. That something was seen there is not said: only where pictures were taken."""

    area_m2: float = Field(description="area of the union of the placed frames' footprints; 0 without any")
    frames_placed: int
    frames_no_pose: int
    frames_unplaced: int
    outline: list[list[list[tuple[float, float]]]] = Field(
        description="coordinates of a MultiPolygon in metres: polygons, each an outer ring and its holes"
    )


class QuarantinedReport(Resource):
    """A report in conflict with what is stored, kept as it came."""

    frame_id: UUID
    message: str
    received_utc: str
    delivery: dict[str, Any] = Field(description="a batch of this one report, with the headers that it named")


class EvidenceItem(Resource):
    """A picture that is held."""

    sha256: str
    size_bytes: int
    media_type: str
    width_px: int
    height_px: int


class Health(Resource):
    """The server answers."""

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
