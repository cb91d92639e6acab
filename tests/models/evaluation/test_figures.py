"""What figures are measured on: areas and units of resampling."""

from pathlib import Path

import pytest

evaluate = pytest.importorskip(
    "crackmap_models.evaluation.figures", reason="the models part is not installed: make test-models"
)
from crackmap_models.data.tiles import LabelledTile  # noqa: E402 - only where the part is installed


def tile(name: str, group: str, source: str = "sdnet2018") -> LabelledTile:
    return LabelledTile(Path(f"{name}.jpg"), True, source, "decks", group, "test")


def test_groups_are_resampled_and_photographs_where_there_is_one_group_only() -> None:
    apart = [tile("7-1", "a"), tile("7-2", "b"), tile("8-1", "b")]
    assert evaluate.resampling_units(apart).tolist() == ["a", "b", "b"]
    together = [tile("7-1", "a"), tile("7-2", "a"), tile("8-1", "a")]
    assert evaluate.resampling_units(together).tolist() == ["7", "7", "8"]


def test_a_tile_shows_the_area_of_its_own_pixels_even_when_it_is_shrunk() -> None:
    side_m = 0.256 * 0.23
    assert evaluate.tile_m2(tile("7-1", "a"), 227) == pytest.approx(side_m**2)
    assert evaluate.tile_m2(tile("7-1", "a", "rendered"), 227) == pytest.approx((0.227 * 0.23) ** 2)
