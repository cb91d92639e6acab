"""Probably wrong labels: what was turned round comes first, and the worst of it at the top."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

label_errors = pytest.importorskip(
    "crackmap_models.data.label_errors", reason="the models part is not installed: make test-models"
)
from crackmap_models.data.tiles import LabelledTile  # noqa: E402 - only where the part is installed


@given(st.integers(0, 2**16), st.floats(0.02, 0.3))
@settings(max_examples=40)
def test_turned_labels_are_found_for_each_data_kind_by_itself(seed: int, wrong: float) -> None:
    rng = np.random.default_rng(seed)
    true, turned = rng.random(400) < 0.5, rng.random(400) < wrong
    judged = np.where(true, 0.9, 0.1) + rng.uniform(-1e-3, 1e-3, 400)
    kinds = np.where(rng.random(400) < 0.5, "metu", "rendered")
    judged[kinds == "rendered"] = (
        judged[kinds == "rendered"] * 0.5
    )  # a kind on which the model is never sure of a crack
    assume(len({(kinds[k], true[k]) for k in np.flatnonzero(turned)}) == 4)  # each label wrong somewhere: means move
    tiles = [
        LabelledTile(Path(f"{k}.jpg"), bool(true[k] ^ turned[k]), str(kinds[k]), "unstated", "g", "train")
        for k in range(400)
    ]
    found = label_errors.suspects(tiles, judged)
    for kind in ("metu", "rendered"):
        named = {int(row.tile.path.stem) for row in found[kind]}
        assert named == set(np.flatnonzero(turned & (kinds == kind)).tolist())
        margins = [row.margin for row in found[kind]]
        assert margins == sorted(margins, reverse=True)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), max_size=40))
def test_margins_are_zero_or_between_zero_and_two(rows: list[tuple[bool, float]]) -> None:
    cracks = np.array([crack for crack, _ in rows], np.bool_)
    margins = label_errors.margins_of(cracks, np.array([judged for _, judged in rows], np.float64))
    assert margins.shape == (len(rows),)
    assert ((margins >= 0) & (margins <= 2)).all()
    if len(set(cracks.tolist())) < 2:
        assert not margins.any()


@given(st.lists(st.booleans(), max_size=30), st.integers(1, 12))
def test_the_worst_are_half_of_each_label_and_filled_up(labels: list[bool], count: int) -> None:
    rows = [
        label_errors.Suspect(LabelledTile(Path(f"{k}.jpg"), crack, "metu", "unstated", "g", "train"), 0.5, 1 - k / 99)
        for k, crack in enumerate(labels)
    ]
    shown = label_errors.worst(rows, count)
    assert len(shown) == min(count, len(rows))
    assert len(set(map(id, shown))) == len(shown)
    for crack in (True, False):
        of_label = [row for row in rows if row.tile.crack == crack]
        taken = [row for row in shown if row.tile.crack == crack]
        assert taken == of_label[: len(taken)]
        assert len(taken) >= min(count // 2, len(of_label))
