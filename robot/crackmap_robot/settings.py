"""What a scan is told: checked, with defaults."""

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from pydantic import TypeAdapter, ValidationError

from crackmap.errors import SettingError
from crackmap.manifest import Manifest
from crackmap.surfaces import Drawing, Facing, Name, Surface
from crackmap_robot.access import WITHOUT_KEY, Access
from crackmap_robot.evidence import Frames
from crackmap_robot.runtimes import Runtime

STRUCTURE = "unnamed structure"
LARGEST_MM = 100_000
LARGEST_RADIUS_M = 10_000
MOST_THREADS = 256


@dataclass(frozen=True)
class ScanSettings:
    """One `crackmap scan`. Raises SettingError for what cannot be used together or at all."""

    source: Path
    surface: str
    inspection: str
    structure: str
    outbox: Path
    model: Path
    server: str | None = None
    access: Access = WITHOUT_KEY
    poses: Path | None = None
    tags: Path | None = None
    camera: Path | None = None
    mm_per_px: float | None = None
    threshold: float | None = None
    """None: what the model's manifest says."""
    stride_px: int | None = None
    """None: the tile size, so that tiles touch."""
    overlap: bool = False
    """Tiles overlap by half or a little more, all scored in one pass by the model's dense file."""
    frames: Frames = Frames.ALL
    scores: Path | None = None
    threads: int = 1
    runtime: Runtime = Runtime.LITERT
    target_width_mm: float | None = None
    cylinder_radius_m: float | None = None
    """None: the surface is a plane."""
    facing: Facing = Facing.OUTSIDE
    drawing: Drawing = Drawing.AS_SEEN
    proofs: Path | None = None
    """Folder of what cards proved. None: nobody says that one was."""
    flatness_mm: float | None = None
    """How far the face lies off its plane or cylinder, one standard deviation. None: not known."""

    @property
    def scanned_surface(self) -> Surface:
        """The surface that is scanned."""
        if self.cylinder_radius_m is None:
            return Surface(name=self.surface, drawing=self.drawing)
        return Surface(
            name=self.surface,
            drawing=self.drawing,
            shape="cylinder",
            radius_m=self.cylinder_radius_m,
            facing=self.facing,
        )

    def __post_init__(self) -> None:
        for flag, name in (
            ("--surface", self.surface),
            ("--inspection", self.inspection),
            ("--structure", self.structure),
        ):
            try:
                TypeAdapter(Name).validate_python(name)
            except ValidationError as error:
                raise SettingError(
                    f"{flag} {name!r}: a name has 1 to 200 characters, no blanks at its ends and no control characters."
                ) from error
        self._check_places()
        if self.overlap and self.stride_px is not None:
            raise SettingError(
                f"--overlap and --stride {self.stride_px}: give one of them. --overlap takes the stride of the model's "
                "file for overlapping tiles; --stride asks the model for each tile by itself."
            )
        if self.cylinder_radius_m is not None and not 0 < self.cylinder_radius_m <= LARGEST_RADIUS_M:
            raise SettingError(
                f"--cylinder-radius-m {self.cylinder_radius_m}: give metres over 0, and at most {LARGEST_RADIUS_M:,}."
            )
        if self.cylinder_radius_m is not None and self.mm_per_px is not None:
            raise SettingError("--cylinder-radius-m goes with poses or tags: unplaced photographs are on no surface.")
        for flag, number in (
            ("--mm-per-px", self.mm_per_px),
            ("--target-width-mm", self.target_width_mm),
            ("--flatness-mm", self.flatness_mm),
        ):
            if number is not None and not 0 < number <= LARGEST_MM:  # NaN is neither
                raise SettingError(f"{flag} {number}: give millimetres over 0, and at most {LARGEST_MM:,}.")
        if self.flatness_mm is not None and self.mm_per_px is not None:
            raise SettingError("--flatness-mm goes with poses or tags: unplaced photographs are on no surface.")
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise SettingError(f"--threshold {self.threshold}: a probability lies from 0 to 1.")
        if self.threads < 1:
            raise SettingError(f"--threads {self.threads}: at least one thread must classify.")
        if self.threads > MOST_THREADS:
            raise SettingError(f"--threads {self.threads}: at most {MOST_THREADS}; more than the cores gain nothing.")

    def _check_places(self) -> None:
        if self.poses is not None and self.tags is not None:
            raise SettingError("--poses and --tags: give one of them; each says by itself where the camera was.")
        if self.mm_per_px is not None and (self.poses or self.tags or self.camera):
            raise SettingError(
                "--mm-per-px goes with none of --poses, --tags and --camera: with poses the scale follows from them. "
                "Leave out --mm-per-px to place the photographs, or the others to leave them unplaced."
            )
        source = "--tags" if self.tags is not None else "--poses"
        if (self.poses is None and self.tags is None) != (self.camera is None):
            given, missing = (source, "--camera") if self.camera is None else ("--camera", "--poses or --tags")
            raise SettingError(
                f"{given} needs {missing}: a place on the surface follows from pose and calibration together."
            )
        if self.camera is None and self.mm_per_px is None:
            raise SettingError(
                "how large is a pixel? Give --poses FILE (or --tags FILE) and --camera FILE to place the photographs "
                "on the surface, or --mm-per-px X for those with only a scale: as 0.22 for 1000 mm across 4608 px."
            )

    def stride(self, manifest: Manifest) -> int:
        """The stride for that model. Raises SettingError where tiles would leave gaps."""
        tile_px = manifest.tile_px
        if self.overlap and manifest.dense is not None:
            return manifest.dense.stride_px
        stride_px = tile_px if self.stride_px is None else self.stride_px
        if not 0 < stride_px <= tile_px:
            raise SettingError(
                f"--stride {stride_px}: must be 1 to {tile_px}, the model's tile size; more would leave unseen strips "
                "between tiles."
            )
        return stride_px


def default_outbox() -> Path:
    """In the user's data directory."""
    return platformdirs.user_data_path("crackmap", appauthor=False) / "outbox.sqlite"


def default_threads() -> int:
    """All cores that this process may use but one, which decodes and uploads."""
    return max(1, len(os.sched_getaffinity(0)) - 1) if hasattr(os, "sched_getaffinity") else 1
