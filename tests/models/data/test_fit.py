"""A tile becomes the network's input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

fitting = pytest.importorskip("crackmap_models.data.fit", reason="the models part is not installed: make test-models")


def concrete(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(60, 190, (height, width, 3)).astype(np.uint8)


@given(st.integers(8, 70), st.integers(8, 70), st.integers(32, 64))
@settings(max_examples=40)
def test_fit_never_enlarges(height: int, width: int, side: int) -> None:
    tile = concrete(1, height, width)
    fitted = fitting.fit(tile, side)
    assert fitted.shape == (side, side, 3)
    if max(height, width) <= side:
        top, left = (side - height) // 2, (side - width) // 2
        assert np.array_equal(fitted[top : top + height, left : left + width], tile)


def test_fit_leaves_a_tile_of_the_right_size_as_it_is() -> None:
    tile = concrete(2, 64, 64)
    assert fitting.fit(tile, 64) is tile
