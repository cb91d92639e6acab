"""Blur and texture as a frame tells them, and how narrow a crack it would show."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crackmap.manifest import VisibleWidth
from crackmap.tile_grid import TileGrid
from crackmap.visible_widths import UNKNOWN, px_from_bytes
from crackmap_robot.quality.sharpness import MOST_BLUR_PX, sharpness
from crackmap_robot.quality.visible import visible_widths

GRID = TileGrid(640, 400, 160, 160)
PROMISE = VisibleWidth(per_texture=18, per_blur=3, sharp_px=1.4, margin=1.0)


def wall(seed: int = 0, contrast: float = 25.0, size: tuple[int, int] = (400, 640)) -> np.ndarray:
    """White texture on grey, as float [h, w]."""
    return 150 + contrast * np.random.default_rng(seed).standard_normal(size)


def photographed(surface: np.ndarray, blur_px: float, noise: float = 0.0, seed: int = 1) -> np.ndarray:
    """Through a lens and a sensor: RGB uint8 [h, w, 3]."""
    seen = cv2.GaussianBlur(surface, (0, 0), blur_px) if blur_px else surface
    noisy = seen[..., None] + noise * np.random.default_rng(seed).standard_normal((*seen.shape, 3))
    return np.clip(np.round(noisy), 0, 255).astype(np.uint8)


@settings(deadline=None, max_examples=30)
@given(st.floats(0.8, 4.0), st.integers(0, 50), st.floats(15, 60))
def test_the_blur_of_white_texture_is_found(blur_px: float, seed: int, contrast: float) -> None:
    found = sharpness(photographed(wall(seed, contrast * blur_px), blur_px), GRID).blur_px
    assert found.shape == (GRID.rows * GRID.columns,)
    assert np.median(found) == pytest.approx(blur_px - 0.3, abs=0.4)  # the sharpest windows are so by chance, too


def test_noise_does_not_pass_for_sharpness() -> None:
    surface = wall(3, 120.0)
    clean, noisy = (np.median(sharpness(photographed(surface, 3.0, noise), GRID).blur_px) for noise in (0.0, 4.0))
    assert noisy == pytest.approx(clean, rel=0.2)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_surface_without_anything_on_it_tells_nothing(level: int) -> None:
    pixels = np.full((400, 640, 3), level, np.uint8)
    assert np.isnan(sharpness(pixels, GRID).blur_px).all()
    found = visible_widths(pixels, GRID, PROMISE)
    assert found is not None
    assert (found == UNKNOWN).all()


def test_noise_alone_tells_nothing() -> None:
    pixels = photographed(np.full((400, 640), 128.0), 0.0, 3.0)
    assert np.isnan(sharpness(pixels, GRID).blur_px).all()


def test_texture_is_a_share_of_the_brightness() -> None:
    bright, dim = wall(5, 20.0), wall(5, 20.0) / 2
    ratio = sharpness(photographed(bright, 1.0), GRID).texture / sharpness(photographed(dim, 1.0), GRID).texture
    assert ratio == pytest.approx(1.0, abs=0.05)


def test_each_tile_has_its_own_corner_of_the_frame() -> None:
    """The right half is blurred: its tiles say so, and only they."""
    grid = TileGrid(1600, 400, 200, 200)
    surface = photographed(wall(7, 80.0, (400, 1600)), 0.9)
    surface[:, 800:] = photographed(wall(8, 200.0, (400, 800)), 3.0)
    found = sharpness(surface, grid).blur_px.reshape(grid.rows, grid.columns)
    assert (found[:, :3] < 1.5).all()
    assert (found[:, 5:] > 2.3).all()


@given(st.integers(32, 300), st.integers(32, 300), st.integers(16, 32), st.integers(0, 5))
@settings(deadline=None, max_examples=25)
def test_any_grid_gets_a_number_for_each_tile(width: int, height: int, tile_px: int, seed: int) -> None:
    grid = TileGrid(width, height, tile_px, tile_px)
    found = sharpness(photographed(wall(seed, 30.0, (height, width)), 1.0), grid)
    for values in (found.blur_px, found.texture):
        assert values.shape == (grid.rows * grid.columns,)
    assert (np.isnan(found.blur_px) | ((found.blur_px >= 0) & (found.blur_px <= MOST_BLUR_PX))).all()
    assert (found.texture > 0).all()


def test_more_blur_hides_wider_cracks() -> None:
    surface = wall(9, 60.0)
    widths = [
        np.median(px_from_bytes(visible_widths(photographed(surface * 1.0, blur_px), GRID, PROMISE)))
        for blur_px in (1.0, 2.0, 3.0)
    ]
    assert widths[0] < widths[1] < widths[2]
    assert widths[2] > 3


def test_a_model_that_promises_nothing_says_nothing() -> None:
    assert visible_widths(photographed(wall(), 1.0), GRID, None) is None


def test_the_formula_by_hand() -> None:
    promise = VisibleWidth(per_texture=20, per_blur=3, sharp_px=1.5, margin=1.5)
    found = promise.px(np.array([1.0, 2.0, np.nan]), np.array([0.05, 0.05, 0.05]))
    assert found[:2] == pytest.approx([1.5, 1.5 * (2.0 + 1.5)])
    assert np.isnan(found[2])
