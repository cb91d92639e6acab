"""Labelled tiles: the label is what is to be seen."""

from __future__ import annotations

import numpy as np
import pytest

from crackmap_robot.renderer import LabelledTiles, SimulatedCamera, TrueCrack, looking_at, render_tiles
from crackmap_robot.renderer.tiles import VISIBLE_CRACK_PX, visible_length_px


@pytest.fixture(scope="module")
def tiles() -> LabelledTiles:
    return render_tiles(11, 60, 128)


def test_shapes_scales_and_shares(tiles: LabelledTiles) -> None:
    assert tiles.images.shape == (60, 128, 128, 3)
    assert tiles.images.dtype == np.uint8
    assert set(tiles.labels) == {0, 1}
    assert tiles.labels.mean() == pytest.approx(0.5, abs=0.05)
    assert np.all((tiles.mm_per_px > 0.12) & (tiles.mm_per_px < 0.5))


def test_no_tile_is_ambiguous(tiles: LabelledTiles) -> None:
    assert np.all(tiles.crack_length_px[tiles.labels == 1] >= VISIBLE_CRACK_PX)
    assert np.all(tiles.crack_length_px[tiles.labels == 0] == 0)


def test_pictures_are_exposed(tiles: LabelledTiles) -> None:
    means = tiles.images.mean(axis=(1, 2, 3))
    assert np.all((means > 60) & (means < 245))
    assert np.all(tiles.images.std(axis=(1, 2, 3)) > 1)


def test_the_same_seed_gives_the_same_tiles(tiles: LabelledTiles) -> None:
    again = render_tiles(11, 12, 128)
    assert np.array_equal(again.images, tiles.images[:12])
    assert np.array_equal(again.labels, tiles.labels[:12])
    assert not np.array_equal(render_tiles(12, 4, 128).images, tiles.images[:4])


def test_visible_length_by_hand() -> None:
    """A 30 mm crack, half of it 0.5 mm and half of it 0.05 mm wide, at 0.25 mm/px."""
    camera = SimulatedCamera(width_px=256, height_px=256, fx=1000, fy=1000, cx=127.5, cy=127.5)
    line = np.column_stack([np.linspace(-0.015, 0.015, 31), np.zeros(31)])
    crack = TrueCrack("c", line, np.where(line[:, 0] < 0.0005, 0.5, 0.05), contrast=0.8)
    visible, anything = visible_length_px((crack,), camera, looking_at((0.0, 0.0), 0.25), 0.25)
    assert visible == pytest.approx(60, abs=5)
    assert anything == pytest.approx(120, abs=1e-6)
    beside = looking_at((0.1, 0.0), 0.25)
    assert visible_length_px((crack,), camera, beside, 0.25) == (0.0, 0.0)
