"""Disturbances keep a tile's size, do nothing at their neutral level, and do what their unit says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

disturbances = pytest.importorskip(
    "crackmap_models.evaluation.disturbances", reason="the models part is not installed: make test-models"
)


def concrete(seed: int, height: int = 48, width: int = 48) -> np.ndarray:
    return np.random.default_rng(seed).integers(60, 190, (height, width, 3)).astype(np.uint8)


@given(
    st.sampled_from(disturbances.DISTURBANCES), st.integers(0, 9), st.integers(33, 60), st.integers(33, 60), st.data()
)
@settings(max_examples=60)
def test_every_level_keeps_size_and_type_and_gives_the_same_again(
    one: disturbances.Disturbance, seed: int, height: int, width: int, data: st.DataObject
) -> None:
    change = one.at(data.draw(st.sampled_from(one.levels)))
    pixels = concrete(seed, height, width)
    before = pixels.copy()
    if change is None:
        return
    changed = change(pixels)
    assert changed.shape == pixels.shape
    assert changed.dtype == np.uint8
    assert np.array_equal(changed, change(pixels))
    assert np.array_equal(pixels, before), "the tile itself was changed"


@pytest.mark.parametrize("one", disturbances.DISTURBANCES, ids=lambda one: one.name)
def test_levels_hold_the_neutral_one_and_farther_levels_change_more(one: disturbances.Disturbance) -> None:
    assert one.at(one.neutral) is None
    import cv2

    pixels = cv2.GaussianBlur(concrete(1, 64, 64), (0, 0), 1.5)
    at = one.levels.index(one.neutral)
    for side in (one.levels[at + 1 :], one.levels[:at][::-1]):
        apart = [np.abs(one.apply(pixels, level).astype(float) - pixels).mean() for level in side]
        if one.name != "scale":  # pixels of another place are as far away at any scale
            assert apart == sorted(apart)
        assert all(distance > 0.1 for distance in apart)


def test_a_stop_more_is_twice_the_light() -> None:
    grey = np.full((8, 8, 3), 100, np.uint8)  # linear 0.127 of white; twice that is 137 in sRGB
    assert disturbances.exposure(grey, 1).tolist()[0][0][0] == pytest.approx(137, abs=1)
    assert disturbances.exposure(disturbances.exposure(grey, 1), -1).tolist()[0][0][0] == pytest.approx(100, abs=1)
    assert (disturbances.exposure(np.full((8, 8, 3), 250, np.uint8), 2) == 255).all()


def test_scale_makes_a_line_wider_or_narrower_around_the_middle() -> None:
    tile = np.full((64, 64, 3), 200, np.uint8)
    tile[:, 30:34] = 0
    for factor in (0.5, 1.5, 2):
        dark = (disturbances.scale(tile, factor)[32, :, 0] < 100).nonzero()[0]
        dark = dark[np.abs(dark - 31.5) < 10]  # a smaller tile is continued by its mirror image
        assert len(dark) == pytest.approx(4 * factor, abs=1)
        assert dark.mean() == pytest.approx(31.5, abs=1)


def test_grey_has_no_colour_left_and_jpeg_keeps_red_red() -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 200
    grey = disturbances.grey(red, 1)
    assert np.ptp(grey, axis=-1).max() == 0
    assert disturbances.jpeg(red, 60)[8, 8].tolist() == pytest.approx([200, 0, 0], abs=8)
