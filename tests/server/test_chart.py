"""Cells, local frames, errors."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crackmap.messages import TileGeometry
from crackmap_server.chart import CELL_M, Box, cells, cells_over, local_corners_m, sigma_m, unpacked_m

METRES = st.floats(-5e3, 5e3)


PART = st.floats(0, 1)


@given(st.tuples(METRES, METRES), st.tuples(st.floats(0, 50), st.floats(0, 50)), st.tuples(PART, PART))
def test_a_point_of_a_box_is_in_one_of_its_cells(low: Any, size: Any, part: Any) -> None:
    high = (low[0] + size[0], low[1] + size[1])
    box = Box(*low, *high)
    point = np.clip([[low[0] + part[0] * size[0], low[1] + part[1] * size[1]]], [low], [high])
    assert box.holds(point)[0]
    found = box.cells()
    assert found is not None
    assert cells(point)[0] in found
    assert len(found) <= (size[0] / CELL_M + 2) * (size[1] / CELL_M + 2)


def test_neighbouring_cells_differ_and_negative_ones_do_not_fold() -> None:
    points = np.array([[0.1, 0.1], [-0.1, 0.1], [0.1, -0.1], [-0.1, -0.1], [CELL_M + 0.1, 0.1]])
    assert len(set(cells(points).tolist())) == 5


def test_a_very_large_box_is_not_split_into_cells() -> None:
    assert Box(0, 0, 1, 1e6).cells() is None


def test_points_beyond_the_grid_are_still_found() -> None:
    far = np.array([[1e9, -1e9]])
    found = Box(9e8, -1e9, 1e9, -9e8).cells()
    assert found == cells(far).tolist()


@given(st.lists(st.tuples(METRES, METRES, st.floats(0, 9), st.floats(0, 9)), min_size=1, max_size=5))
def test_cells_of_several_rectangles_are_those_of_each(rectangles: list[Any]) -> None:
    low = np.array(rectangles)[:, :2]
    high = low + np.array(rectangles)[:, 2:]
    each = [Box(*one, *other).cells() for one, other in zip(low.tolist(), high.tolist(), strict=True)]
    assert cells_over(low, high) == sorted({cell for found in each for cell in found or []})


def test_the_local_frame_by_hand() -> None:
    """A picture 100 px high at 2 mm per px: the top left tile of 10 px hangs from v = 0.2 m."""
    corners = local_corners_m(np.array([[0, 0], [90, 90]]), tile_px=10, height_px=100, mm_per_px=2.0)
    assert corners[0] == pytest.approx(np.array([[0, 0.2], [0.02, 0.2], [0.02, 0.18], [0, 0.18]]))
    assert corners[1] == pytest.approx(np.array([[0.18, 0.02], [0.2, 0.02], [0.2, 0], [0.18, 0]]))


@given(st.floats(1e-8, 1), st.floats(1e-8, 1), st.floats(-1, 1))
def test_sigma_is_the_root_of_the_larger_eigenvalue(uu: float, vv: float, correlation: float) -> None:
    uv = correlation * (uu * vv) ** 0.5
    largest = np.linalg.eigvalsh([[uu, uv], [uv, vv]])[-1]
    assert sigma_m(uu, uv, vv) == pytest.approx(largest**0.5)


def test_unpacked_places_are_those_of_the_message() -> None:
    centres = np.random.default_rng(1).normal(50, 3, (7, 2))
    tiles = TileGeometry.pack(centres, np.repeat(centres[:, None], 4, axis=1), None)
    assert (unpacked_m(tiles.centres, tiles.origin_m) == tiles.centres_m()).all()
    assert (unpacked_m(tiles.corners, tiles.origin_m).reshape(-1, 4, 2) == tiles.corners_m()).all()
