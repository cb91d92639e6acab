"""`robot.toml`: all that the robot is told. Relative paths in it start from its own folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, model_validator

from crackmap.errors import SettingError
from crackmap.settings_file import line_of, read_toml
from crackmap.surfaces import Drawing, Facing, Name
from crackmap_robot.access import Access, checked_address, without_password
from crackmap_robot.cameras.grabber import Grab
from crackmap_robot.classifier import chosen_model
from crackmap_robot.daemon.camera_settings import FOLDER, ROSBAG, CameraSection, LiveSection
from crackmap_robot.daemon.section import File, Section, from_the_file
from crackmap_robot.evidence import Frames
from crackmap_robot.poses.book import NAME as BOOK
from crackmap_robot.runtimes import Runtime
from crackmap_robot.settings import (
    LARGEST_MM,
    LARGEST_RADIUS_M,
    MOST_THREADS,
    STRUCTURE,
    ScanSettings,
    default_outbox,
    default_threads,
)


def _model(path: Path, info: ValidationInfo) -> Path:
    beside = from_the_file(path, info)
    return beside if beside.exists() or len(path.parts) > 1 else chosen_model(path)


def _server(value: str) -> str:
    try:
        return checked_address(value)
    except SettingError as error:
        raise ValueError(str(error).removeprefix("--server ")) from error


class ScanSection(Section):
    """What is scanned."""

    surface: Name = Field(description="the face that the camera sees, as `pier 3, north`")
    inspection: Name = Field(description="the dated campaign, as `2026 autumn`")
    structure: Name = Field(default=STRUCTURE, description="the bridge, building or tunnel")
    target_width_mm: float | None = Field(
        default=None, gt=0, le=LARGEST_MM, description="crack width that the inspection must be able to show"
    )
    cylinder_radius_m: float | None = Field(
        default=None, gt=0, le=LARGEST_RADIUS_M, description="the surface is a cylinder, as a tunnel or a pier"
    )
    facing: Facing = Field(
        default=Facing.OUTSIDE, description="from where a cylinder is seen: `outside` (a pier) or `inside` (a tunnel)"
    )
    drawing: Drawing = Field(
        default=Drawing.AS_SEEN, description="how the chart is drawn: `as_seen`, or `reflected` as soffits are on plans"
    )
    flatness_mm: float | None = Field(
        default=None,
        gt=0,
        le=LARGEST_MM,
        description="how far the face lies off its plane or cylinder (one standard deviation): it moves what is seen "
        "obliquely. Without, the position errors do not hold it",
    )


class ModelSection(Section):
    """What classifies."""

    file: Annotated[Path, AfterValidator(_model)] = Field(
        default=Path("crack-227"),
        validate_default=True,
        description="`crack-227`, `crack-256`, or a .tflite with its manifest beside it",
    )
    threshold: float | None = Field(
        default=None, ge=0, le=1, description="probability from which a tile is a detection; as its manifest says"
    )
    stride_px: int | None = Field(default=None, gt=0, description="from tile to tile; one tile, so that they touch")
    overlap: bool = Field(
        default=False,
        description="tiles overlap by half or a little more, all scored in one pass; without `stride_px`",
    )
    threads: int = Field(
        default_factory=default_threads, ge=1, le=MOST_THREADS, description="that classify; all cores but one"
    )
    runtime: Runtime = Field(default=Runtime.LITERT, description="what runs the model: `litert` or `tflite-runtime`")
    pinned: bool = Field(
        default=False,
        description="use the model that the server pins for the inspection, once it passed its test here; until then, "
        "and when it fails, what ran before. Needs `keep.server`",
    )
    ask_every_s: float = Field(default=60, ge=1, le=86_400, description="seconds between looks at what is pinned")

    @model_validator(mode="after")
    def _one_stride(self) -> Self:
        if self.overlap and self.pinned:
            raise ValueError("overlap needs a model's dense file, which no server keeps: leave out overlap, or pinned")
        if self.overlap and self.stride_px is not None:
            raise ValueError("overlap takes the stride of the model's dense file: leave out stride_px, or overlap")
        return self


class KeepSection(Section):
    """What is kept on the robot, and sent."""

    outbox: File = Field(default_factory=default_outbox, description="SQLite file; in the data directory of the user")
    frames: Frames = Field(
        default=Frames.KEYFRAMES,
        description="photographs sent as evidence: `all`; `keyframes`, which together show everything (of the others "
        "crops of detections); `none` (only crops)",
    )
    server: Annotated[str, AfterValidator(_server)] | None = Field(
        default=None, description="that stores the results, as `http://host:8321`; without, all stays in the outbox"
    )
    key_file: File | None = Field(
        default=None,
        description="file with the robot's key, which `crackmap server key add --robot NAME` prints; readable by the "
        "robot's own user alone",
    )
    ca_file: File | None = Field(
        default=None,
        description="PEM file of the authority that made the server's certificate; those of the system without",
    )
    least_free_mb: int = Field(
        default=500,
        ge=1,
        description="of disk at the outbox: with less, scanning waits until there is room again; a warning at twice it",
    )


class StatusSection(Section):
    """What tells others how the robot is, over HTTP: a page for whoever drives it, `/healthz` and `/metrics`."""

    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="only this machine; with another, as `0.0.0.0` for a tablet beside the robot, `key` is needed",
    )
    port: int = Field(default=8322, ge=0, le=65535, description="0 takes a free one, which the log tells")
    key: str | None = Field(
        default=None, min_length=12, max_length=200, description="asked of everybody: `http://robot:8322/?key=…`"
    )

    @model_validator(mode="after")
    def _not_open(self) -> Self:
        if self.host not in {"127.0.0.1", "::1", "localhost"} and self.key is None:
            raise ValueError("anybody could look: give a key of 12 characters or more, or leave host as it is")
        return self


class LightSection(Section):
    """A lamp and a buzzer on the robot that say what the page says (`pip install 'crackmap-robot[gpio]'`)."""

    lamp_pin: int | None = Field(default=None, ge=0, le=27, description="GPIO number (BCM) that switches a lamp")
    buzzer_pin: int | None = Field(
        default=None,
        ge=0,
        le=27,
        description="of an active buzzer, which is silent while all is well",
    )
    active_high: bool = Field(default=True, description="false: they are on while the pin is low, as with most relays")

    @model_validator(mode="after")
    def _two_pins(self) -> Self:
        if self.lamp_pin is not None and self.lamp_pin == self.buzzer_pin:
            raise ValueError("lamp_pin and buzzer_pin are the same pin: give each its own")
        return self

    @property
    def wanted(self) -> bool:
        """Whether there is one."""
        return self.lamp_pin is not None or self.buzzer_pin is not None


class RobotSettings(Section):
    """`robot.toml`."""

    scan: ScanSection
    camera: CameraSection
    live: LiveSection = Field(default_factory=LiveSection)
    model: ModelSection = Field(default_factory=ModelSection)
    keep: KeepSection = Field(default_factory=KeepSection)
    status: StatusSection = StatusSection()
    light: LightSection = LightSection()

    @property
    def access(self) -> Access:
        """What lets the robot in at its server."""
        return Access(self.keep.key_file, self.keep.ca_file)

    @property
    def records(self) -> bool:
        """Whether the source is one whose frames must be written down first."""
        return not self.camera.source.startswith(FOLDER)

    @property
    def replays(self) -> bool:
        """Whether the source is gone through from its beginning at each start, with its poses."""
        return self.camera.source.startswith(ROSBAG)

    @property
    def folder(self) -> Path:
        """That photographs arrive in."""
        return self.live.recordings if self.records else Path(self.camera.source.removeprefix(FOLDER))

    @property
    def grab(self) -> Grab:
        """What a source whose frames are recorded is asked for."""
        live = self.live
        return Grab(
            source=self.camera.source,
            width_px=live.width_px,
            height_px=live.height_px,
            frames_per_s=live.frames_per_s,
            exposure_ms=live.exposure_ms,
            focus=live.focus,
            jpeg_quality=live.jpeg_quality,
            topic=self.camera.topic or "",
            poses=self.camera.pose_stream or "",
            replay_speed=live.replay_speed,
            gap_s=live.stale_s,
        )

    @property
    def models_folder(self) -> Path:
        """Where models of the server are kept."""
        return self.keep.outbox.parent / "models"

    def scan_settings(self) -> ScanSettings:
        """The same, as `crackmap scan` takes it."""
        scan, camera, model, keep = self.scan, self.camera, self.model, self.keep
        return ScanSettings(
            source=self.folder,
            surface=scan.surface,
            inspection=scan.inspection,
            structure=scan.structure,
            target_width_mm=scan.target_width_mm,
            cylinder_radius_m=scan.cylinder_radius_m,
            facing=scan.facing,
            drawing=scan.drawing,
            flatness_mm=scan.flatness_mm,
            poses=camera.poses if camera.pose_stream is None else self.live.recordings / BOOK,
            tags=camera.tags,
            camera=camera.calibration,
            mm_per_px=camera.mm_per_px,
            model=model.file,
            threshold=model.threshold,
            stride_px=model.stride_px,
            overlap=model.overlap,
            threads=model.threads,
            runtime=model.runtime,
            outbox=keep.outbox,
            frames=keep.frames,
            server=keep.server,
            access=self.access,
        )


def read_settings(path: Path) -> RobotSettings:
    """Raises SettingError that names file, line, key and value of everything that is wrong."""
    text, values = read_toml(path, "--config FILE, a robot.toml")
    try:
        # A section that is not written is an empty one, whose default paths start from this file too.
        values = {name: {} for name in ("live", "model", "keep")} | values
        settings = RobotSettings.model_validate(values, context={"folder": path.absolute().parent})
    except ValidationError as error:
        raise SettingError("\n".join(_complaints(path, text, error))) from error
    if settings.model.pinned and settings.keep.server is None:
        keys = ["model", "pinned"]
        raise SettingError(f"{path}, line {line_of(text, keys)}, model.pinned: needs keep.server, which pins the model")
    return settings


def _complaints(path: Path, text: str, error: ValidationError) -> Iterator[str]:
    for one in error.errors(include_url=False):
        keys = [str(key) for key in one["loc"]]
        where = f"{path}, line {line_of(text, keys)}, {'.'.join(keys)}"
        match one["type"]:
            case "missing":
                yield f"{where}: is missing; every robot.toml has it"
            case "extra_forbidden":
                yield f"{where}: is not known; {_known(keys)}"
            case _:
                said = one["msg"].removeprefix("Value error, ")
                value = "" if isinstance(one["input"], dict) else f" {without_password(repr(one['input']))}:"
                yield f"{where}:{value} {said[:1].lower()}{said[1:]}"


def _known(keys: list[str]) -> str:
    section: Any = RobotSettings
    for key in keys[:-1]:
        section = section.model_fields[key].annotation
    return f"there are {', '.join(section.model_fields)}"
