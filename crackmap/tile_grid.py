"""The grid of tiles over an image. Robot and server must cut the same tiles, so it is here."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


def tile_origins(length_px: int, tile_px: int, stride_px: int) -> list[int]:
    """Left (or top) edges of tiles that cover [0, length_px); the last is pulled back inside.

    Raises ValueError unless 0 < stride <= tile <= length: a larger stride would leave unseen strips between tiles.
    """
    if not 0 < stride_px <= tile_px <= length_px:
        raise ValueError(f"need 0 < stride {stride_px} <= tile {tile_px} <= image {length_px}")
    last = length_px - tile_px
    return [*range(0, last, stride_px), last]


@dataclass(frozen=True)
class TileGrid:
    """Tiles of `tile_px` every `stride_px` over an image; tile i stands at row i // columns, column i % columns."""

    width_px: int
    height_px: int
    tile_px: int
    stride_px: int

    def __post_init__(self) -> None:
        tile_origins(min(self.width_px, self.height_px), self.tile_px, self.stride_px)

    @property
    def lefts_px(self) -> list[int]:
        """x of the first pixel of each column."""
        return tile_origins(self.width_px, self.tile_px, self.stride_px)

    @property
    def tops_px(self) -> list[int]:
        """y of the first pixel of each row."""
        return tile_origins(self.height_px, self.tile_px, self.stride_px)

    @property
    def columns(self) -> int:
        """Tiles side by side."""
        return len(self.lefts_px)

    @property
    def rows(self) -> int:
        """Tiles one above the other."""
        return len(self.tops_px)

    def corners_px(self) -> npt.NDArray[np.int64]:
        """First pixel (x, y) of each tile, shape (n, 2), row by row."""
        lefts, tops = np.array(self.lefts_px), np.array(self.tops_px)
        grid = np.stack(np.meshgrid(lefts, tops), axis=-1)
        return grid.reshape(-1, 2)

    def origin_px(self, tile: int) -> tuple[int, int]:
        """First pixel (x, y) of one tile."""
        lefts = self.lefts_px
        return lefts[tile % len(lefts)], self.tops_px[tile // len(lefts)]
