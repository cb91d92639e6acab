"""How far two passes and the published labels agree, counted by hand and against scikit-learn."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

agreement = pytest.importorskip(
    "crackmap_models.evaluation.agreement", reason="the models part is not installed: make test-models"
)
sklearn_metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed: make test-models")
from crackmap_models.data.by_eye import Reading  # noqa: E402 - only where the part is installed
from crackmap_models.data.tiles import LabelledTile  # noqa: E402 - only where the part is installed

WORDS = ("crack", "no_crack", "doubtful")
PASSES = st.lists(
    st.tuples(st.booleans(), st.sampled_from(WORDS), st.sampled_from((*WORDS, None))), min_size=1, max_size=30
)


def tiles_and_readings(rows: list[tuple[bool, str, str | None]]) -> tuple[list[LabelledTile], dict[Path, Reading]]:
    tiles = [
        LabelledTile(Path(f"{k}-1.jpg"), crack, "sdnet2018", "walls", "g", "test")
        for k, (crack, _, _) in enumerate(rows)
    ]
    return tiles, {t.path: Reading("walls", t.path.name, *said) for t, (_, *said) in zip(tiles, rows, strict=True)}


@given(PASSES)
@settings(max_examples=80)
def test_every_tile_is_counted_once_and_the_rest_is_as_defined(rows: list[tuple[bool, str, str | None]]) -> None:
    tiles, readings = tiles_and_readings(rows)
    (found,) = agreement.agreements(tiles, readings)
    assert found.once == (sum(b is None for _, _, b in rows) if any(b for _, _, b in rows) else 0)
    if any(b for _, _, b in rows):
        rows = [row for row in rows if row[2]]
    for crack, verdicts in ((True, found.published_crack), (False, found.published_no_crack)):
        of_label = [(a, b) for label, a, b in rows if label == crack]
        assert verdicts.crack + verdicts.no_crack + verdicts.disputed == len(of_label)
        assert verdicts.crack == sum(a == "crack" and b in ("crack", None) for a, b in of_label)
    twice = [(a, b) for _, a, b in rows if b is not None]
    assert found.twice == len(twice)
    if twice:
        assert found.same == pytest.approx(np.mean([a == b for a, b in twice]))
    if len({word for pair in twice for word in pair}) > 1:
        assert found.kappa == pytest.approx(sklearn_metrics.cohen_kappa_score(*zip(*twice, strict=True)))


@given(PASSES, st.integers(0, 9))
@settings(max_examples=50)
def test_disputed_tiles_are_those_that_the_passes_do_not_settle(
    rows: list[tuple[bool, str, str | None]], seed: int
) -> None:
    tiles, readings = tiles_and_readings(rows)
    logits = dict(zip([t.path for t in tiles], np.random.default_rng(seed).normal(0, 3, len(tiles)), strict=True))
    (found,) = agreement.disputed(tiles, readings, logits, 0.5)
    needed = 2 if any(second for _, _, second in rows) else 1
    disputed = [logits[p] for p, r in readings.items() if r.crack is None and 1 + (r.second is not None) >= needed]
    assert found.tiles == len(disputed)
    if disputed:
        assert found.called_crack == pytest.approx(np.mean([logit >= 0.5 for logit in disputed]))
        assert found.mean_probability == pytest.approx(np.mean([1 / (1 + math.exp(-logit)) for logit in disputed]))
    else:
        assert math.isnan(found.mean_probability)


def test_tiles_without_a_reading_are_not_counted() -> None:
    tiles, _ = tiles_and_readings([(True, "crack", None)])
    assert agreement.agreements(tiles, {}) == agreement.disputed(tiles, {}, {}, 0.0) == []
