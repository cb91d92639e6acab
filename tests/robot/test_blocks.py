"""Blocks hold every tile of the grid where it stands, inside the frame, and none is larger than it may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crackmap.tile_grid import TileGrid
from crackmap_robot.blocks import LARGEST_BLOCK_PX, Block, Span, blocks, spans


@st.composite
def grids(draw: st.DrawFn) -> TileGrid:
    tile_px = draw(st.sampled_from([32, 227, 256]))
    sides = st.integers(tile_px, 6000)
    return TileGrid(draw(sides), draw(sides), tile_px, draw(st.sampled_from([16, 32]) if tile_px == 32 else _strides))


_strides = st.sampled_from([32, 96, 128])


@given(grids())
def test_every_tile_is_in_a_block_where_it_stands(grid: TileGrid) -> None:
    for axis, origins in (("columns", grid.lefts_px), ("rows", grid.tops_px)):
        found = {}
        for block in blocks(grid):
            span: Span = getattr(block, axis)
            found |= {span.first + k: span.origin_px + k * grid.stride_px for k in range(span.count)}
        assert found == dict(enumerate(origins))


@given(grids())
def test_every_pair_of_row_and_column_is_in_a_block(grid: TileGrid) -> None:
    pairs = {(block.rows.first, block.columns.first) for block in blocks(grid)}
    assert pairs == {(row, column) for row, _ in pairs for _, column in pairs}


@given(grids())
def test_blocks_lie_inside_and_are_not_too_large(grid: TileGrid) -> None:
    for block in blocks(grid):
        height_px, width_px = block.size_px(grid)
        assert 0 <= block.rows.origin_px <= grid.height_px - height_px
        assert 0 <= block.columns.origin_px <= grid.width_px - width_px
        assert max(height_px, width_px) <= LARGEST_BLOCK_PX


@given(grids())
def test_few_sizes_and_each_in_a_row(grid: TileGrid) -> None:
    sizes = [block.size_px(grid) for block in blocks(grid)]
    assert len(set(sizes)) <= 4
    assert sum(size != before for size, before in zip(sizes[1:], sizes, strict=False)) == len(set(sizes)) - 1


@given(st.integers(256, 12_000))
def test_blocks_share_the_work(length_px: int) -> None:
    *in_step, last = spans(length_px, 256, 128)
    assert len({span.count for span in in_step}) <= 1
    assert last.count == 1 or not in_step or last.count == in_step[0].count


@pytest.mark.parametrize(
    ("length_px", "wanted"),
    [
        (256, [Span(0, 1, 0)]),
        (300, [Span(0, 1, 0), Span(1, 1, 44)]),
        (384, [Span(0, 2, 0)]),
        (1280, [Span(0, 9, 0)]),
        (1408, [Span(0, 5, 0), Span(5, 5, 640)]),
        (1540, [Span(0, 6, 0), Span(5, 6, 640), Span(11, 1, 1284)]),
    ],
)
def test_spans_by_hand(length_px: int, wanted: list[Span]) -> None:
    assert spans(length_px, 256, 128) == wanted


def test_a_frame_of_one_tile_is_one_block() -> None:
    assert blocks(TileGrid(227, 227, 227, 96)) == [Block(Span(0, 1, 0), Span(0, 1, 0))]
