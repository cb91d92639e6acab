"""Tiles are views, and every pixel is seen."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crackmap.tile_grid import TileGrid
from crackmap_robot.tiles import tile, tiles


@st.composite
def grids(draw: st.DrawFn) -> TileGrid:
    tile_px = draw(st.integers(1, 12))
    sides = st.integers(tile_px, 60)
    return TileGrid(draw(sides), draw(sides), tile_px, draw(st.integers(1, tile_px)))


@given(grids())
def test_every_pixel_is_seen_by_some_tile(grid: TileGrid) -> None:
    seen = np.zeros((grid.height_px, grid.width_px, 3), np.uint8)
    for view in tiles(seen, grid):
        assert view.shape == (grid.tile_px, grid.tile_px, 3)
        assert view.base is not None
        view[...] = 1
    assert seen.all()


@given(grids())
def test_tiles_come_row_by_row_as_the_grid_counts_them(grid: TileGrid) -> None:
    frame = np.arange(grid.height_px * grid.width_px * 3, dtype=np.uint32).reshape(grid.height_px, grid.width_px, 3)
    views = list(tiles(frame, grid))
    assert len(views) == grid.columns * grid.rows == len(grid.corners_px())
    for number, (x, y) in enumerate(grid.corners_px().tolist()):
        assert views[number][0, 0, 0] == frame[y, x, 0]
        assert np.shares_memory(views[number], tile(frame, grid, number))
        assert np.array_equal(views[number], tile(frame, grid, number))
