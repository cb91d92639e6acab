"""A frame's tiles on the surface."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

import numpy as np
import numpy.typing as npt

from crackmap.messages import Camera, NoPose, Placed, Pose, TileGeometry
from crackmap.surfaces import Facing, Surface
from crackmap.tile_grid import TileGrid
from crackmap_robot.projection.covariance import NOTHING_KNOWN, Uncertainty, covariances, lens_covariances
from crackmap_robot.projection.cylinder import Cylinder
from crackmap_robot.projection.errors import NoView
from crackmap_robot.projection.lens import distorted, pixel_slopes, undistorted
from crackmap_robot.projection.lines import Lines, Movement, lines_of, moving_lines
from crackmap_robot.projection.outline import outline
from crackmap_robot.projection.plane import Plane
from crackmap_robot.projection.shape import Shape

FloatArray = npt.NDArray[np.float64]


FLAT = Plane()
MOVING_PIECES = 8
"""A camera that moves while it reads its rows bends the straight pieces of a picture's border."""


def shape_of(surface: Surface | None) -> Shape:
    """How a surface is met; without one it is a plane."""
    if surface is None or surface.radius_m is None:
        return FLAT
    return Cylinder(surface.radius_m, surface.facing is Facing.INSIDE)


def chart_points(
    camera: Camera, pose: Pose, pixels_px: FloatArray, shape: Shape = FLAT, movement: Movement | None = None
) -> FloatArray:
    """(u, v) in metres (n, 2) that pixels (n, 2) look at. Raises NoView."""
    return shape.hits(_lines(undistorted(pixels_px, camera), camera, pose, movement))


def place(
    camera: Camera,
    pose: Pose,
    grid: TileGrid,
    pose_solution_id: UUID,
    surface: Surface | None = None,
    *,
    uncertainty: Uncertainty = NOTHING_KNOWN,
    movement: Movement | None = None,
) -> Placed | NoPose:
    """Where the tiles of a frame lie; NoPose with a cause where the pose shows some of them off the surface.

    Centres, corners (top left, top right, bottom right, bottom left of the picture) and covariances of the centres;
    the frame's outline; the scale in the middle of the frame (root of the area of one pixel). Without a surface it is
    a plane. Of a cylinder the middle of each tile has its u from −π r to π r; the outline goes on beyond. `pose` is
    that of the middle row; with a `movement` (rolling shutter) each point has that of its own row.
    """
    assert (grid.width_px, grid.height_px) == (camera.width_px, camera.height_px), "calibration.check_fits comes first"
    shape = shape_of(surface)
    try:
        points = _points(camera, grid, shape.border_pieces if movement is None else MOVING_PIECES)
        middle, centres, corners, border = (_lines(part, camera, pose, movement) for part in points)
        centres_m, corners_m, border_m = (shape.hits(lines) for lines in (centres, corners, border))
    except NoView as cause:
        return NoPose(pose_solution_id=pose_solution_id, cause=str(cause))
    corners_m = corners_m.reshape(-1, 4, 2)
    if surface is not None and surface.around_m is not None:
        back_m = np.round(centres_m[:, 0] / surface.around_m) * surface.around_m
        centres_m[:, 0] -= back_m
        corners_m[:, :, 0] -= back_m[:, None]
    # d(u, v)/d(pixel) in the middle: the lens's share, turned into the body frame, met with the surface.
    slopes = shape.hit_slopes(middle).by_ray @ middle.axes @ pixel_slopes(points[0], camera)
    lens = None if uncertainty.calibration is None else _lens_covariances(camera, grid, uncertainty.calibration)
    return Placed(
        pose_solution_id=pose_solution_id,
        pose=pose,
        mm_per_px=1000 * float(np.sqrt(np.abs(np.linalg.det(slopes[0])))),
        footprint_m=tuple((u, v) for u, v in border_m.tolist()),
        tiles=TileGeometry.pack(centres_m, corners_m, covariances(centres, pose, shape, lens, uncertainty.flatness_m)),
    )


def _lines(points: FloatArray, camera: Camera, pose: Pose, movement: Movement | None) -> Lines:
    if movement is None:
        return lines_of(points, pose)
    rows_px = distorted(points, camera)[0][:, 1] * camera.fy_px + camera.cy_px
    last = max(camera.height_px - 1, 1)
    return moving_lines(points, pose, movement, rows_px / last - 0.5)


@lru_cache(maxsize=4)
def _lens_covariances(camera: Camera, grid: TileGrid, calibration: tuple[float, ...]) -> FloatArray:
    """How exact the normalised coordinates of the tiles' centres are (n, 2, 2); the same for all frames of a scan."""
    return lens_covariances(_points(camera, grid, 1)[1], camera, calibration)


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
