"""A frame's tiles on the surface."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

import numpy as np
import numpy.typing as npt

from crackmap.messages import Camera, NoPose, Placed, Pose, TileGeometry
from crackmap.tile_grid import TileGrid
from crackmap_robot.projection.covariance import covariances
from crackmap_robot.projection.errors import NoView
from crackmap_robot.projection.lens import pixel_slopes, undistorted
from crackmap_robot.projection.outline import outline
from crackmap_robot.projection.plane import directions, hit_slopes, hits, rotation

FloatArray = npt.NDArray[np.float64]


def chart_points(camera: Camera, pose: Pose, pixels_px: FloatArray) -> FloatArray:
    """(u, v) in metres (n, 2) that pixels (n, 2) look at. Raises NoView."""
    return hits(directions(undistorted(pixels_px, camera), pose), pose)


def place(camera: Camera, pose: Pose, grid: TileGrid, pose_solution_id: UUID) -> Placed | NoPose:
    """Where the tiles of a frame lie; NoPose with a cause where the pose shows some of them off the surface.

    Centres, corners (top left, top right, bottom right, bottom left of the picture) and covariances of the centres;
    the frame's outline; the scale in the middle of the frame (root of the area of one pixel).
    """
    assert (grid.width_px, grid.height_px) == (camera.width_px, camera.height_px), "calibration.check_fits comes first"
    try:
        points = _points(camera, grid)
        middle, centres, corners, border = (directions(part, pose) for part in points)
        centres_m, corners_m, border_m = (hits(rays, pose) for rays in (centres, corners, border))
    except NoView as cause:
        return NoPose(pose_solution_id=pose_solution_id, cause=str(cause))
    # d(u, v)/d(pixel) in the middle: the lens's share, turned into the body frame, met with the plane.
    slopes = hit_slopes(middle, pose)[1] @ rotation(pose.orientation_xyzw)[:, :2] @ pixel_slopes(points[0], camera)
    return Placed(
        pose_solution_id=pose_solution_id,
        pose=pose,
        mm_per_px=1000 * float(np.sqrt(np.abs(np.linalg.det(slopes[0])))),
        footprint_m=tuple((u, v) for u, v in border_m.tolist()),
        tiles=TileGeometry.pack(centres_m, corners_m.reshape(-1, 4, 2), covariances(centres, pose)),
    )


@lru_cache(maxsize=4)
def _points(camera: Camera, grid: TileGrid) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Normalised coordinates of the picture's middle, the tiles' centres and corners, and the picture's border.

    They do not depend on the pose, so they are the same for all frames of a scan.
    """
    first = grid.corners_px().astype(np.float64)
    size = float(grid.tile_px)
    square = np.array([[0.0, 0.0], [size, 0.0], [size, size], [0.0, size]]) - 0.5
    middle = undistorted(np.array([[(camera.width_px - 1) / 2, (camera.height_px - 1) / 2]]), camera)
    centres = undistorted(first + (size - 1) / 2, camera)
    corners = undistorted((first[:, None] + square).reshape(-1, 2), camera)
    return middle, centres, corners, outline(camera)
