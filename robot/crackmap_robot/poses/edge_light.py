"""What the edges of a black square look like through a lens and a tone curve, and which edges look so. Pure.

A lens spreads light before the camera writes it down with its tone curve. So half of the grey is not half of the light,
and is found inside the black: a tag looks smaller than it is, the more so the less sharp the picture is. Therefore no
threshold is sought here. At a distance d from an edge, outwards, a picture has

    grey = (dark^g + (bright^g - dark^g) ((1 - t) Φ(d / σ) + t Φ(d / 2.5 σ) + spill))^(1 / g)

where the spill is what the white cells inside add. Four lines, dark and bright, σ, t and g are fitted at once by least
squares. With g = 2.4 this is the curve of sRGB (IEC 61966-2-1) for a grey that is shifted by 0.055; other curves have
another g, which the asymmetry of the edges tells: what a lens does is alike on both sides of an edge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crackmap_robot.poses.transform import FloatArray

EXPONENT, EXPONENT_SIGMA, OFFSET = 2.4, 0.6, 0.055
"""sRGB's, and how far other cameras are from it: a plain linear one (1) is some two sigmas away."""
SURE = 0.01
"""The same while edges are sought: far from them, a curve can explain what their place should."""
TAIL, TAIL_SIGMA = 2.5, 0.15
"""Some of the light is spread farther than a normal curve has it, that many times; and how much of it is."""
STEPS = 3
FIRST_DAMPING, TINY = 1e-3, 1e-9
BLUR, EXPONENTS, TAILS, DARK, BRIGHT, COUNT = 8, 9, 10, 11, 14, 17
"""Where parameters are: first a and b of four lines, last dark and bright, each with two slopes over the tag."""
FIRST = np.array([0.0] * 8 + [1.2, EXPONENT, 0.0] + [0.25, 0, 0] + [0.85, 0, 0])
LEAST = np.array([-8.0] * 8 + [0.25, 0.6, -0.3] + [0.03, -1, -1] + [0.1, -1, -1])
MOST = np.array([8.0] * 8 + [20.0, 6.0, 0.6] + [1.0, 1, 1] + [1.5, 1, 1])
_ABSCISSA = np.linspace(-6.0, 6.0, 6001)
_NORMAL = np.array([0.5 * (1 + math.erf(x / math.sqrt(2))) for x in _ABSCISSA.tolist()])


@dataclass(frozen=True)
class EdgePixels:
    """Pixels near four edges: the edge, the shifted grey 0 to 1, s from -1 to 1 along its edge, the distance d
    outwards, the spill, each (n,). `place` (n, 3) is 1 and the place over the tag, -1 to 1.
    """

    side: npt.NDArray[np.int64]
    grey: FloatArray
    along: FloatArray
    outward_px: FloatArray
    place: FloatArray
    spill: FloatArray


def fitted(sample: EdgePixels, start: FloatArray, *, searching: bool) -> tuple[FloatArray, FloatArray, float]:
    """Parameters (17,) better than `start`, by a few of Levenberg's and Marquardt's steps; their covariance; how far
    pixels are from what is expected, root mean square.

    Raises LinAlgError where pixels tell nothing.
    """
    weights = np.zeros(COUNT)
    weights[EXPONENTS], weights[TAILS] = 1 / (SURE if searching else EXPONENT_SIGMA), 1 / TAIL_SIGMA
    values, (expected, slopes) = start, _expected(start, sample)
    rest, damping = sample.grey - expected, FIRST_DAMPING
    for _ in range(STEPS):
        prior = (rest @ rest) / len(rest) * weights**2
        information = slopes.T @ slopes + np.diag(prior)
        damped = information + damping * np.diag(np.diag(information)) + TINY * np.eye(COUNT)
        step = np.linalg.solve(damped, slopes.T @ rest + prior * (FIRST - values))
        tried = np.clip(values + step, LEAST, MOST)
        expected, tried_slopes = _expected(tried, sample)
        tried_rest = sample.grey - expected
        before, after = (float(r @ r + prior @ (v - FIRST) ** 2) for r, v in ((rest, values), (tried_rest, tried)))
        damping *= 0.1 if after < before else 10
        if after < before:
            values, rest, slopes = tried, tried_rest, tried_slopes
    variance = float(rest @ rest) / max(len(rest) - COUNT, 1)
    information = slopes.T @ slopes + variance * np.diag(weights**2) + TINY * np.eye(COUNT)
    return values, np.asarray(variance * np.linalg.inv(information)), math.sqrt(variance)


def _expected(values: FloatArray, sample: EdgePixels) -> tuple[FloatArray, FloatArray]:
    """Grey (n,) as it would be, and its slopes (n, 17)."""
    number, rows, s = sample.side, np.arange(len(sample.side)), sample.along
    blur_px, power, tail = values[BLUR:DARK].tolist()
    dark = np.maximum(sample.place @ values[DARK:BRIGHT], 0.01)
    bright = np.maximum(sample.place @ values[BRIGHT:], dark + 0.01)
    lines = values[:BLUR].reshape(4, 2)[number]
    away = (sample.outward_px - lines[:, 0] - lines[:, 1] * s) / blur_px
    core, wide = normal(away), normal(away / TAIL)
    share = (1 - tail) * core + tail * wide + sample.spill
    black, white = dark**power, bright**power
    light = np.maximum(black + (white - black) * share, 1e-9)
    grey = light ** (1 / power)
    by_light = grey / light / power
    density = (1 - tail) * np.exp(-away * away / 2) + tail / TAIL * np.exp(-away * away / (2 * TAIL**2))
    by_away = (white - black) * by_light * density / math.sqrt(2 * math.pi)
    slopes = np.zeros((len(s), COUNT))
    slopes[rows, 2 * number] = -by_away / blur_px
    slopes[rows, 2 * number + 1] = -by_away * s / blur_px
    slopes[:, BLUR] = -by_away * away / blur_px
    turned = black * np.log(dark) * (1 - share) + white * np.log(bright) * share
    slopes[:, EXPONENTS] = by_light * turned - grey * np.log(light) / power**2
    slopes[:, TAILS] = (white - black) * by_light * (wide - core)
    by_dark, by_bright = (1 - share) * black / dark * power * by_light, share * white / bright * power * by_light
    slopes[:, DARK:BRIGHT] = by_dark[:, None] * sample.place
    slopes[:, BRIGHT:] = by_bright[:, None] * sample.place
    return grey, slopes


def normal(x: FloatArray) -> FloatArray:
    """The standard normal distribution, to 1e-6."""
    return np.asarray(np.interp(x, _ABSCISSA, _NORMAL))
