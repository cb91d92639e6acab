"""The look of a tag that fits a picture best: least squares by Levenberg's and Marquardt's steps. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from crackmap_robot.poses.tag_light import BLUR, COUNT, EXPONENT, OFFSET, STRETCH, WARPS, Look, Pixels, expected
from crackmap_robot.poses.transform import FloatArray

EXPECTED = np.array([0.0, 0.0, 0.0, math.log(2.0), 0.0, 0.0, 0.0, 0.0])
"""Where a look's values are looked for, for want of better: a blur of 1 px, alike in all directions, and a tone curve
between a linear one (g = 1) and sRGB's (2.4). Nothing is expected of the last four."""
SIGMAS = np.full(COUNT, np.inf)
SIGMAS[WARPS + BLUR], SIGMAS[WARPS + EXPONENT] = 1.0, 0.4
SIGMAS[WARPS + STRETCH.start : WARPS + STRETCH.stop] = 0.3
BLACKEST, WHITEST = OFFSET / (1 + OFFSET), 1.0
"""What a sensor writes of less and of more, in shifted greys."""
FIRST_DAMPING, LONGEST_STEP = 1e-3, 0.5
DONE = 0.01
"""Where the step that is left is less than this, in its own sigmas, squared, a minimum is reached."""
LEAST_VARIANCE = (1 / 255) ** 2 / 12
"""Of whole numbers."""


@dataclass(frozen=True)
class Fit:
    """What fits best, the inverse of its covariance for errors of 1 (16, 16), and what is left of each pixel (n,).

    `reached` says whether it is the least squares, or only what was found so far.
    """

    look: Look
    information: FloatArray
    rest: FloatArray
    reached: bool


def fitted(pixels: Pixels, start: Look, black: FloatArray, rounds: int) -> Fit:
    """The least squares of a tag whose cells (c, c) are black where they are 1, or what so many rounds lead to.

    A step that makes it worse is not taken, and is no sign of a minimum. Raises LinAlgError where pixels tell nothing.
    """
    look, damping = start, FIRST_DAMPING
    rest, slopes = _compared(look, pixels, black)
    for number in range(rounds + 1):
        variance = max(float(rest @ rest) / (len(rest) - COUNT), LEAST_VARIANCE)
        prior = variance / SIGMAS**2
        information = slopes @ slopes.T + np.diag(prior)
        gradient = slopes @ rest + prior * _missing(look)
        reached = float(gradient @ np.linalg.solve(information, gradient)) < DONE * variance
        if reached or number == rounds:
            break
        step = np.asarray(np.linalg.solve(information + damping * np.diag(np.diag(information)), gradient))
        tried = look.stepped(np.asarray(step / max(1.0, float(np.abs(step).max()) / LONGEST_STEP)))
        tried_rest, tried_slopes = _compared(tried, pixels, black)
        before, after = (float(r @ r + prior @ _missing(at) ** 2) for at, r in ((look, rest), (tried, tried_rest)))
        damping *= 0.1 if after < before else 10
        if after < before:
            look, rest, slopes = tried, tried_rest, tried_slopes
    return Fit(look, information, rest, reached)


def _compared(look: Look, pixels: Pixels, black: FloatArray) -> tuple[FloatArray, FloatArray]:
    """How much brighter pixels are (n,) than is expected of a sensor that has a least and a most; slopes (16, n)."""
    grey, slopes = expected(look, pixels, black)
    held = np.clip(grey, BLACKEST, WHITEST)
    return pixels.grey - held, np.where(held == grey, slopes, 0.0)


def _missing(look: Look) -> FloatArray:
    """(16,): how much less the parameters are than would be thought before."""
    return np.concatenate([np.zeros(WARPS), EXPECTED - look.values])
