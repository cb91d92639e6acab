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
def test_auroc_auprc_and_brier_are_those_of_scikit_learn(case: tuple[np.ndarray, np.ndarray]) -> None:
    labels, scores = case
    tally = metrics.tally(labels, scores)
    assert tally.auroc() == pytest.approx(sklearn_metrics.roc_auc_score(labels, scores))
    assert tally.auprc() == pytest.approx(sklearn_metrics.average_precision_score(labels, scores))
    assert tally.brier() == pytest.approx(sklearn_metrics.brier_score_loss(labels, metrics.sigmoid(scores)))


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
def test_f1_and_recall_are_those_of_scikit_learn(case: tuple[np.ndarray, np.ndarray], threshold: int) -> None:
    labels, scores = case
    tally, called = metrics.tally(labels, scores), scores >= threshold / 8
    assert tally.f1(threshold / 8) == pytest.approx(sklearn_metrics.f1_score(labels, called, zero_division=0.0))
    assert tally.recall(threshold / 8) == pytest.approx(sklearn_metrics.recall_score(labels, called))


@given(scored(), st.floats(0.0, 400.0), st.floats(0.002, 0.01))
@settings(max_examples=80)
def test_recall_at_false_tiles_is_the_highest_that_the_limit_allows(
    case: tuple[np.ndarray, np.ndarray], per_m2: float, tile_m2: float
) -> None:
    labels, scores = case
    allowed = per_m2 * tile_m2 * (~labels).sum() + 1e-9
    candidates = [*scores, np.inf]
    best = max((scores[labels] >= t).mean() for t in candidates if (scores[~labels] >= t).sum() <= allowed)
    assert metrics.tally(labels, scores).recall_at_false_tiles(per_m2, tile_m2) == pytest.approx(best)


def test_false_tiles_are_counted_per_area_of_crack_free_tiles() -> None:
    labels = np.array([True] + [False] * 100)
    scores = np.array([9.0] * 3 + [0.0] * 98)
    assert metrics.tally(labels, scores).false_tiles_per_m2(1.0, 0.004) == pytest.approx(2 / (100 * 0.004))


@given(scored(), st.integers(0, 99))
@settings(max_examples=60)
def test_every_figure_of_a_resampling_is_that_of_its_rows_written_out(
    case: tuple[np.ndarray, np.ndarray], seed: int
) -> None:
    labels, scores = case
    weights = np.random.default_rng(seed).integers(0, 4, (3, len(labels)))
    weights[:, :2] += 1  # both classes
    drawn = metrics.tally(labels, scores, weights)
    for name, arguments in {
        "auroc": (),
        "auprc": (),
        "brier": (),
        "calibration_error": (4,),
        "f1": (0.5,),
        "recall": (0.5,),
        "false_tiles_per_m2": (0.5, 0.003),
        "recall_at_false_tiles": (100.0, 0.003),
    }.items():
        for row, figure in zip(weights, getattr(drawn, name)(*arguments), strict=True):
            written_out = metrics.tally(labels.repeat(row), scores.repeat(row))
            assert figure == pytest.approx(getattr(written_out, name)(*arguments)), name


def test_calibration_error_of_what_is_known() -> None:
    rng = np.random.default_rng(1)
    scores = rng.normal(0, 2, 40_000)
    labels = rng.random(40_000) < metrics.sigmoid(scores)
    assert metrics.tally(labels, scores).calibration_error() < 0.01
    assert metrics.tally(labels, scores + 2).calibration_error() > 0.15
    always_half = metrics.tally(np.arange(10) < 9, np.zeros(10))
    assert always_half.calibration_error() == pytest.approx(0.4)


@given(scored(), st.integers(1, 20))
@settings(max_examples=40)
def test_calibration_bins_hold_every_tile_once_and_equal_scores_together(
    case: tuple[np.ndarray, np.ndarray], bins: int
) -> None:
    labels, scores = case
    cracks, probability, total = metrics.tally(labels, scores).calibration(bins)
    assert (cracks.sum(), total.sum()) == (labels.sum(), len(labels))
    assert probability.sum() == pytest.approx(metrics.sigmoid(scores).sum())
    most_equal = np.unique(scores, return_counts=True)[1].max()
    assert total.max() <= -(-len(labels) // bins) + most_equal
