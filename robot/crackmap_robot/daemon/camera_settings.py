"""`[camera]` and `[live]` of robot.toml: where pictures come from, where they lie, and how they are recorded."""

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from crackmap.messages import LARGEST_SIDE_PX
from crackmap_robot.daemon.section import File, Section, from_the_file
from crackmap_robot.settings import LARGEST_MM

MOST_PORT = 65_535
FOLDER, VIDEO, ROSBAG, SIMULATED = "folder:", "video:", "rosbag:", "sim:"
MAVLINK, ODOMETRY, TREE = "mavlink:", "odometry:", "tf:"
LIVE = ("v4l2:", "csi:", "rtsp://", "rtsps://", "http://", "https://")


def _source(value: str, info: ValidationInfo) -> str:
    for kind in (FOLDER, VIDEO, ROSBAG):
        if value.startswith(kind) and value != kind:
            return f"{kind}{from_the_file(Path(value.removeprefix(kind)), info)}"
    if value.startswith(LIVE) and value not in LIVE:
        return value
    if re.fullmatch(rf"{SIMULATED}\d{{1,6}}", value):
        return value
    raise ValueError(f"must begin with {', '.join((FOLDER, VIDEO, ROSBAG, SIMULATED, *LIVE))} and say which")


def _stream(value: str) -> str:
    if (
        re.fullmatch(r"(udp|mavlink):(([\w.-]+|\[[0-9a-fA-F:]+\]):)?\d{1,5}", value)
        and int(value.rpartition(":")[2]) <= MOST_PORT
    ):
        return value
    if value.startswith((ODOMETRY, TREE)) and value not in {ODOMETRY, TREE}:
        return value
    raise ValueError(
        f"must be udp:PORT, udp:HOST:PORT or mavlink:… the same, with a port up to {MOST_PORT}; of a bag "
        "odometry:TOPIC or tf:FRAME"
    )


class CameraSection(Section):
    """Where pictures come from, and where they lie on the surface."""

    source: Annotated[str, AfterValidator(_source)] = Field(
        description="`folder:PATH`: the photographs that are there, then each new one once it is whole; "
        "`v4l2:/dev/video0`: a USB camera; `csi:0`: a Raspberry Pi's own, by Picamera2; `rtsp://…`, `http://…`: "
        "a stream; `video:PATH`: a video file; `rosbag:PATH`: the pictures of a ROS 2 bag or an MCAP file; `sim:1`: a "
        "simulated camera that drives over a simulated wall, and another number another wall"
    )
    topic: str | None = Field(
        default=None, min_length=1, description="of a bag's pictures; not needed where it has only one such topic"
    )
    calibration: File | None = Field(
        default=None, description="the camera's calibration: ROS camera_info YAML, or OpenCV's"
    )
    poses: File | None = Field(
        default=None, description="where the camera was: CSV, JSON lines or a TUM trajectory. Needs `calibration`"
    )
    tags: File | None = Field(
        default=None, description="a TOML layout of tags on the surface, in place of `poses`. Needs `calibration`"
    )
    pose_stream: Annotated[str, AfterValidator(_stream)] | None = Field(
        default=None,
        description="`udp:9870`, or `udp:HOST:9870`: poses as JSON lines while a camera or stream is recorded, in "
        "place of `poses`; without a host only from this machine; `mavlink:14550`: ODOMETRY messages. `sim:` sends its "
        "own to `udp:`. Of a bag `odometry:TOPIC`, or `tf:FRAME`: where the pictures' frame is in that one, as `map`. "
        "Needs `calibration`",
    )
    mount: File | None = Field(
        default=None,
        description="where the camera sits on the robot, where `pose_stream` says where the robot is: TOML with "
        "`position_m` and `orientation_xyzw`, and maybe `sigma_m` and `sigma_deg`",
    )
    registration: File | None = Field(
        default=None,
        description="where the frame of `pose_stream` lies on the surface: what `crackmap surface register "
        "--registration` wrote",
    )
    mm_per_px: float | None = Field(
        default=None, gt=0, le=LARGEST_MM, description="only a scale, in place of all these: frames stay unplaced"
    )
    proofs: File = Field(
        default=Path("proofs"),
        validate_default=True,
        description="folder in which `crackmap robot prove --config` keeps what a card proved of a day",
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        given = [name for name in ("poses", "tags", "pose_stream", "mm_per_px") if getattr(self, name) is not None]
        if len(given) != 1:
            there = " and ".join(given) or "none"
            raise ValueError(f"give one of poses, tags, pose_stream and mm_per_px, not {there}")
        if given != ["pose_stream"] and (self.mount or self.registration):
            raise ValueError("mount and registration go with pose_stream")
        if self.pose_stream is not None:
            self._stream_of_source(self.pose_stream)
        if self.topic is not None and not self.source.startswith(ROSBAG):
            raise ValueError(f"topic goes with {ROSBAG}")
        if (self.calibration is None) != (given == ["mm_per_px"]):
            raise ValueError("calibration goes with poses, tags or pose_stream, and they need it; mm_per_px needs none")
        return self

    def _stream_of_source(self, stream: str) -> None:
        """Raises ValueError where the poses are not this source's."""
        if not self.source.startswith((*LIVE, ROSBAG, SIMULATED)):
            raise ValueError("pose_stream goes with a camera or a stream: to place photographs or a video, give poses")
        if self.source.startswith(ROSBAG) != stream.startswith((ODOMETRY, TREE)):
            raise ValueError("a bag's pose_stream is odometry:TOPIC or tf:FRAME, which go with rosbag: alone")
        if self.source.startswith(SIMULATED) and stream.startswith(MAVLINK):
            raise ValueError("sim: tells its poses to udp:PORT, not by mavlink:")
        if stream.startswith(TREE) and self.mount:
            raise ValueError("the tree of frames has the mount: leave out mount, or give odometry:TOPIC")


class LiveSection(Section):
    """How frames of a camera, a stream, a bag or a video become photographs in a folder, before they are scanned."""

    recordings: File = Field(
        default=Path("recordings"), validate_default=True, description="folder that they are written to"
    )
    budget_mb: int = Field(
        default=20_000,
        ge=1,
        description="that the folder may hold: then recording stops, and what is dropped is counted",
    )
    step: float = Field(
        default=0.1, ge=0, lt=0.3, description="share of its width or height that the view must move by; 0 keeps all"
    )
    stale_s: float = Field(
        default=5, gt=0, le=600, description="without a frame, or with the very same one: the camera is started again"
    )
    frames_per_s: float = Field(default=0, ge=0, le=1000, description="most that are taken; 0: as many as come")
    width_px: int = Field(
        default=0, ge=0, le=LARGEST_SIDE_PX, description="asked of a v4l2 or csi camera; 0: as it likes"
    )
    height_px: int = Field(default=0, ge=0, le=LARGEST_SIDE_PX, description="as `width_px`")
    exposure_ms: float | None = Field(
        default=None, gt=0, le=10_000, description="locked, of a v4l2 or csi camera; without, it chooses by itself"
    )
    focus: float | None = Field(
        default=None,
        ge=0,
        le=10_000,
        description="locked, in the camera's own steps, of csi in dioptres; without, it chooses by itself",
    )
    jpeg_quality: int = Field(default=95, ge=50, le=100, description="of the photographs")
    replay_speed: float = Field(
        default=1, ge=0, le=1000, description="of a bag, against its recording; 0: as fast as its pictures can be kept"
    )

    @model_validator(mode="after")
    def _together(self) -> Self:
        if bool(self.width_px) != bool(self.height_px):
            raise ValueError("width_px and height_px go together")
        if self.frames_per_s and self.frames_per_s * self.stale_s <= 1:
            raise ValueError(
                f"with frames_per_s {self.frames_per_s:g} a frame comes every {1 / self.frames_per_s:g} s, which "
                f"stale_s {self.stale_s:g} would take for a camera that is gone: give more of it"
            )
        return self
