"""How the frames of a scan get their place: from poses or tags and a calibration, or only a scale. Pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from crackmap import ids
from crackmap.messages import Camera, NoPose, Placement, Pose, PoseSolution, Scan, Unplaced
from crackmap.surfaces import Surface
from crackmap.tile_grid import TileGrid
from crackmap_robot.calibration import check_fits, read_camera
from crackmap_robot.cameras.camera import Photo, Pixels
from crackmap_robot.poses.book import PoseBook
from crackmap_robot.poses.file import Missing, PoseFile, read_poses
from crackmap_robot.poses.tag_layout import read_tag_layout
from crackmap_robot.poses.tag_pose import pose_of
from crackmap_robot.poses.tags import TagFinder
from crackmap_robot.projection import place

BOOK_PATIENCE_S = 5.0
LIVE_SHA256 = hashlib.sha256(b"poses that came while it was recorded").hexdigest()


class Placing(Protocol):
    """Gives each frame its placement."""

    @property
    def pose_solution(self) -> PoseSolution | None:
        """The header that the placements name; None for unplaced frames."""
        ...

    def placement(self, photo: Photo, grid: TileGrid, pixels: Pixels) -> Placement:
        """Where the frame's tiles lie. Raises InputError where the calibration is not for this photograph."""
        ...


@dataclass(frozen=True)
class ByScale:
    """Photographs with only millimetres per pixel: metres inside each, no place on the surface."""

    mm_per_px: float
    pose_solution: None = None

    def placement(self, photo: Photo, grid: TileGrid, pixels: Pixels) -> Unplaced:  # noqa: ARG002 - what every Placing is given
        """The same for every frame."""
        return Unplaced(mm_per_px=self.mm_per_px)


@dataclass(frozen=True)
class ByPoses:
    """Photographs with a pose file and a camera file."""

    pose_solution: PoseSolution
    surface: Surface
    poses: PoseFile
    camera: Camera

    def placement(self, photo: Photo, grid: TileGrid, pixels: Pixels) -> Placement:  # noqa: ARG002 - as above
        """From the pose by file name or by time; NoPose with its cause where there is none."""
        check_fits(self.camera, grid.width_px, grid.height_px, Path(photo.label))
        capture, taken = photo.capture, photo.capture.captured_utc
        pose = self.poses.pose_for(photo.label, None if taken is None else taken.timestamp(), capture.time_sigma_s)
        return _placed(self.pose_solution, self.surface, pose, grid)


@dataclass(frozen=True)
class ByTags:
    """Photographs of tags on the surface, with their layout and a camera file: each tells its own pose."""

    pose_solution: PoseSolution
    surface: Surface
    finder: TagFinder
    layout_sigma_m: float | None

    def placement(self, photo: Photo, grid: TileGrid, pixels: Pixels) -> Placement:
        """From the tags that the picture shows; NoPose with its cause where they tell none."""
        camera = self.pose_solution.camera
        check_fits(camera, grid.width_px, grid.height_px, Path(photo.label))
        return _placed(
            self.pose_solution, self.surface, pose_of(self.finder.corners(pixels), camera, self.layout_sigma_m), grid
        )


@dataclass(frozen=True)
class ByBook:
    """Photographs that this daemon records, with the poses that came meanwhile."""

    pose_solution: PoseSolution
    surface: Surface
    book: PoseBook

    def placement(self, photo: Photo, grid: TileGrid, pixels: Pixels) -> Placement:  # noqa: ARG002 - as above
        """From the book, by file name."""
        check_fits(self.pose_solution.camera, grid.width_px, grid.height_px, Path(photo.label))
        return _placed(self.pose_solution, self.surface, self.book.pose_for(photo.label, BOOK_PATIENCE_S), grid)


def by_poses(scan: Scan, poses: Path, camera: Path) -> ByPoses:
    """Read a pose file and a camera file. Raises InputError with file, line, key and value."""
    pose_file = read_poses(poses)
    solution = _pose_solution(scan, f"file {poses.name}", pose_file.sha256, camera)
    return ByPoses(solution, scan.surface, pose_file, solution.camera)


def by_tags(scan: Scan, layout: Path, camera: Path) -> ByTags:
    """Read a layout of tags and a camera file. Raises InputError with file, key and value."""
    tags = read_tag_layout(layout)
    return ByTags(
        _pose_solution(scan, f"tags {layout.name}", tags.sha256, camera),
        scan.surface,
        TagFinder(tags, scan.surface),
        tags.sigma_m,
    )


def by_book(scan: Scan, book: PoseBook, stream: str, camera: Path) -> ByBook:
    """Read a camera file. Raises InputError with file, line, key and value.

    The book grows, so its content names no solution: what came live is one solution of the scan. Each photograph's pose
    is written once and never changed; better ones, computed later, are another solution.
    """
    return ByBook(_pose_solution(scan, f"live {stream}", LIVE_SHA256, camera), scan.surface, book)


def _pose_solution(scan: Scan, source: str, poses_sha256: str, camera: Path) -> PoseSolution:
    calibration, camera_sha256 = read_camera(camera)
    return PoseSolution(
        pose_solution_id=ids.pose_solution_id(scan.scan_id, poses_sha256, camera_sha256),
        scan_id=scan.scan_id,
        source=source[:200],
        poses_sha256=poses_sha256,
        camera_sha256=camera_sha256,
        camera=calibration,
    )


def _placed(solution: PoseSolution, surface: Surface, pose: Pose | Missing, grid: TileGrid) -> Placement:
    if isinstance(pose, Missing):
        return NoPose(pose_solution_id=solution.pose_solution_id, cause=pose.cause)
    return place(solution.camera, pose, grid, solution.pose_solution_id, surface)


def rows_without_photograph(poses: PoseFile, photographs: Iterable[str]) -> list[str]:
    """File names that the pose file gives poses for and that are not among the photographs."""
    there = {PurePosixPath(name).name for name in photographs}
    return [row.file for row in poses.rows if row.file and PurePosixPath(row.file.replace("\\", "/")).name not in there]
