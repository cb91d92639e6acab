"""What a tag should look like, and the fit of it: pictures that are made by the formula, so that they are quick."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from crackmap_robot.poses.tag_fit import fitted
from crackmap_robot.poses.tag_light import COUNT, WARPS, Look, Pixels, expected
from crackmap_robot.poses.tag_square import CORNERS

DICTIONARY = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36H11)
BLACK = np.asarray(cv2.aruco.generateImageMarker(DICTIONARY, 7, 8) == 0, np.float64)
NOISE = 0.008
PLACED_PX = np.array([[110, 108], [191, 114], [196, 193], [112, 188]], np.float32)

looks = st.builds(
    lambda blur_px, stretch, exponent, dark: Look(
        np.asarray(cv2.getPerspectiveTransform(PLACED_PX, CORNERS.astype(np.float32)), np.float64),
        np.array([math.log(blur_px), *stretch, math.log(exponent), dark, 0.85, 0.02, -0.03]),
    ),
    st.floats(0.4, 2.0),
    st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2)),
    st.floats(1.0, 2.6),
    st.floats(0.1, 0.4),
)


def seen(look: Look, seed: int) -> Pixels:
    pixels_px = np.random.default_rng(seed).uniform(106, 199, (500, 2))
    empty = Pixels(pixels_px, np.zeros(500), look.slopes(pixels_px))
    return replace(empty, grey=expected(look, empty, BLACK)[0])


@given(look=looks, seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_slopes_are_what_differences_say(look: Look, seed: int) -> None:
    pixels = seen(look, seed)
    slopes = expected(look, pixels, BLACK)[1]
    for number, step in enumerate(1e-5 * np.eye(COUNT)):
        ahead, behind = (expected(look.stepped(e), pixels, BLACK)[0] for e in (step, -step))
        off = np.abs((ahead - behind) / 2e-5 - slopes[number]).max()
        # Of the blur's shape they are good to a twentieth where it is sharp: a step of the fit needs no more.
        assert off < 0.1 * np.abs(slopes[number]).max() + 1e-6, number


@given(look=looks)
@settings(deadline=None)
def test_a_pixel_is_between_dark_and_bright(look: Look) -> None:
    flat = replace(look, values=np.append(look.values[:6], [0.0, 0.0]))
    grey = seen(flat, 3).grey
    dark, bright = flat.values[4:6]
    assert grey.min() > dark - 0.02
    assert grey.max() < bright + 0.02
    assert grey.max() - grey.min() > 0.5 * (bright - dark)


@given(
    look=looks,
    moved=st.lists(st.floats(-1.5, 1.5), min_size=8, max_size=8),
    first=st.tuples(st.floats(0.5, 2.0), st.floats(1.2, 2.4)),
    seed=st.integers(0, 1000),
)
@settings(max_examples=40, deadline=None)
def test_a_fit_is_the_least_squares_or_says_that_it_is_not(
    look: Look, moved: list[float], first: tuple[float, float], seed: int
) -> None:
    """From wherever it starts: whoever gives up in between must say so, and give no sigma."""
    rng = np.random.default_rng(seed)
    pixels = seen(look, seed)
    pixels = replace(pixels, grey=pixels.grey + rng.normal(0, NOISE, len(pixels.grey)))
    start_px = PLACED_PX + np.array(moved, np.float32).reshape(4, 2)
    start = Look(
        np.asarray(cv2.getPerspectiveTransform(start_px, CORNERS.astype(np.float32)), np.float64),
        np.array([math.log(first[0]), 0.0, 0.0, math.log(first[1]), *look.values[4:6], 0.0, 0.0]),
    )
    best, fit = (fitted(pixels, at, BLACK, rounds=20) for at in (look, start))
    assert best.reached
    if fit.reached:
        apart = float(fit.rest @ fit.rest - best.rest @ best.rest) / NOISE**2
        assert abs(apart) < 1.0
        np.testing.assert_allclose(fit.look.pixels_px(CORNERS), best.look.pixels_px(CORNERS), atol=0.05)


@given(look=looks, seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_what_is_not_the_least_squares_does_not_say_so(look: Look, seed: int) -> None:
    start = replace(look, values=look.values + np.array([0.4, 0, 0, 0, 0, 0, 0, 0]))
    assert not fitted(seen(look, seed), start, BLACK, rounds=0).reached


def test_pixels_that_fit_nothing_are_no_fit() -> None:
    look = Look(
        np.asarray(cv2.getPerspectiveTransform(PLACED_PX, CORNERS.astype(np.float32)), np.float64),
        np.array([0.0, 0.0, 0.0, math.log(2), 0.2, 0.8, 0.0, 0.0]),
    )
    noise = replace(seen(look, 1), grey=np.random.default_rng(1).uniform(0, 1, 500))
    fit = fitted(noise, look, BLACK, rounds=20)
    assert not fit.reached or fit.look.contrast < 0.2


@given(step=st.lists(st.floats(-0.01, 0.01), min_size=COUNT, max_size=COUNT), look=looks)
def test_a_step_back_leads_back(step: list[float], look: Look) -> None:
    there = look.stepped(np.array(step)).stepped(-np.array(step))
    np.testing.assert_allclose(there.pixels_px(CORNERS), look.pixels_px(CORNERS), atol=0.1)
    np.testing.assert_allclose(there.values, look.values, atol=1e-12)
    assert WARPS + len(look.values) == COUNT
