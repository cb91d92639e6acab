"""All channels in one picture: its size, its gaps, and colours that mean the same on both tiles."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

mosaics = pytest.importorskip(
    "crackmap_models.report.mosaic", reason="the models part is not installed: make test-models"
)
from crackmap_models.report.mosaic import (  # noqa: E402 - only where the part is installed
    GAP_GREY,
    GAP_PX,
    SILENT_GREY,
    WIDTH_PX,
    cell_px,
    mosaic,
    ranges,
)

sizes = st.tuples(st.integers(1, 130), st.integers(1, 130), st.integers(1, 150))


@settings(max_examples=40)
@given(sizes)
def test_a_mosaic_fits_the_page_and_holds_every_channel(size: tuple[int, int, int]) -> None:
    height, width, channels = size
    columns = math.ceil(math.sqrt(channels))
    rows = math.ceil(channels / columns)
    cell_height, cell_width = cell_px(height, width, channels)
    drawn = mosaic(np.zeros(size, np.float32), np.full(channels, -1, np.float32), np.ones(channels, np.float32))
    assert drawn.shape == (rows * (cell_height + GAP_PX) - GAP_PX, columns * (cell_width + GAP_PX) - GAP_PX, 3)
    assert drawn.shape[1] <= WIDTH_PX
    assert rows * columns >= channels


@settings(max_examples=40)
@given(st.integers(2, 12), st.integers(2, 20))
def test_gaps_are_white_and_cells_are_not(side: int, channels: int) -> None:
    maps = np.random.default_rng(side).random((side, side, channels)).astype(np.float32)
    drawn = mosaic(maps, np.zeros(channels, np.float32), np.ones(channels, np.float32))
    cell = cell_px(side, side, channels)[1]
    columns = math.ceil(math.sqrt(channels))
    for channel in range(channels):
        top, left = (channel // columns) * (cell + GAP_PX), (channel % columns) * (cell + GAP_PX)
        inside = drawn[top : top + cell, left : left + cell]
        assert not (inside == GAP_GREY).all(axis=-1).any()
        drawn[top : top + cell, left : left + cell] = GAP_GREY
    assert (drawn == GAP_GREY).all()


def test_the_strongest_answer_is_brightest_where_it_is() -> None:
    maps = np.zeros((4, 4, 4), np.float32)
    maps[1, 2, 3] = 5
    cell = cell_px(4, 4, 4)[0]
    light = mosaic(maps, np.zeros(4, np.float32), np.full(4, 5, np.float32)).astype(int).sum(-1)
    top, left = cell + GAP_PX + cell // 4, cell + GAP_PX + 2 * cell // 4
    spot = light[top : top + cell // 4, left : left + cell // 4]
    assert (spot == spot[0, 0]).all()
    assert spot[0, 0] > light[: cell // 2, : cell // 2].max()


def test_two_tiles_share_a_scale_and_a_silent_channel_is_grey() -> None:
    maps = np.zeros((2, 10, 10, 2), np.float32)
    maps[0, :, :, 0], maps[1, :, :, 0], maps[..., 1] = 1, 3, 7
    low, high = ranges(maps)
    assert low.tolist() == [1, 7]
    assert high.tolist() == [3, 7]
    dark, bright = (mosaic(tile, low, high) for tile in maps)
    assert dark[0, 0].astype(int).sum() < bright[0, 0].astype(int).sum()
    assert (dark[0, -1] == SILENT_GREY).all()


def test_one_position_alone_still_has_a_scale() -> None:
    maps = np.zeros((2, 40, 40, 1), np.float32)
    maps[0, 3, 3, 0] = 9  # fewer positions than the half percent that is left out
    low, high = ranges(maps)
    assert (low.tolist(), high.tolist()) == ([0], [9])
