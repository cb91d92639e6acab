"""What the network is asked to answer, by how wrong labels are met."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

labels = pytest.importorskip(
    "crackmap_models.training.labels", reason="the models part is not installed: make test-models"
)
from crackmap_models.data.tiles import LabelledTile  # noqa: E402 - only where the part is installed


def tile(source: str, surface: str, crack: bool, looked_at: bool = False) -> LabelledTile:
    return LabelledTile(Path("x"), crack, source, surface, "g", "train", looked_at)  # type: ignore[arg-type]


def test_noisy_crack_labels_are_trusted_less_until_somebody_looked() -> None:
    rows = [
        tile("sdnet2018", "decks", False),
        tile("sdnet2018", "decks", True),
        tile("sdnet2018", "walls", True),
        tile("sdnet2018", "pavements", True),
        tile("metu", "unstated", True),
    ]
    trusted = labels.targets(rows, "trust")
    assert (np.diff(trusted) > 0).all()
    assert trusted[0] < 0.05
    looked_at = [tile(t.source, t.surface, t.crack, True) for t in rows[:-1]]
    assert np.array_equal(labels.targets(looked_at, "by_eye"), labels.targets(rows[:-1], "published"))
    assert np.array_equal(labels.targets(rows, "by_eye"), trusted)


def test_the_network_may_be_surer_of_wide_cracks_than_of_hairlines_that_somebody_saw() -> None:
    published, seen = tile("metu", "unstated", True), tile("metu", "unstated", True, looked_at=True)
    sure, less_sure = labels.targets([published, seen], "by_eye")
    assert sure > less_sure == np.float32(labels.SURE)


@given(st.integers(0, 2**16), st.floats(0.05, 0.3))
@settings(max_examples=40)
def test_confident_learning_finds_labels_that_were_turned_round_and_no_others(seed: int, wrong: float) -> None:
    rng = np.random.default_rng(seed)
    true = rng.random(400) < 0.5
    judged = np.where(true, rng.uniform(0.8, 1, 400), rng.uniform(0, 0.2, 400))
    turned = rng.random(400) < wrong
    published = true ^ turned
    found = labels.contradicted(published, judged)
    assert not (found & ~turned).any()
    # Wrong labels lower the usual confidence, so that all but the least sure answers reach it.
    assert found.sum() >= 0.3 * turned.sum()
    rows = [tile("sdnet2018", "walls", bool(crack)) for crack in published]
    assert np.array_equal(np.isnan(labels.targets(rows, "confident", judged)), found)


def test_one_class_contradicts_nothing() -> None:
    assert not labels.contradicted(np.ones(5, np.bool_), np.linspace(0, 1, 5)).any()
