"""Which tiles an epoch holds, and what the network is asked to answer for them."""

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

batches = pytest.importorskip(
    "crackmap_models.training.batches", reason="the models part is not installed: make test-models"
)
from crackmap_models.data.tiles import LabelledTile  # noqa: E402 - only where the part is installed
from crackmap_models.training.labels import targets  # noqa: E402


def tiles(folder: Path, crack: int, no_crack: int) -> list[LabelledTile]:
    """Metu rows, each with its own picture: tile k has grey level k."""
    rows = []
    for k in range(crack + no_crack):
        path = folder / f"{k}.png"
        path.write_bytes(cv2.imencode(".png", np.full((40, 40, 3), k, np.uint8))[1].tobytes())
        rows.append(LabelledTile(path, k < crack, "metu", "unstated", f"g{k}", "train"))
    return rows


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 9), st.integers(1, 9), st.integers(0, 99))
@settings(max_examples=30)
def test_all_tiles_of_a_kind_are_seen_before_one_is_seen_again(
    crack: int, no_crack: int, crack_per_epoch: int, no_crack_per_epoch: int, seed: int
) -> None:
    rows = [LabelledTile(Path(str(k)), k < crack, "metu", "unstated", "g", "train") for k in range(crack + no_crack)]
    mix = batches.Mix(metu_crack=crack_per_epoch, metu_no_crack=no_crack_per_epoch, drawn_crack=3, drawn_look_alike=0)
    stream = batches.TrainingBatches(rows, targets(rows, "published"), mix, 32, 1, seed)
    seen: Counter[int] = Counter()
    for number in range(6):
        order = stream.order(number)
        photographed = [index for kind, index in order if kind != "drawn_crack"]
        assert Counter(rows[k].crack for k in photographed) == {True: crack_per_epoch, False: no_crack_per_epoch}
        drawn = [index for kind, index in order if kind == "drawn_crack"]
        assert len(drawn) == 3
        assert not any(rows[k].crack for k in drawn), "cracks are drawn on crack-free tiles"
        seen.update(photographed)
        for label in (True, False):
            counts = [seen[k] for k, row in enumerate(rows) if row.crack == label]
            assert max(counts) - min(counts) <= 1


def test_tiles_that_somebody_looked_at_and_found_without_a_crack_have_a_share_of_their_own() -> None:
    rows = [
        LabelledTile(Path(str(k)), crack, "sdnet2018", "walls", "g", "train", looked_at)
        for k, (crack, looked_at) in enumerate([(False, False)] * 50 + [(False, True)] * 3 + [(True, True)] * 3)
    ]
    mix = batches.Mix(
        sdnet2018_crack=2, sdnet2018_no_crack=10, looked_at_no_crack=6, drawn_crack=53, drawn_look_alike=0
    )
    order = batches.TrainingBatches(rows, targets(rows, "by_eye"), mix, 32, 1, 0).order(0)
    drawn = {index for kind, index in order if kind == "drawn_crack"}
    assert Counter(kind for kind, _ in order) == {
        "sdnet2018_crack": 2, "sdnet2018_no_crack": 10, "looked_at_no_crack": 6, "drawn_crack": 53,
    }  # fmt: skip
    assert Counter(index for kind, index in order if kind == "looked_at_no_crack") == {50: 2, 51: 2, 52: 2}
    assert drawn == set(range(53)), "cracks are drawn on them too"


def test_an_epoch_is_the_same_wherever_one_begins(tmp_path: Path) -> None:
    rows = tiles(tmp_path, 6, 6)
    mix = batches.Mix(metu_crack=4, metu_no_crack=4, drawn_crack=2, drawn_look_alike=2)
    went_on = batches.TrainingBatches(rows, targets(rows, "published"), mix, 32, 4, seed=5)
    list(went_on.epoch(0))
    resumed = batches.TrainingBatches(rows, targets(rows, "published"), mix, 32, 4, seed=5)
    pairs = list(zip(went_on.epoch(1), resumed.epoch(1), strict=True))
    assert len(pairs) == went_on.steps == 3
    for (pixels, answers, _), (same_pixels, same_answers, _) in pairs:
        assert pixels.shape == (4, 32, 32, 3)
        assert answers.shape == (4, 1)
        assert np.array_equal(pixels, same_pixels)
        assert np.array_equal(answers, same_answers)


def test_tiles_without_a_target_are_left_out_and_a_drawn_crack_is_one(tmp_path: Path) -> None:
    rows = tiles(tmp_path, 6, 6)
    asked = np.array([np.nan, 1, 1, 1, 1, 1, np.nan, 0, 0, 0, 0, 0], np.float32)
    mix = batches.Mix(metu_crack=5, metu_no_crack=5, drawn_crack=6, drawn_look_alike=0)
    stream = batches.TrainingBatches(rows, asked, mix, 32, 16, seed=5)
    assert not {0, 6} & {index for _, index in stream.order(0)}
    ((_, answers, _),) = stream.epoch(0)
    assert Counter(answers[:, 0].tolist()) == {1.0: 5, 0.0: 5, float(np.float32(0.98)): 6}


def test_plain_tiles_come_as_they_are(tmp_path: Path) -> None:
    rows = tiles(tmp_path, 2, 2)
    mix = batches.Mix(metu_crack=2, metu_no_crack=2, drawn_crack=0, drawn_look_alike=0)
    stream = batches.TrainingBatches(rows, targets(rows, "published"), mix, 40, 4, seed=5, change=None)
    ((pixels, _, _),) = stream.epoch(0)
    assert sorted(pixels[:, 0, 0, 0].tolist()) == [0, 1, 2, 3]
    assert (pixels == pixels[:, :1, :1]).all()


def test_a_drawn_crack_says_where_it_is_and_only_photographed_ones_do_not(tmp_path: Path) -> None:
    rows = tiles(tmp_path, 4, 4)
    mix = batches.Mix(metu_crack=4, metu_no_crack=4, drawn_crack=4, drawn_look_alike=4)
    stream = batches.TrainingBatches(rows, targets(rows, "published"), mix, 96, 16, seed=5, cells=6)
    kinds = [kind for kind, _ in stream.order(0)]
    ((_, _, places),) = stream.epoch(0)
    for kind, cells in zip(kinds, places, strict=True):
        assert cells.shape == (6, 6, 1)
        if kind == "metu_crack":
            assert np.isnan(cells).all()
        elif kind == "drawn_crack":
            assert 0 < cells.sum() < 36
        else:
            assert not cells.any()


@given(st.integers(0, 95), st.integers(0, 95))
@settings(max_examples=30)
def test_a_cell_is_marked_when_enough_of_its_own_pixels_changed(row: int, column: int) -> None:
    before = np.full((96, 96, 3), 150, np.uint8)
    after = before.copy()
    after[row : row + 1, column : column + 1] = 20
    assert not batches.cells_of(before, after, 6).any(), "one pixel is noise"
    after[row // 16 * 16 + 3, column // 16 * 16 : column // 16 * 16 + 16] = 20
    marked = batches.cells_of(before, after, 6)[..., 0]
    assert marked.sum() == 1
    assert marked[row // 16, column // 16] == 1
