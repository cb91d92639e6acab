"""Drawn cracks and look-alikes: the same for the same seed, on any background of any size, and visible."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

composites = pytest.importorskip(
    "crackmap_models.training.composites", reason="the models part is not installed: make test-models"
)
from crackmap_models.training.composites.fields import blurred, cloud  # noqa: E402 - only where it is installed

SIDES = st.integers(64, 320)
SEEDS = st.integers(0, 2**32)


def concrete(seed: int, height: int, width: int, mean: float = 150.0, grain: float = 12.0) -> np.ndarray:
    """Grey ground with soft stains and grain."""
    rng = np.random.default_rng(seed)
    noise = blurred(rng.standard_normal((height, width), np.float32), 0.8)
    grey = mean + grain * (2 * noise + 0.5 * cloud(height, width, 6, rng))
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[:, :, None], 3, 2)


@pytest.mark.parametrize("draw", [composites.draw_crack, composites.draw_look_alike])
@given(seed=SEEDS, height=SIDES, width=SIDES, mean=st.sampled_from([0, 8, 60, 150, 240, 255]))
@settings(max_examples=40)
def test_a_seed_draws_the_same_again_and_leaves_its_input(draw, seed: int, height: int, width: int, mean: int) -> None:
    tile = concrete(seed, height, width, mean, 12 if 0 < mean < 255 else 0)
    before = tile.copy()
    one, two = (draw(tile, np.random.default_rng(seed)) for _ in range(2))
    assert one.shape == tile.shape
    assert one.dtype == np.uint8
    assert np.array_equal(one, two)
    assert np.array_equal(tile, before)
