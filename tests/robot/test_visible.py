"""How narrow a crack a frame shows: by each tile's own pixels, which an oblique view makes larger."""

import math
from uuid import UUID

import numpy as np
import pytest

from crackmap.messages import Camera, NoPose, Placed, Pose, Unplaced
from crackmap.pixel_sizes import pixel_sizes
from crackmap.tile_grid import TileGrid
from crackmap.visible_widths import bytes_from_px
from crackmap_robot.projection import place
from crackmap_robot.quality.visible import narrowest
from crackmap_robot.renderer import looking_at

CAMERA = Camera(name="", width_px=1100, height_px=900, fx_px=2000, fy_px=2000, cx_px=549.5, cy_px=449.5)
GRID = TileGrid(1100, 900, 100, 100)
MIDDLE = 49
TILES = GRID.columns * GRID.rows


def seen(tilt_deg: float) -> Placed:
    """From 0.5 m along the axis: a pixel is a quarter of a millimetre across the tilt."""
    pose = looking_at((0.0, 0.0), 0.5, (math.radians(tilt_deg), 0.0, 0.0))
    placed = place(CAMERA, Pose(position_m=pose.position_m, orientation_xyzw=pose.orientation_xyzw), GRID, UUID(int=1))
    assert isinstance(placed, Placed)
    return placed


def widths(width_px: float, unknown: int = 0) -> bytes:
    return bytes_from_px([*[float("nan")] * unknown, *[width_px] * (TILES - unknown)]).tobytes()


@pytest.mark.parametrize("tilt_deg", [0, 5, 20, 40, 55])
def test_a_tilted_camera_has_longer_pixels_by_one_over_the_cosine(tilt_deg: float) -> None:
    sizes = pixel_sizes(seen(tilt_deg).tiles.corners_m(), 100)
    assert sizes.across_mm[MIDDLE] == pytest.approx(0.25, rel=2e-3)
    assert sizes.widest_mm[MIDDLE] == pytest.approx(0.25 / math.cos(math.radians(tilt_deg)), rel=2e-3)


def test_the_far_side_of_an_oblique_picture_shows_less_than_the_near_one() -> None:
    sizes = pixel_sizes(seen(40).tiles.corners_m(), 100).widest_mm.reshape(GRID.rows, GRID.columns)
    assert sizes[:, 5].max() > 1.7 * sizes[:, 5].min()
    assert (np.diff(sizes[:, 5]) < 0).all()  # it looks up: the upper rows are far away


@pytest.mark.parametrize(
    ("tilt_deg", "seen_mm", "square_mm"),
    [(0, 0.5, 0.5), (40, 0.5 / math.cos(math.radians(40)), 0.5), (68, np.inf, 0.5)],
)
def test_half_of_the_tiles_decide(tilt_deg: float, seen_mm: float, square_mm: float) -> None:
    found = narrowest(seen(tilt_deg), widths(2.0), 100)
    assert found is not None
    assert found == pytest.approx((seen_mm, square_mm), rel=0.05)


def test_without_a_place_there_is_one_scale_and_without_a_scale_none() -> None:
    assert narrowest(Unplaced(mm_per_px=0.3), widths(2.0), 100) == pytest.approx((0.6, 0.6))
    assert narrowest(NoPose(pose_solution_id=UUID(int=1), cause="none"), widths(2.0), 100) is None
    assert narrowest(seen(0), None, 100) is None
    half = TILES // 2
    assert narrowest(seen(0), widths(2.0, unknown=half), 100) == pytest.approx((0.5, 0.5), rel=0.01)
    assert narrowest(seen(0), widths(2.0, unknown=half + 1), 100) is None
