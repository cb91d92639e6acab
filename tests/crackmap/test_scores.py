"""Score bytes: quantised logits."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crackmap.scores import (
    HIGHEST,
    LOWEST,
    NOT_SCORED,
    byte_at_least,
    bytes_from_logits,
    logits_from_bytes,
    probabilities_from_bytes,
    probability,
)

SCORES = np.arange(LOWEST, HIGHEST + 1, dtype=np.uint8)


@given(st.floats(-12.7, 12.7))
def test_a_logit_survives_within_half_a_step(logit: float) -> None:
    assert logits_from_bytes(bytes_from_logits([logit]))[0] == pytest.approx(logit, abs=0.05 + 1e-9)


@given(st.floats(allow_nan=False))
def test_every_logit_is_a_score_and_larger_logits_are_no_smaller_scores(logit: float) -> None:
    score = int(bytes_from_logits(logit))
    assert LOWEST <= score <= HIGHEST
    assert int(bytes_from_logits(logit + 0.1)) >= score


def test_bytes_survive_exactly() -> None:
    assert (bytes_from_logits(logits_from_bytes(SCORES)) == SCORES).all()


def test_a_tile_that_was_not_scored_has_no_probability() -> None:
    assert np.isnan(probabilities_from_bytes(np.array([NOT_SCORED], np.uint8)))[0]


def test_a_logit_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        bytes_from_logits([0.0, math.nan])


def test_a_probability_of_one_half_is_byte_128() -> None:
    assert bytes_from_logits(0.0) == 128
    assert byte_at_least(0.5) == 128


def test_probabilities_rise_with_the_byte_and_agree_in_both_forms() -> None:
    many = probabilities_from_bytes(SCORES)
    assert (np.diff(many) > 0).all()
    assert many == pytest.approx([probability(int(score)) for score in SCORES])


def test_the_threshold_that_a_byte_stands_for_selects_that_byte() -> None:
    for score in range(LOWEST, HIGHEST + 1):
        assert byte_at_least(probability(score)) == score


def test_a_threshold_printed_with_six_digits_after_the_point_selects_no_lower_byte() -> None:
    for score in range(40, 217):  # beyond these, neighbouring bytes share six digits
        assert byte_at_least(round(probability(score), 6)) in {score, score + 1}


@given(st.floats(0, 1))
def test_byte_at_least_is_the_lowest_that_reaches_the_threshold(threshold: float) -> None:
    score = byte_at_least(threshold)
    assert score > HIGHEST or probability(score) >= threshold - 1e-9
    assert score == LOWEST or probability(score - 1) < threshold


@pytest.mark.parametrize("threshold", [-0.1, 1.1, math.nan])
def test_no_threshold_outside_of_0_to_1(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        byte_at_least(threshold)
