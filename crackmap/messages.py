"""What travels from the robot to the server, version 1. Frozen: payloads of version 1 must parse for ever.

A batch carries the headers (scans, analyses, pose solutions) that its reports name, and one report per
(frame, analysis, pose solution). Each item is answered by itself.

Binary fields are standard base64 in JSON. Arrays are packed little-endian, row-major.
"""

import base64
import binascii
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import numpy as np
import numpy.typing as npt
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NaiveDatetime,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from crackmap import ids, scores
from crackmap.manifest import Sha256
from crackmap.surfaces import Name, Surface

VERSION = 1
LARGEST_SIDE_PX = 100_000
LARGEST_TILE_COUNT = 1_000_000
LARGEST_INTEGER = 2**63 - 1  # what both databases hold


def _decode(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError(f"not base64: {error}") from error


Base64 = Annotated[
    bytes,
    BeforeValidator(_decode),
    PlainSerializer(lambda value: base64.b64encode(value).decode(), return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]  # PostgreSQL stores no NUL
Point = tuple[float, float]


class Message(BaseModel):
    """Base of everything that travels: frozen, nothing unknown, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


# ------------------------------------------------------------------------------------------------------------ headers


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


# -------------------------------------------------------------------------------------------------------------- frame


class Image(Message):
    """The stored file. Pixel coordinates are those of its raster; `exif_orientation` only says how to show it."""

    sha256: Sha256
    size_bytes: int = Field(gt=0, le=LARGEST_INTEGER)
    media_type: Literal["image/jpeg", "image/png", "image/tiff"]
    width_px: int = Field(gt=0, le=LARGEST_SIDE_PX)
    height_px: int = Field(gt=0, le=LARGEST_SIDE_PX)
    exif_orientation: int = Field(default=1, ge=1, le=8)


class TimeSource(StrEnum):
    """Where a capture time comes from."""

    SENSOR = "sensor"
    RTCP = "rtcp"
    ARRIVAL = "arrival"
    EXIF = "exif"
    POSE_FILE = "pose_file"
    UNKNOWN = "unknown"


class Capture(Message):
    """When the middle row was half exposed, as far as it is known."""

    time_source: TimeSource = TimeSource.UNKNOWN
    captured_utc: AwareDatetime | None = None
    captured_local: NaiveDatetime | None = Field(default=None, description="a camera clock without a time zone")
    time_sigma_s: float | None = Field(default=None, ge=0)
    exposure_s: float | None = Field(default=None, ge=0)
    readout_s: float | None = Field(default=None, ge=0, description="rolling shutter: first row to last row")
    boot_id: Text | None = Field(default=None, max_length=64)
    monotonic_ns: int | None = Field(default=None, ge=0, le=LARGEST_INTEGER)


class Frame(Message):
    """One image of a scan."""

    frame_id: UUID
    scan_id: UUID
    source_key: Text = Field(min_length=1, max_length=500, description="what frame_id is derived from")
    label: Text = Field(max_length=500, description="file name or the like, for people")
    image: Image
    capture: Capture = Capture()

    @model_validator(mode="after")
    def _id_is_derived(self) -> Self:
        derived = ids.frame_id(self.scan_id, self.source_key)
        if derived != self.frame_id:
            raise ValueError(f"frame_id is derived from scan and source_key: {derived}")
        return self


# ---------------------------------------------------------------------------------------------------------- score map


class Reason(StrEnum):
    """Why a tile was not scored."""

    BLURRED = "blurred"
    DARK = "dark"
    BRIGHT = "bright"
    OUT_OF_RANGE = "out_of_range"
    OBSTRUCTED = "obstructed"
    DROPPED = "dropped"
    MODEL_FAILED = "model_failed"


class Unscored(Message):
    """Tiles that have no score, for one reason."""

    reason: Reason
    tiles: tuple[int, ...] = Field(min_length=1)


class ScoreMap(Message):
    """A byte for every tile of the frame, row by row (`crackmap.scores`); 0 where `unscored` says why."""

    columns: int = Field(gt=0)
    rows: int = Field(gt=0)
    scores: Base64
    unscored: tuple[Unscored, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if len(self.scores) != self.columns * self.rows:
            raise ValueError(f"{self.columns} × {self.rows} tiles need as many score bytes, not {len(self.scores)}")
        listed = sorted(tile for group in self.unscored for tile in group.tiles)
        if listed != [tile for tile, score in enumerate(self.scores) if score == scores.NOT_SCORED]:
            raise ValueError("`unscored` must list each tile whose byte is 0, once, and no other")
        return self

    def array(self) -> npt.NDArray[np.uint8]:
        """Score bytes, shape (rows × columns,)."""
        return np.frombuffer(self.scores, np.uint8)


# ---------------------------------------------------------------------------------------------------------- placement


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
        for name in ("centres", "corners", "covariances"):
            if not np.isfinite(np.frombuffer(getattr(self, name) or b"", "<f4")).all():
                raise ValueError(f"{name} holds a number that is not finite")
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


# ------------------------------------------------------------------------------------------------------------- report


class Crop(Message):
    """The picture of one tile, kept alone because its frame is not kept."""

    tile: int = Field(ge=0)
    sha256: Sha256
    size_bytes: int = Field(gt=0, le=LARGEST_INTEGER)


class Evidence(Message):
    """Which pictures of the frame will be sent: the whole file (named by the image's SHA-256), or crops."""

    frame: bool
    crops: tuple[Crop, ...] = ()


class Flag(StrEnum):
    """What a reader of the scores should know."""

    OUT_OF_RANGE = "out_of_range"  # the frame's mm/px lies outside what the model's manifest promises


class Report(Message):
    """All that one analysis found in one frame, and where the frame lies."""

    frame: Frame
    analysis_id: UUID
    score_map: ScoreMap
    placement: Placement
    evidence: Evidence
    flags: tuple[Flag, ...] = ()

    @model_validator(mode="after")
    def _tiles_agree(self) -> Self:
        tiles = self.score_map.columns * self.score_map.rows
        if tiles > LARGEST_TILE_COUNT:
            raise ValueError(f"{tiles} tiles in one frame; at most {LARGEST_TILE_COUNT} are taken")
        if isinstance(self.placement, Placed) and self.placement.tiles.count != tiles:
            raise ValueError(f"the score map has {tiles} tiles, the placement {self.placement.tiles.count}")
        if any(crop.tile >= tiles for crop in self.evidence.crops):
            raise ValueError(f"a crop names a tile that is not among the {tiles}")
        return self

    @property
    def pose_solution_id(self) -> UUID | None:
        return None if isinstance(self.placement, Unplaced) else self.placement.pose_solution_id


class ReportBatch(Message):
    """What `POST /v1/reports` takes. Reports are checked one by one, so that a bad one never blocks its neighbours."""

    version: Literal[1] = 1
    scans: tuple[Scan, ...] = ()
    analyses: tuple[Analysis, ...] = ()
    pose_solutions: tuple[PoseSolution, ...] = ()
    reports: tuple[Report, ...] = ()


# ------------------------------------------------------------------------------------------------------------- answer


class Status(StrEnum):
    """What became of one report."""

    STORED = "stored"
    ALREADY_THERE = "already_there"
    CONFLICT = "conflict"  # other raw facts under the same id; kept in quarantine
    INVALID = "invalid"  # not a report of this version, or its headers are missing or wrong


class Answer(Message):
    """The server's word on one report, in the order of the batch."""

    status: Status
    frame_id: UUID | None = Field(default=None, description="None where the item could not be read so far")
    message: str = ""
    evidence_wanted: tuple[Sha256, ...] = Field(default=(), description="pictures of this report not yet held")


class BatchAnswer(Message):
    """One answer for each report. It is sent only after what it calls stored is on disk."""

    version: Literal[1] = 1
    answers: tuple[Answer, ...]


def utc(moment: datetime) -> str:
    """ISO 8601 with Z, as times are shown everywhere."""
    return moment.isoformat().replace("+00:00", "Z")
