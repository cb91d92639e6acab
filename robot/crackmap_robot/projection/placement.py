"""A frame's tiles on the surface."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

import numpy as np
import numpy.typing as npt

from crackmap.messages import Camera, NoPose, Placed, Pose, TileGeometry
from crackmap.surfaces import Surface
from crackmap.tile_grid import TileGrid
from crackmap_robot.projection.covariance import covariances
from crackmap_robot.projection.errors import NoView
from crackmap_robot.projection.lens import pixel_slopes, undistorted
from crackmap_robot.projection.outline import outline
from crackmap_robot.projection.plane import Plane, directions, rotation
from crackmap_robot.projection.shape import Shape, shape_of

FloatArray = npt.NDArray[np.float64]


FLAT = Plane()


def chart_points(camera: Camera, pose: Pose, pixels_px: FloatArray, shape: Shape = FLAT) -> FloatArray:
    """(u, v) in metres (n, 2) that pixels (n, 2) look at. Raises NoView."""
    return shape.hits(directions(undistorted(pixels_px, camera), pose), pose)


def place(
    camera: Camera, pose: Pose, grid: TileGrid, pose_solution_id: UUID, surface: Surface | None = None
) -> Placed | NoPose:
    """Where the tiles of a frame lie; NoPose with a cause where the pose shows some of them off the surface.

    Centres, corners (top left, top right, bottom right, bottom left of the picture) and covariances of the centres;
    the frame's outline; the scale in the middle of the frame (root of the area of one pixel). Without a surface it is
    a plane. Of a cylinder the middle of each tile has its u from −π r to π r; the outline goes on beyond.
    """
    assert (grid.width_px, grid.height_px) == (camera.width_px, camera.height_px), "calibration.check_fits comes first"
    shape = FLAT if surface is None else shape_of(surface)
    try:
        points = _points(camera, grid, shape.border_pieces)
        middle, centres, corners, border = (directions(part, pose) for part in points)
        centres_m, corners_m, border_m = (shape.hits(rays, pose) for rays in (centres, corners, border))
    except NoView as cause:
        return NoPose(pose_solution_id=pose_solution_id, cause=str(cause))
    corners_m = corners_m.reshape(-1, 4, 2)
    if surface is not None and surface.around_m is not None:
        back_m = np.round(centres_m[:, 0] / surface.around_m) * surface.around_m
        centres_m[:, 0] -= back_m
        corners_m[:, :, 0] -= back_m[:, None]
    # d(u, v)/d(pixel) in the middle: the lens's share, turned into the body frame, met with the plane.
    slopes = (
        shape.hit_slopes(middle, pose)[1] @ rotation(pose.orientation_xyzw)[:, :2] @ pixel_slopes(points[0], camera)
    )
    return Placed(
        pose_solution_id=pose_solution_id,
        pose=pose,
        mm_per_px=1000 * float(np.sqrt(np.abs(np.linalg.det(slopes[0])))),
        footprint_m=tuple((u, v) for u, v in border_m.tolist()),
        tiles=TileGeometry.pack(centres_m, corners_m, covariances(centres, pose, shape)),
    )


@lru_cache(maxsize=4)
def _points(
    camera: Camera, grid: TileGrid, border_pieces: int
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Normalised coordinates of the picture's middle, the tiles' centres and corners, and the picture's border.

    They do not depend on the pose, so they are the same for all frames of a scan.
    """
    first = grid.corners_px().astype(np.float64)
    size = float(grid.tile_px)
    square = np.array([[0.0, 0.0], [size, 0.0], [size, size], [0.0, size]]) - 0.5
    middle = undistorted(np.array([[(camera.width_px - 1) / 2, (camera.height_px - 1) / 2]]), camera)
    centres = undistorted(first + (size - 1) / 2, camera)
    corners = undistorted((first[:, None] + square).reshape(-1, 2), camera)
    return middle, centres, corners, _cut(outline(camera), border_pieces)


def _cut(ring: FloatArray, pieces: int) -> FloatArray:
    """Each side of the ring (n, 2) in so many pieces (n × pieces, 2)."""
    share = np.arange(pieces)[:, None] / pieces
    return ((1 - share) * ring[:, None] + share * np.roll(ring, -1, axis=0)[:, None]).reshape(-1, 2)
