"""Pixels of an oblique tile are longer along the tilt by 1 / cos, whatever way it leans."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crackmap.pixel_sizes import pixel_sizes

SQUARE = np.array([(0.0, 1.0), (1.0, 1.0), (1.0, 0.0), (0.0, 0.0)])
matrices = st.lists(st.floats(-2, 2), min_size=4, max_size=4).map(lambda values: np.array(values).reshape(2, 2))


@given(st.lists(matrices, min_size=1, max_size=5), st.integers(1, 300))
def test_they_are_the_singular_values(maps: list[np.ndarray], tile_px: int) -> None:
    corners_m = np.array([SQUARE * tile_px / 1000 @ each.T + [3.0, -2.0] for each in maps])
    found = pixel_sizes(corners_m, tile_px)
    wanted = np.linalg.svd(np.array(maps), compute_uv=False)
    assert found.widest_mm == pytest.approx(wanted[:, 0], abs=1e-9)
    assert found.across_mm == pytest.approx(wanted[:, 1], abs=1e-9)


@given(st.floats(0, 59), st.floats(0, 360), st.floats(0.05, 1), st.floats(0.1, 15))
def test_a_tilt_of_so_many_degrees_widens_by_one_over_its_cosine(
    tilt_deg: float, lean_deg: float, mm_per_px: float, width_px: float
) -> None:
    lean, tilt = math.radians(lean_deg), math.radians(tilt_deg)
    turn = np.array([[math.cos(lean), -math.sin(lean)], [math.sin(lean), math.cos(lean)]])
    corners_m = SQUARE * 227 * mm_per_px / 1000 @ turn.T @ np.diag([1 / math.cos(tilt), 1.0]) @ turn
    (seen_mm,), (square_mm,) = pixel_sizes(corners_m[None], 227).narrowest_mm(np.array([width_px]))
    assert seen_mm == pytest.approx(width_px * mm_per_px / math.cos(tilt))
    assert square_mm == pytest.approx(width_px * mm_per_px if tilt_deg > 5.01 else seen_mm, rel=0.004)


def test_beyond_sixty_degrees_nothing_is_shown_and_what_is_not_known_stays_so() -> None:
    steep = SQUARE * [1 / math.cos(math.radians(60.5)), 1.0]
    corners_m = np.stack([steep, steep, 0 * SQUARE])
    seen_mm, square_mm = pixel_sizes(corners_m, 100).narrowest_mm(np.array([1.0, np.nan, 1.0]))
    assert seen_mm == pytest.approx([np.inf, np.nan, np.inf], nan_ok=True)
    assert square_mm == pytest.approx([10.0, np.nan, 0.0], nan_ok=True)
