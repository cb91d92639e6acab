"""Tiles on their way into a batch: one size, one codec, the same picture for the same seed."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

augmentation = pytest.importorskip(
    "crackmap_models.training.augmentation", reason="the models part is not installed: make test-models"
)


def concrete(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(60, 190, (height, width, 3)).astype(np.uint8)


def changed(tile: np.ndarray, canvas_px: int, change: Any, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    placed = augmentation.place(tile, canvas_px, change, rng, drawn=seed % 2 == 0)
    pixels: np.ndarray = augmentation.photograph(placed, change, rng)
    return pixels


@given(st.integers(20, 90), st.integers(20, 90), st.integers(32, 80), st.integers(0, 2**16))
@settings(max_examples=40)
def test_any_tile_fills_the_canvas_and_a_seed_gives_it_again(height: int, width: int, canvas: int, seed: int) -> None:
    tile = concrete(seed, height, width)
    before = tile.copy()
    one, two = (changed(tile, canvas, augmentation.Augmentation(), seed) for _ in range(2))
    assert one.shape == (canvas, canvas, 3)
    assert one.dtype == np.uint8
    assert np.array_equal(one, two)
    assert np.array_equal(tile, before)


@given(st.integers(0, 500))
@settings(max_examples=25)
def test_a_dark_line_is_still_there_after_everything(seed: int) -> None:
    """A line through the middle of a light tile stays darker than its surroundings, wherever it went."""
    tile = np.full((96, 96, 3), 170, np.uint8)
    tile[:, 46:50] = 40
    change = augmentation.Augmentation(shade_probability=0, stain_probability=0, noise_sigma=3)
    pixels = changed(tile, 90, change, seed).mean(axis=2)
    dark = pixels < (pixels.min() + np.median(pixels)) / 2
    assert np.median(pixels) - pixels.min() > 20
    assert 0.01 < dark.mean() < 0.2
