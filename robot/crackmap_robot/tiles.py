"""Tiles of a frame: views, never copies."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from crackmap.tile_grid import TileGrid


def tile(frame: npt.NDArray[np.uint8], grid: TileGrid, number: int) -> npt.NDArray[np.uint8]:
    """Tile `number` of a (height, width, 3) frame: a (tile_px, tile_px, 3) view."""
    x, y = grid.origin_px(number)
    return frame[y : y + grid.tile_px, x : x + grid.tile_px]


def tiles(frame: npt.NDArray[np.uint8], grid: TileGrid) -> Iterator[npt.NDArray[np.uint8]]:
    """All tiles of a (height, width, 3) frame, row by row, as views."""
    lefts = grid.lefts_px
    for top in grid.tops_px:
        strip = frame[top : top + grid.tile_px]
        for left in lefts:
            yield strip[:, left : left + grid.tile_px]
