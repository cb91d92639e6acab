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
    mix = batches.Mix(metu_crack=crack_per_epoch, metu_no_crack=no_crack_per_epoch)
    stream = batches.TrainingBatches(rows, mix, 32, 1, seed)
    seen: Counter[int] = Counter()
    for number in range(6):
        order = stream._order(number).tolist()
        assert Counter(rows[k].crack for k in order) == {True: crack_per_epoch, False: no_crack_per_epoch}
        seen.update(order)
        for label in (True, False):
            counts = [seen[k] for k, row in enumerate(rows) if row.crack == label]
            assert max(counts) - min(counts) <= 1


def test_an_epoch_is_the_same_wherever_one_begins(tmp_path: Path) -> None:
    rows = tiles(tmp_path, 6, 6)
    mix = batches.Mix(metu_crack=4, metu_no_crack=4)
    went_on = batches.TrainingBatches(rows, mix, 32, 4, seed=5)
    list(went_on.epoch(0))
    resumed = batches.TrainingBatches(rows, mix, 32, 4, seed=5)
    pairs = list(zip(went_on.epoch(1), resumed.epoch(1), strict=True))
    assert len(pairs) == went_on.steps == 2
    for (pixels, targets), (same_pixels, same_targets) in pairs:
        assert pixels.shape == (4, 32, 32, 3)
        assert targets.shape == (4, 1)
        assert np.array_equal(pixels, same_pixels)
        assert np.array_equal(targets, same_targets)


def test_noisy_crack_labels_are_trusted_less() -> None:
    def target(source: str, surface: str, crack: bool) -> float:
        return batches.target(LabelledTile(Path("x"), crack, source, surface, "g", "train"))

    decks, walls = target("sdnet2018", "decks", True), target("sdnet2018", "walls", True)
    pavements, metu = target("sdnet2018", "pavements", True), target("metu", "unstated", True)
    assert target("sdnet2018", "decks", False) < 0.05 < decks < walls < pavements < metu < 1
