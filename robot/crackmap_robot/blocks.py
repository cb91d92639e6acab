"""A grid of overlapping tiles cut into blocks, each of which a dense model reads in one pass. Pure."""

from dataclasses import dataclass
from itertools import product

from crackmap.tile_grid import TileGrid, tile_origins

LARGEST_BLOCK_PX = 1300
"""Side of a block: the larger, the less is read twice, and the more memory is taken (about 32 bytes a pixel)."""


@dataclass(frozen=True)
class Span:
    """Some tiles of one axis, every stride from `origin_px` on; `first` is the number of the first of them."""

    first: int
    count: int
    origin_px: int


@dataclass(frozen=True)
class Block:
    """Tiles of a frame that are scored together."""

    columns: Span
    rows: Span

    def size_px(self, grid: TileGrid) -> tuple[int, int]:
        """Height and width."""
        height_px, width_px = (grid.tile_px + (span.count - 1) * grid.stride_px for span in (self.rows, self.columns))
        return height_px, width_px


def blocks(grid: TileGrid) -> list[Block]:
    """Blocks of at most four sizes that hold every tile, those of one size in a row.

    Where two blocks hold the same tile, the later one counts: what a score is does not depend on who asks when.
    """
    across = spans(grid.width_px, grid.tile_px, grid.stride_px)
    down = spans(grid.height_px, grid.tile_px, grid.stride_px)
    found = [Block(columns, rows) for rows, columns in product(down, across)]
    return sorted(found, key=lambda block: block.size_px(grid), reverse=True)  # stable


def spans(length_px: int, tile_px: int, stride_px: int) -> list[Span]:
    """Spans that hold all tiles of an axis: equal ones for those in step, one for a last tile that is pulled back."""
    origins = tile_origins(length_px, tile_px, stride_px)
    in_step = sum(origin == number * stride_px for number, origin in enumerate(origins))
    most = max(1, (LARGEST_BLOCK_PX - tile_px) // stride_px + 1)
    pieces = -(-in_step // most)
    count = -(-in_step // pieces)
    firsts = [min(piece * count, in_step - count) for piece in range(pieces)]
    found = [Span(first, count, first * stride_px) for first in firsts]
    return found if in_step == len(origins) else [*found, Span(in_step, 1, origins[-1])]
