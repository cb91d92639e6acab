"""What figures are measured on: areas, units of resampling, labels by eye beside the published ones."""

from pathlib import Path

import numpy as np
import pytest

kinds = pytest.importorskip(
    "crackmap_models.evaluation.kinds", reason="the models part is not installed: make test-models"
)
from crackmap_models.data.by_eye import Reading  # noqa: E402 - only where the part is installed
from crackmap_models.data.tiles import LabelledTile  # noqa: E402 - only where the part is installed
from crackmap_models.errors import OneClassSet  # noqa: E402 - only where the part is installed
from crackmap_models.evaluation.figures import figures, kinds_of  # noqa: E402 - only where the part is installed


def tile(name: str, group: str = "g", source: str = "sdnet2018", crack: bool = True) -> LabelledTile:
    return LabelledTile(Path(f"{name}.jpg"), crack, source, "decks", group, "test")


def test_groups_are_resampled_then_photographs_then_tiles() -> None:
    apart = [tile("7-1", "a"), tile("7-2", "b"), tile("8-1", "b")]
    assert kinds.resampling_units(apart).tolist() == ["a", "b", "b"]
    together = [tile("7-1", "a"), tile("7-2", "a"), tile("8-1", "a")]
    assert kinds.resampling_units(together).tolist() == ["7", "7", "8"]
    one_photograph = [tile("7-1", "a"), tile("7-2", "a")]
    assert kinds.resampling_units(one_photograph).tolist() == ["7-1.jpg", "7-2.jpg"]


def test_a_tile_shows_the_area_of_its_own_pixels_even_when_it_is_shrunk() -> None:
    side_m = 0.256 * 0.23
    assert kinds.tile_m2(tile("7-1"), 227) == pytest.approx(side_m**2)
    assert kinds.tile_m2(tile("7-1", source="rendered"), 227) == pytest.approx((0.227 * 0.23) ** 2)


def seen(name: str, first: str, second: str | None = None) -> dict[Path, Reading]:
    return {Path(f"{name}.jpg"): Reading("decks", f"{name}.jpg", first, second or first)}


TILES = [
    tile("1-1"),  # published crack: the eye agrees
    tile("1-2"),  # … sees none
    tile("2-1"),  # … doubts
    tile("2-2"),  # … was not asked
    tile("3-1", crack=False),  # published no_crack: the eye sees one
    tile("3-2", crack=False),  # … agrees
    tile("3-3", crack=False),  # … differs
    tile("4-1", crack=False),  # … was not asked
]
READINGS = (
    seen("1-1", "crack")
    | seen("1-2", "no_crack")
    | seen("2-1", "doubtful")
    | seen("3-1", "crack")
    | seen("3-2", "no_crack")
    | seen("3-3", "no_crack", "crack")
)


def test_by_eye_the_eye_decides_and_disputed_tiles_are_left_out() -> None:
    published, by_eye = kinds_of(TILES, READINGS)
    assert (published.data, len(published.tiles)) == ("sdnet2018 decks", 8)
    assert by_eye.data == "sdnet2018 decks by eye"
    found = {t.path.stem: label for t, label in zip(by_eye.tiles, by_eye.labels.tolist(), strict=True)}
    assert found == {"1-1": True, "1-2": False, "3-1": True, "3-2": False}


def test_false_tiles_are_counted_on_all_published_no_crack_tiles_that_no_eye_called_crack_or_doubtful() -> None:
    by_eye = kinds_of(TILES, READINGS)[1]
    found = {t.path.stem: label for t, label in zip(by_eye.rates.tiles, by_eye.rates.labels.tolist(), strict=True)}
    assert found == {"1-1": True, "3-1": True, "3-2": False, "4-1": False}
    scored = kinds.score_kinds([by_eye], {t.path: 0.0 for t in TILES[1:]} | {TILES[0].path: 1.0}, 256)
    found_figures = {figure.measure: figure for figure in figures(scored, 0.5, "test", draws=20)}
    assert found_figures["recall at 0.3 false tiles per m2"].value == 0.5
    assert found_figures["false tiles per m2"].value == 0


def test_where_a_second_pass_has_begun_one_look_settles_nothing() -> None:
    once = {Path("2-2.jpg"): Reading("decks", "2-2.jpg", "crack", None)}
    once |= {Path("4-1.jpg"): Reading("decks", "4-1.jpg", "no_crack", None)}
    by_eye = kinds_of(TILES, READINGS | once)[1]
    assert {t.path.stem for t in by_eye.tiles} == {"1-1", "1-2", "3-1", "3-2"}
    assert {t.path.stem for t in by_eye.rates.tiles} == {"1-1", "3-1", "3-2", "4-1"}
    one_pass_only = kinds_of(TILES, once)[1]
    assert {t.path.stem for t in one_pass_only.tiles} == {"2-2", "4-1"}


def test_a_second_pass_over_one_kind_asks_for_none_of_another() -> None:
    metu = [LabelledTile(Path(f"{k}.jpg"), k == 1, "metu", "unstated", f"m{k}", "test") for k in (1, 2)]
    once = {t.path: Reading("unstated", t.path.name, "crack" if t.crack else "no_crack", None) for t in metu}
    named = {kind.data: kind for kind in kinds_of([*TILES, *metu], READINGS | once)}
    assert named["metu by eye"].tiles == tuple(metu)
    assert {t.path.stem for t in named["sdnet2018 decks by eye"].tiles} == {"1-1", "1-2", "3-1", "3-2"}


def test_no_crack_tiles_that_the_first_pass_called_crack_or_doubtful_are_no_false_tiles() -> None:
    for said in ("crack", "doubtful"):
        once = {Path("4-1.jpg"): Reading("decks", "4-1.jpg", said, None)}
        assert "4-1" not in {t.path.stem for t in kinds_of(TILES, READINGS | once)[1].rates.tiles}


def test_a_model_that_answers_as_the_eye_does_is_perfect_by_eye_only() -> None:
    logit_of = {t.path: 5.0 if (r := READINGS.get(t.path)) and r.crack else -5.0 for t in TILES}
    published, by_eye = kinds.score_kinds(kinds_of(TILES, READINGS), logit_of, 256)
    value = {(f.data, f.measure): f.value for f in figures([published, by_eye], 0.0, "test", draws=20)}
    assert value["sdnet2018 decks by eye test", "AUROC"] == 1
    assert value["sdnet2018 decks by eye test", "recall at 0.3 false tiles per m2"] == 1
    assert value["sdnet2018 decks test", "AUROC"] < 0.6


def test_one_class_by_eye_is_named() -> None:
    with pytest.raises(OneClassSet, match="decks test by eye: 1 crack and 0 no_crack"):
        kinds_of(TILES, seen("1-1", "crack"))
    assert np.array([kind.data for kind in kinds_of(TILES, {})]).tolist() == ["sdnet2018 decks"]
