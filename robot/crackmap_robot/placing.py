"""How the frames of a scan get their place: from poses and a calibration, or only a scale. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from crackmap import ids
from crackmap.messages import Camera, NoPose, Placement, PoseSolution, Scan, Unplaced
from crackmap.tile_grid import TileGrid
from crackmap_robot.calibration import check_fits, read_camera
from crackmap_robot.cameras.camera import Photo
from crackmap_robot.poses.file import Missing, PoseFile, read_poses
from crackmap_robot.projection import place


class Placing(Protocol):
    """Gives each frame its placement."""

    @property
    def pose_solution(self) -> PoseSolution | None:
        """The header that the placements name; None for unplaced frames."""
        ...

    def placement(self, photo: Photo, grid: TileGrid) -> Placement:
        """Where the frame's tiles lie. Raises InputError where the calibration is not for this photograph."""
        ...


@dataclass(frozen=True)
class ByScale:
    """Photographs with only millimetres per pixel: metres inside each, no place on the surface."""

    mm_per_px: float
    pose_solution: None = None

    def placement(self, photo: Photo, grid: TileGrid) -> Unplaced:  # noqa: ARG002 - what every Placing is given
        """The same for every frame."""
        return Unplaced(mm_per_px=self.mm_per_px)


@dataclass(frozen=True)
class ByPoses:
    """Photographs with a pose file and a camera file."""

    pose_solution: PoseSolution
    poses: PoseFile
    camera: Camera

    def placement(self, photo: Photo, grid: TileGrid) -> Placement:
        """From the pose by file name or by time; NoPose with its cause where there is none."""
        check_fits(self.camera, grid.width_px, grid.height_px, Path(photo.label))
        capture, taken = photo.capture, photo.capture.captured_utc
        pose = self.poses.pose_for(photo.label, None if taken is None else taken.timestamp(), capture.time_sigma_s)
        if isinstance(pose, Missing):
            return NoPose(pose_solution_id=self.pose_solution.pose_solution_id, cause=pose.cause)
        return place(self.camera, pose, grid, self.pose_solution.pose_solution_id)


def by_poses(scan: Scan, poses: Path, camera: Path) -> ByPoses:
    """Read a pose file and a camera file. Raises InputError with file, line, key and value."""
    pose_file = read_poses(poses)
    calibration, camera_sha256 = read_camera(camera)
    solution = PoseSolution(
        pose_solution_id=ids.pose_solution_id(scan.scan_id, pose_file.sha256, camera_sha256),
        scan_id=scan.scan_id,
        source=f"file {poses.name}"[:200],
        poses_sha256=pose_file.sha256,
        camera_sha256=camera_sha256,
        camera=calibration,
    )
    return ByPoses(solution, pose_file, calibration)


def rows_without_photograph(poses: PoseFile, photographs: Iterable[str]) -> list[str]:
    """File names that the pose file gives poses for and that are not among the photographs."""
    there = {PurePosixPath(name).name for name in photographs}
    return [row.file for row in poses.rows if row.file and PurePosixPath(row.file.replace("\\", "/")).name not in there]
