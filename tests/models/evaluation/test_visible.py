"""How narrow a crack is found: the widths that a made-up model finds come out, and so does a made-up formula."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("crackmap_models")

from crackmap.manifest import VisibleWidth
from crackmap_models.data.by_eye import Reading
from crackmap_models.data.tiles import LabelledTile
from crackmap_models.evaluation.visible import (
    BLURS_PX,
    WIDTHS_PX,
    Seen,
    _cracked,
    bare_tiles,
    fitted,
    measure,
    plot,
)

TRUTH = VisibleWidth(per_texture=18, per_blur=3, sharp_px=1.4, margin=1.0)


class Darkest:
    """A model that calls a tile cracked when some pixel is darker than `level`."""

    name, tile_px, threshold_logit = "darkest", 64, 0.0

    def __init__(self, level: float) -> None:
        self.level = level

    def logits(self, pixels: Any) -> Any:
        return np.array([self.level - float(tile.min()) for tile in pixels], np.float64)


def seen(blur_px: float, texture: float, width_px: float | None) -> Seen:
    return Seen("metu", 0.0, blur_px, texture, (), width_px, 10)


def made(factor: float = 1.0) -> list[Seen]:
    places = [(blur, texture) for blur in (0.8, 1.2, 1.6, 2.0, 2.6, 3.2) for texture in (0.01, 0.03, 0.06)]
    return [seen(b, t, factor * float(TRUTH.px(np.array(b), np.array(t)))) for b, t in places]


def test_a_formula_comes_out_again() -> None:
    found = fitted(made())
    assert found is not None
    assert found.model_dump() == pytest.approx(TRUTH.model_dump(), abs=0.06)


def test_the_margin_covers_five_of_six() -> None:
    points = [
        one
        for k, one in enumerate(made())
        for one in [seen(one.blur_px, one.texture, one.width_px * (2 if k % 4 == 0 else 1))]
    ]
    found = fitted(points)
    assert found is not None
    said = [float(found.px(np.array(one.blur_px), np.array(one.texture))) for one in points]
    within = np.mean([one.width_px <= width * 1.01 for one, width in zip(points, said, strict=True)])
    assert within >= 5 / 6 - 0.06


@pytest.mark.parametrize("points", [[], made()[:5], [seen(1.0, 0.02, None)] * 9, [seen(float("inf"), 0.02, 1.0)] * 9])
def test_too_little_gives_no_formula(points: list[Seen]) -> None:
    assert fitted(points) is None


def test_narrow_cracks_are_lost_and_wide_ones_found(tiles: list[Any], tmp_path: Path) -> None:
    """Grey noise from 120 to 200: a crack that is wider than a pixel is down to 0.4 of it; blur lifts it again."""
    found = measure(Darkest(95), bare_tiles(tiles, {}), 0.0, most=12, say=lambda _: None)
    (sharp, *_, soft) = found
    assert [one.added_px for one in found] == list(BLURS_PX)
    assert sharp.found[0] < 0.2
    assert sharp.found[-1] == 1.0
    assert sharp.width_px is not None
    assert 0.25 < sharp.width_px < 3
    assert soft.width_px is None or soft.width_px > sharp.width_px
    assert np.isinf(sharp.blur_px), "white noise is what a sensor makes: it tells nothing"
    assert soft.blur_px > 2
    plot(found, TRUTH, tmp_path / "visible.png", "darkest")
    assert (tmp_path / "visible.png").stat().st_size > 5000


@pytest.mark.parametrize("width_px", WIDTHS_PX)
def test_a_drawn_crack_is_as_wide_as_it_is_said(width_px: float) -> None:
    pixels = np.full((200, 200, 3), 200, np.uint8)
    darkness = (200 - _cracked(pixels, width_px, 3).astype(float)[..., 0]) / (200 * 0.6)
    reach = 1.3 * 200  # about: the course is not straight, and not from corner to corner
    assert darkness.sum() / reach == pytest.approx(width_px, rel=0.45)


def test_tiles_on_which_an_eye_saw_something_are_left_out() -> None:
    def tile(name: str, crack: bool, split: Any = "val") -> LabelledTile:
        return LabelledTile(Path(name), crack, "sdnet2018", "walls", name, split)

    def reading(first: Any, second: Any) -> Reading:
        return Reading("walls", "", first, second)

    rows = [tile("a", False), tile("b", True), tile("c", False), tile("d", False), tile("e", False, "train")]
    readings = {Path("a"): reading("no_crack", "no_crack"), Path("c"): reading("no_crack", "crack")}
    assert [tile.path.name for tile in bare_tiles(rows, readings)] == ["a", "d"]
