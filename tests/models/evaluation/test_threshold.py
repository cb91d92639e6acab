"""The shipped threshold is the lowest one that its rule allows."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

threshold = pytest.importorskip(
    "crackmap_models.evaluation.threshold", reason="the models part is not installed: make test-models"
)
from crackmap_models.evaluation.kinds import Scored  # noqa: E402 - only where the part is installed


def kind(seed: int, count: int, step: float) -> Scored:
    rng = np.random.default_rng(seed)
    logits = np.round(rng.normal(0, 2, count) / step) * step
    labels = np.arange(count) % 2 == 0
    return Scored(f"kind {seed}", labels, logits, np.arange(count).astype(str), 0.003)


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(2, 80)), min_size=1, max_size=4), st.floats(0, 150))
@settings(max_examples=60)
def test_the_lowest_score_that_keeps_the_mean_rate_of_false_tiles(kinds: list[tuple[int, int]], per_m2: float) -> None:
    scored = [kind(seed, count, 0.25) for seed, count in kinds]

    def rate(at: float) -> float:
        return float(np.mean([(rows.logits[~rows.labels] >= at).mean() / rows.tile_m2 for rows in scored]))

    chosen = threshold.choose_threshold(scored, per_m2)
    assert rate(chosen) <= per_m2 + 1e-9
    lower = [s for rows in scored for s in rows.logits[~rows.labels] if s < chosen]
    assert not lower or rate(max(lower)) > per_m2 - 1e-9


def test_false_tiles_are_counted_where_there_are_enough_crack_free_ones() -> None:
    few, many = kind(1, 20, 0.25), kind(2, 400, 0.25)
    assert threshold.choose_threshold([replace(few, rates=many)]) == threshold.choose_threshold([many])


@given(st.floats(-8, 8))
@settings(max_examples=50)
def test_the_threshold_that_is_written_down_lets_its_own_logit_pass(logit: float) -> None:
    written = threshold.probability(logit)
    assert written <= 1 / (1 + np.exp(-logit)) < written + 2e-4
    assert threshold.logit(written) <= logit + 1e-9
