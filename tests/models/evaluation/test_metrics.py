"""Figures by definition, against scikit-learn, and their intervals."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

metrics = pytest.importorskip(
    "crackmap_models.evaluation.metrics", reason="the models part is not installed: make test-models"
)
sklearn_metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed: make test-models")


@st.composite
def scored(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Labels of both classes and scores with many ties."""
    count = draw(st.integers(2, 60))
    labels = np.array(draw(st.lists(st.booleans(), min_size=count, max_size=count)))
    labels[0], labels[1] = True, False
    steps = draw(st.integers(1, 40))
    scores = np.array(draw(st.lists(st.integers(-steps, steps), min_size=count, max_size=count)), np.float64) / 8
    return labels, scores


@given(scored())
@settings(max_examples=60)
def test_auroc_and_auprc_are_those_of_scikit_learn(case: tuple[np.ndarray, np.ndarray]) -> None:
    labels, scores = case
    assert metrics.auroc(labels, scores) == pytest.approx(sklearn_metrics.roc_auc_score(labels, scores))
    assert metrics.auprc(labels, scores) == pytest.approx(sklearn_metrics.average_precision_score(labels, scores))


@given(scored())
@settings(max_examples=40)
def test_auroc_is_the_share_of_pairs_in_the_right_order(case: tuple[np.ndarray, np.ndarray]) -> None:
    labels, scores = case
    pairs = [(p > n) + 0.5 * (p == n) for p, n in itertools.product(scores[labels], scores[~labels])]
    assert metrics.auroc(labels, scores) == pytest.approx(np.mean(pairs))


@given(scored(), st.floats(0.1, 5), st.floats(-3, 3))
@settings(max_examples=40)
def test_auroc_looks_at_the_order_only(case: tuple[np.ndarray, np.ndarray], gain: float, offset: float) -> None:
    labels, scores = case
    assert metrics.auroc(labels, np.tanh(scores * gain / 20) + offset) == pytest.approx(metrics.auroc(labels, scores))
    assert metrics.auroc(labels, -scores) == pytest.approx(1 - metrics.auroc(labels, scores))


@given(scored(), st.integers(-40, 40))
@settings(max_examples=40)
def test_f1_is_that_of_scikit_learn(case: tuple[np.ndarray, np.ndarray], threshold: int) -> None:
    labels, scores = case
    expected = sklearn_metrics.f1_score(labels, scores >= threshold / 8, zero_division=0.0)
    assert metrics.f1(labels, scores, threshold / 8) == pytest.approx(expected)


@given(scored(), st.floats(0.0, 400.0), st.floats(0.002, 0.01))
@settings(max_examples=80)
def test_recall_at_false_tiles_is_the_highest_that_the_limit_allows(
    case: tuple[np.ndarray, np.ndarray], per_m2: float, tile_m2: float
) -> None:
    labels, scores = case
    allowed = per_m2 * tile_m2 * (~labels).sum() + 1e-9
    candidates = [*scores, np.inf]
    best = max(metrics.recall(labels, scores, t) for t in candidates if (scores[~labels] >= t).sum() <= allowed)
    assert metrics.recall_at_false_tiles(labels, scores, per_m2, tile_m2) == pytest.approx(best)


def test_false_tiles_are_counted_per_area_of_crack_free_tiles() -> None:
    labels = np.array([True] + [False] * 100)
    scores = np.array([9.0] * 3 + [0.0] * 98)
    assert metrics.false_tiles_per_m2(labels, scores, 1.0, 0.004) == pytest.approx(2 / (100 * 0.004))


@given(scored(), st.integers(0, 5))
@settings(max_examples=15)
def test_an_interval_holds_its_figure_and_is_the_same_every_time(
    case: tuple[np.ndarray, np.ndarray], seed: int
) -> None:
    labels, scores = case
    groups = np.array([f"photo {k // 2}" for k in range(len(labels))])
    one, two = (metrics.with_interval(metrics.auroc, labels, scores, groups, draws=20, seed=seed) for _ in range(2))
    assert one == two
    assert 0 <= one.low <= one.value <= one.high <= 1


def test_intervals_that_know_the_groups_are_wider_than_ones_that_do_not() -> None:
    rng = np.random.default_rng(3)
    hard = rng.normal(0, 1.5, 20).repeat(50)
    labels = rng.random(1000) < 0.5
    scores = labels * 1.0 + hard + rng.normal(0, 0.5, 1000)
    groups = np.arange(20).repeat(50).astype(str)
    alone = np.arange(1000).astype(str)
    by_group = metrics.with_interval(metrics.auroc, labels, scores, groups, draws=200)
    by_tile = metrics.with_interval(metrics.auroc, labels, scores, alone, draws=200)
    assert by_group.high - by_group.low > by_tile.high - by_tile.low
