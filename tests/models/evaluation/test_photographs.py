"""Crack level on whole photographs: pieces, lengths and false cracks, by hand and as properties; named errors."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

photographs = pytest.importorskip(
    "crackmap_models.evaluation.photographs", reason="the models part is not installed: make test-models"
)
from crackmap_models.data.photographs import read_photographs  # noqa: E402 - only where the part is installed
from crackmap_models.errors import PhotographError  # noqa: E402 - only where the part is installed

GRIDS = st.tuples(st.integers(1, 7), st.integers(1, 7)).flatmap(
    lambda shape: st.tuples(arrays.arrays(np.bool_, shape), arrays.arrays(np.bool_, shape))
)


def grid(text: str) -> np.ndarray:
    return np.array([[mark == "#" for mark in line] for line in text.split()])


def test_a_wall_by_hand() -> None:
    labels = grid("##.... ..#... ...... ....#. ......")
    called = grid(".#...# ....## ...... ...... #.....")
    found = photographs.judge("wall", labels, called, 0.05)
    assert (found.cracks, found.cracks_found, found.crack_tiles, found.crack_tiles_found) == (2, 1, 4, 1)
    assert (found.length_m, found.found_length_m) == pytest.approx((0.20, 0.15))
    # The piece at the right edge and the tile at the lower left touch nothing labelled.
    assert (found.false_cracks, found.false_tiles) == (2, 4)
    assert found.crack_tiles_close == 3, "the tile that is found and its neighbours; the other crack is two away"
    assert found.no_crack_m2 == pytest.approx(26 * 0.05**2)


def test_detections_next_to_a_labelled_tile_are_no_false_crack() -> None:
    labels, called = grid("#... .... ...."), grid(".... .### ....")
    found = photographs.judge("wall", labels, called, 0.05)
    assert (found.false_cracks, found.false_tiles, found.crack_tiles_found, found.crack_tiles_close) == (0, 3, 0, 1)


@given(GRIDS)
@settings(max_examples=80)
def test_counts_stay_within_what_there_is(grids: tuple[np.ndarray, np.ndarray]) -> None:
    labels, called = grids
    found = photographs.judge("any", labels, called, 0.05)
    assert 0 <= found.cracks_found <= found.cracks <= found.crack_tiles
    assert found.crack_tiles_found <= found.crack_tiles_close <= found.crack_tiles == labels.sum()
    assert 0 <= found.found_length_m <= found.length_m
    assert found.crack_tiles_found * 0.05 <= found.found_length_m + 1e-9
    assert found.false_cracks <= found.false_tiles == (called & ~labels).sum()
    turned = photographs.judge("any", labels.T[::-1], called.T[::-1], 0.05)
    assert turned == found
    everything = photographs.judge("any", labels, np.ones_like(labels), 0.05)
    assert everything.cracks_found == everything.cracks
    assert everything.false_cracks == (0 if labels.any() else 1)


@given(GRIDS, GRIDS)
@settings(max_examples=20)
def test_several_together_are_added_up(one: tuple[np.ndarray, np.ndarray], two: tuple[np.ndarray, np.ndarray]) -> None:
    found = [photographs.judge("x", *grids, 0.05) for grids in (one, two)]
    both = photographs.together("both", found)
    assert both.crack_tiles == found[0].crack_tiles + found[1].crack_tiles
    assert both.length_m == pytest.approx(found[0].length_m + found[1].length_m)
    assert len(photographs.line(both)) == len(photographs.HEADER)
    assert not any(value != value for value in photographs.as_json(both).values())  # noqa: PLR0124 - nan


def written(folder: Path, labels: str, width: int = 128, height: int = 64) -> Path:
    import cv2

    rng = np.random.default_rng(0)
    cv2.imwrite(str(folder / "walls-1.jpg"), rng.integers(140, 160, (height, width, 3)).astype(np.uint8))
    (folder / "walls-1.labels.csv").write_text(labels)
    return folder


def test_tiles_come_row_by_row_and_go_through_a_scorer(dark_lines: Any, tmp_path: Path) -> None:
    (shot,) = read_photographs(written(tmp_path, "0,1,0,0\n0,0,0,1\n"))
    assert (shot.name, shot.surface, shot.labels.shape) == ("walls-1", "walls", (2, 4))
    tiles = shot.tiles()
    assert [tile.shape for tile in tiles] == [(32, 32, 3)] * 8
    logits, side_m = photographs.score(dark_lines, shot)
    assert logits.shape == (2, 4)
    assert side_m == pytest.approx(32 * 0.23e-3)


def test_an_overlay_is_a_picture(dark_lines: Any, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: make test-models")
    from crackmap_models.evaluation.overlay import draw

    (shot,) = read_photographs(written(tmp_path, "0,1,0,0\n0,0,0,1\n"))
    logits, side_m = photographs.score(dark_lines, shot)
    found = photographs.judge(shot.name, shot.labels, logits >= 0, side_m)
    draw(shot, logits, 0.0, found, tmp_path / "to" / "walls-1.png")
    assert (tmp_path / "to" / "walls-1.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("0,1,0,0\n0,0,2,1\n", r"labels\.csv line 2, column 3: '2'"),
        ("0,1,0,0\n0,0\n", r"line 2: 2 labels; line 1 has 4"),
        ("", "is empty"),
    ],
)
def test_labels_that_cannot_be_used_are_named(tmp_path: Path, labels: str, message: str) -> None:
    with pytest.raises(PhotographError, match=message):
        read_photographs(written(tmp_path, labels))


def test_a_photograph_without_labels_or_of_another_size_is_named(tmp_path: Path) -> None:
    with pytest.raises(PhotographError, match=r"holds no \.jpg"):
        read_photographs(tmp_path)
    (shot,) = read_photographs(written(tmp_path, "0,1,0,0\n0,0,0,1\n", height=96))
    with pytest.raises(PhotographError, match="128 × 96 px are not 4 × 2 square tiles"):
        shot.tiles()
    (tmp_path / "walls-1.labels.csv").unlink()
    with pytest.raises(PhotographError, match=r"walls-1\.labels\.csv: cannot be read"):
        read_photographs(tmp_path)
