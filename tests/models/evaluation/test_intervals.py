"""Intervals: by group, reproducible, and as wide as they must be when there are few groups."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

intervals = pytest.importorskip(
    "crackmap_models.evaluation.intervals", reason="the models part is not installed: make test-models"
)
from crackmap_models.evaluation.metrics import Tally, tally  # noqa: E402 - only where the part is installed

MEASURES = {"AUROC": Tally.auroc, "recall": partial(Tally.recall, threshold=0.5)}


@given(st.integers(2, 9), st.integers(1, 12), st.integers(0, 50))
@settings(max_examples=30)
def test_an_interval_holds_its_figure_and_is_the_same_every_time(groups: int, each: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = np.arange(groups * each) % 2 == 0
    scores = rng.normal(0, 1, labels.size)
    names = np.arange(groups).repeat(each).astype(str)
    one, two = (intervals.with_intervals(MEASURES, labels, scores, names, draws=20, seed=seed) for _ in range(2))
    assert one == two
    assert all(0 <= figure.low <= figure.value <= figure.high <= 1 for figure in one.values())


@given(st.integers(2, 30), st.integers(0, 50))
@settings(max_examples=30)
def test_whole_groups_are_drawn_and_both_classes_are_in_every_draw(groups: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = rng.integers(groups, size=4 * groups).astype(str)
    labels = rng.random(4 * groups) < 0.2
    labels[:2] = True, False
    times = intervals.resample(labels, names, draws=40, seed=seed)
    for name in set(names):
        assert (times[:, names == name] == times[:, names == name][:, :1]).all()
    assert (times[:, labels].sum(1) > 0).all()
    assert (times[:, ~labels].sum(1) > 0).all()


def test_intervals_that_know_the_groups_are_wider_than_ones_that_do_not() -> None:
    rng = np.random.default_rng(3)
    hard = rng.normal(0, 1.5, 20).repeat(50)
    labels = rng.random(1000) < 0.5
    scores = labels * 1.0 + hard + rng.normal(0, 0.5, 1000)
    widths = [
        found.high - found.low
        for groups in (np.arange(20).repeat(50), np.arange(1000))
        for found in [intervals.with_intervals(MEASURES, labels, scores, groups.astype(str))["AUROC"]]
    ]
    assert widths[0] > widths[1]


def test_of_seven_photographs_an_interval_still_holds_the_truth_as_often_as_it_says() -> None:
    """Recall differs from photograph to photograph; its mean over all of them is known."""
    rng = np.random.default_rng(5)
    truth, worlds, plain, expanded = 0.6, 400, 0, 0
    labels = np.tile([True] * 20 + [False], 7)
    groups = np.arange(7).repeat(21).astype(str)
    times = intervals.resample(labels, groups, draws=300)
    for _ in range(worlds):
        of_photo = rng.beta(6, 4, 7).repeat(21)
        drawn = MEASURES["recall"](tally(labels, (rng.random(labels.size) < of_photo).astype(float), times))
        low, high = np.percentile(drawn, [2.5, 97.5])
        plain += low <= truth <= high
        found = intervals.interval(float(drawn.mean()), drawn, 7)
        expanded += found.low <= truth <= found.high
    assert plain / worlds < 0.93
    assert expanded / worlds > 0.93


def test_hundreds_of_groups_need_no_widening() -> None:
    drawn = np.linspace(0, 1, 1001)
    many = intervals.interval(0.5, drawn, 5000)
    assert (many.low, many.high) == pytest.approx((0.025, 0.975), abs=1e-3)
    assert intervals.interval(0.5, drawn, 2).low < 1e-3
