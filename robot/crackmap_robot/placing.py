"""How the frames of a scan get their place: from poses or tags and a calibration, or only a scale. Pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from crackmap import ids
from crackmap.messages import NoPose, Placement, Pose, PoseSolution, Scan, Unplaced
from crackmap.surfaces import Surface
from crackmap.tile_grid import TileGrid
from crackmap_robot.calibration import check_fits, read_calibration
from crackmap_robot.cameras.camera import Photo, Pixels
from crackmap_robot.poses.book import PoseBook
from crackmap_robot.poses.file import Missing, PoseFile, read_poses
from crackmap_robot.poses.motion import Motion
from crackmap_robot.poses.mount import Mount
from crackmap_robot.poses.tag_layout import read_tag_layout
from crackmap_robot.poses.tag_pose import pose_of
from crackmap_robot.poses.tags import TagFinder
from crackmap_robot.projection import Uncertainty, place

BOOK_PATIENCE_S = 5.0
LONGEST_SOURCE = 200
LIVE_SHA256 = hashlib.sha256(b"poses that came while it was recorded").hexdigest()


class Placing(Protocol):
    """Gives each frame its placement."""

    @property
    def pose_solution(self) -> PoseSolution | None:
        """The header that the placements name; None for unplaced frames."""
        ...

    @property
    def unknown_errors(self) -> tuple[str, ...]:
        """What the tiles' covariances do not hold, because nobody says how exact it is."""
        ...

    def placement(self, photo: Photo, grid: TileGrid, pixels: Pixels) -> Placement:
        """Where the frame's tiles lie. Raises InputError where the calibration is not for this photograph."""
        ...


@dataclass(frozen=True)
class ByScale:
    """Photographs with only millimetres per pixel: metres inside each, no place on the surface."""

    mm_per_px: float
    pose_solution: None = None
    unknown_errors: tuple[str, ...] = ()

    def placement(self, photo: Photo, grid: TileGrid, pixels: Pixels) -> Unplaced:  # noqa: ARG002 - what every Placing is given
        """The same for every frame."""
        return Unplaced(mm_per_px=self.mm_per_px)


@dataclass(frozen=True)
class Scene:
    """What all placed frames of a scan have in common."""

    pose_solution: PoseSolution
    surface: Surface
    uncertainty: Uncertainty
    readout_s: float | None
    unknown_errors: tuple[str, ...]

    def check_fits(self, photo: Photo, grid: TileGrid) -> None:
        """Raises CalibrationError where the calibration is not for this photograph."""
        check_fits(self.pose_solution.camera, grid.width_px, grid.height_px, Path(photo.label))

    def placed(self, pose: Pose | Missing, grid: TileGrid, motion: Motion | None = None) -> Placement:
        """Where a frame's tiles lie; `motion` is the camera's while its rows were read."""
        solution = self.pose_solution
        if isinstance(pose, Missing):
            return NoPose(pose_solution_id=solution.pose_solution_id, cause=pose.cause)
        return place(
            solution.camera,
            pose,
            grid,
            solution.pose_solution_id,
            self.surface,
            uncertainty=self.uncertainty,
            movement=None if motion is None or self.readout_s is None else motion.over(self.readout_s),
        )


class _InScene:
    """Names what the scene holds."""

    scene: Scene

    @property
    def pose_solution(self) -> PoseSolution:
        return self.scene.pose_solution

    @property
    def unknown_errors(self) -> tuple[str, ...]:
        return self.scene.unknown_errors


@dataclass(frozen=True)
class ByPoses(_InScene):
    """Photographs with a pose file and a camera file."""

    scene: Scene
    poses: PoseFile

    def placement(self, photo: Photo, grid: TileGrid, pixels: Pixels) -> Placement:  # noqa: ARG002 - as above
        """From the pose by file name or by time; NoPose with its cause where there is none."""
        self.scene.check_fits(photo, grid)
        capture, taken = photo.capture, photo.capture.captured_utc
        time_s = None if taken is None else taken.timestamp()
        pose, readout_s = self.poses.pose_for(photo.label, time_s, capture.time_sigma_s), self.scene.readout_s
        motion = None if readout_s is None else self.poses.motion_for(photo.label, time_s, readout_s)
        return self.scene.placed(pose, grid, motion)


@dataclass(frozen=True)
class ByTags(_InScene):
    """Photographs of tags on the surface, with their layout and a camera file: each tells its own pose."""

    scene: Scene
    finder: TagFinder
    layout_sigma_m: float | None

    def placement(self, photo: Photo, grid: TileGrid, pixels: Pixels) -> Placement:
        """From the tags that the picture shows; NoPose with its cause where they tell none."""
        self.scene.check_fits(photo, grid)
        pose = pose_of(self.finder.corners(pixels), self.pose_solution.camera, self.layout_sigma_m)
        return self.scene.placed(pose, grid)


@dataclass(frozen=True)
class ByBook(_InScene):
    """Photographs that this daemon records, with the poses that came meanwhile."""

    scene: Scene
    book: PoseBook

    def placement(self, photo: Photo, grid: TileGrid, pixels: Pixels) -> Placement:  # noqa: ARG002 - as above
        """From the book, by file name."""
        self.scene.check_fits(photo, grid)
        pose = self.book.pose_for(photo.label, BOOK_PATIENCE_S)
        return self.scene.placed(pose, grid, self.book.motion_for(photo.label))


def by_poses(scan: Scan, poses: Path, camera: Path, flatness_mm: float | None = None) -> ByPoses:
    """Read a pose file and a camera file. Raises InputError with file, line, key and value."""
    pose_file = read_poses(poses)
    moves = pose_file.by_time or any(row.motion is not None for row in pose_file.rows)
    scene = _scene(scan, f"file {poses.name}", pose_file.sha256, camera, flatness_mm, tells_motion=moves)
    return ByPoses(scene, pose_file)


def by_tags(scan: Scan, layout: Path, camera: Path, flatness_mm: float | None = None) -> ByTags:
    """Read a layout of tags and a camera file. Raises InputError with file, key and value."""
    tags = read_tag_layout(layout)
    scene = _scene(scan, f"tags {layout.name}", tags.sha256, camera, flatness_mm, tells_motion=False)
    return ByTags(scene, TagFinder(tags, scan.surface, scene.pose_solution.camera), tags.sigma_m)


def by_book(
    scan: Scan,
    book: PoseBook,
    stream: str,
    camera: Path,
    *,
    flatness_mm: float | None = None,
    mount: Mount | None = None,
) -> ByBook:
    """Read a camera file; `mount` is what the poses went through. Raises InputError with file, line, key and value.

    The book grows, so its content names no solution: what came live is one solution of the scan. Each photograph's pose
    is written once and never changed; better ones, computed later, are another solution.
    """
    unknown = ("mount",) if mount is not None and mount.sigmas is None else ()
    return ByBook(_scene(scan, f"live {stream}", LIVE_SHA256, camera, flatness_mm, unknown=unknown), book)


def _scene(
    scan: Scan,
    source: str,
    poses_sha256: str,
    camera: Path,
    flatness_mm: float | None,
    *,
    tells_motion: bool = True,
    unknown: tuple[str, ...] = (),
) -> Scene:
    """How flat the face is belongs to the solution: with another one tiles have other covariances."""
    found = read_calibration(camera)
    known = {
        "rolling shutter": found.readout_s is None or tells_motion,
        "calibration": found.covariance is not None,
        "flatness": flatness_mm is not None,
    }
    unknown = (*unknown, *(name for name, is_known in known.items() if not is_known))
    if flatness_mm is not None:
        poses_sha256 = hashlib.sha256(f"{poses_sha256} flatness_mm {flatness_mm!r}".encode()).hexdigest()
    said = f"; errors without {', '.join(unknown)}" if unknown else ""
    solution = PoseSolution(
        pose_solution_id=ids.pose_solution_id(scan.scan_id, poses_sha256, found.sha256),
        scan_id=scan.scan_id,
        source=source[: LONGEST_SOURCE - len(said)] + said,
        poses_sha256=poses_sha256,
        camera_sha256=found.sha256,
        camera=found.camera,
    )
    flatness_m = None if flatness_mm is None else flatness_mm / 1000
    return Scene(solution, scan.surface, Uncertainty(found.covariance, flatness_m), found.readout_s, unknown)


def rows_without_photograph(poses: PoseFile, photographs: Iterable[str]) -> list[str]:
    """File names that the pose file gives poses for and that are not among the photographs."""
    there = {PurePosixPath(name).name for name in photographs}
    return [row.file for row in poses.rows if row.file and PurePosixPath(row.file.replace("\\", "/")).name not in there]
