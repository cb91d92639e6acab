"""The tile grid sees every pixel, and stays inside the image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crackmap.tile_grid import TileGrid, tile_origins


@st.composite
def grids(draw: st.DrawFn) -> TileGrid:
    tile_px = draw(st.integers(1, 40))
    return TileGrid(
        width_px=draw(st.integers(tile_px, 200)),
        height_px=draw(st.integers(tile_px, 200)),
        tile_px=tile_px,
        stride_px=draw(st.integers(1, tile_px)),
    )


@given(grids())
def test_every_pixel_is_seen_and_no_tile_reaches_outside(grid: TileGrid) -> None:
    seen = np.zeros((grid.height_px, grid.width_px), bool)
    for x, y in grid.corners_px():
        part = seen[y : y + grid.tile_px, x : x + grid.tile_px]
        assert part.shape == (grid.tile_px, grid.tile_px)
        part[:] = True
    assert seen.all()


@given(grids())
def test_tiles_stand_row_by_row_and_none_twice(grid: TileGrid) -> None:
    corners = grid.corners_px()
    assert corners.shape == (grid.columns * grid.rows, 2)
    assert len(set(map(tuple, corners.tolist()))) == len(corners)
    assert [grid.origin_px(tile) for tile in range(len(corners))] == [tuple(corner) for corner in corners.tolist()]
    by_row = [(y, x) for x, y in corners.tolist()]
    assert by_row == sorted(by_row)


@given(grids())
def test_the_first_tile_is_at_the_origin_and_the_last_one_ends_with_the_image(grid: TileGrid) -> None:
    corners = grid.corners_px()
    assert tuple(corners[0]) == (0, 0)
    assert tuple(corners[-1] + grid.tile_px) == (grid.width_px, grid.height_px)


@given(grids())
def test_only_the_last_step_may_be_shorter_than_the_stride(grid: TileGrid) -> None:
    steps = np.diff(grid.lefts_px)
    assert (steps[:-1] == grid.stride_px).all()
    assert (steps[-1:] <= grid.stride_px).all()


@pytest.mark.parametrize(
    ("length_px", "tile_px", "stride_px"), [(100, 101, 50), (100, 50, 51), (100, 50, 0), (100, 0, 0), (0, 1, 1)]
)
def test_a_grid_that_would_miss_pixels_is_refused(length_px: int, tile_px: int, stride_px: int) -> None:
    with pytest.raises(ValueError, match="need 0 < stride"):
        tile_origins(length_px, tile_px, stride_px)


def test_by_hand() -> None:
    assert tile_origins(500, 227, 227) == [0, 227, 273]
    assert tile_origins(454, 227, 227) == [0, 227]
    assert tile_origins(227, 227, 100) == [0]
