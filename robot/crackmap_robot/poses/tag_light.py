"""What a tag looks like through a lens and a tone curve. Pure.

A lens spreads light before the camera writes it down with its tone curve. So half of the grey is not half of the light,
and is found inside the black: a tag looks smaller than it is, the more so the less sharp the picture is. With W the
share of white in the light that reaches a pixel, a picture has

    grey = (dark^g + (bright^g - dark^g) W)^(1 / g) (1 + s · place)

where 1 - W is the sum over black cells of what a two-dimensional normal distribution has in each: so lens and movement
spread light. With g = 2.4 this is the curve of sRGB (IEC 61966-2-1) for a grey that is shifted by 0.055; other curves
have another g. The asymmetry of edges tells it, for what a lens does is alike on both sides of an edge, and light
spreads into black lines from both sides: they look thinner than white ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crackmap_robot.poses.transform import FloatArray

OFFSET = 0.055
WARPS, COUNT = 8, 16
BLUR, STRETCH, EXPONENT, DARK, BRIGHT, FALLOFF = 0, slice(1, 3), 3, 4, 5, slice(6, 8)
"""Where values are; in a step of all sixteen parameters, eight of how the tag lies come first."""
DARKEST, LEAST_CONTRAST, LARGEST_EXPONENT = 0.02, 0.02, 20.0
TINY = 1e-6


@dataclass(frozen=True)
class Look:
    """How a tag lies in a picture and what it looks like there.

    `to_tag` (3, 3) takes pixels to the tag's frame, -1 to 1 from its upper left to its lower right corner. `values`
    (8,) are log σ in pixels, two of how one direction is more blurred than others, log g, dark and bright (shifted
    grey, 0 to 1), and how the light falls off along both axes of the tag.
    """

    to_tag: FloatArray
    values: FloatArray

    def stepped(self, step: FloatArray) -> Look:
        """With all parameters moved by a small step (16,)."""
        a = step[:WARPS]
        to_tag = (np.eye(3) + np.array([[a[0], a[1], a[2]], [a[3], a[4], a[5]], [a[6], a[7], 0.0]])) @ self.to_tag
        return Look(to_tag / to_tag[2, 2], self.values + step[WARPS:])

    @property
    def blur_px(self) -> float:
        """Standard deviation, the geometric mean over directions; a pixel's own size is in it."""
        return math.exp(self.values[BLUR])

    @property
    def contrast(self) -> float:
        """Of white to black, in the picture's greys, 0 to 1."""
        return float(self.values[BRIGHT] - self.values[DARK])

    def places(self, pixels_px: FloatArray) -> FloatArray:
        """Pixels (n, 2) in the tag's frame."""
        return _through(self.to_tag, pixels_px)

    def pixels_px(self, places: FloatArray) -> FloatArray:
        """The inverse of `places`."""
        return _through(np.asarray(np.linalg.inv(self.to_tag)), places)

    def slopes(self, pixels_px: FloatArray) -> FloatArray:
        """(n, 2, 2): d place / d pixel."""
        weight = pixels_px @ self.to_tag[2, :2] + self.to_tag[2, 2]
        turned = self.to_tag[None, :2, :2] - self.places(pixels_px)[:, :, None] * self.to_tag[None, 2:, :2]
        return np.asarray(turned / weight[:, None, None])

    def bell(self) -> tuple[FloatArray, FloatArray]:
        """The covariance of the blur in px² (2, 2), σ² exp [[a, b], [b, -a]], and its slopes by log σ, a and b."""
        a, b = self.values[STRETCH].tolist()
        r = max(math.hypot(a, b), TINY)
        even, odd, area = math.cosh(r), math.sinh(r) / r, self.blur_px**2
        bent = (even - odd) / r**2 if r > 100 * TINY else 1 / 3
        one, parts = np.eye(2), np.array([[[1.0, 0.0], [0.0, -1.0]], [[0.0, 1.0], [1.0, 0.0]]])
        stretch = a * parts[0] + b * parts[1]
        whole = area * (even * one + odd * stretch)
        by_stretch = [
            area * (x * odd * one + odd * part + x * bent * stretch) for x, part in zip((a, b), parts, strict=True)
        ]
        return whole, np.stack([2 * whole, *by_stretch])


@dataclass(frozen=True)
class Pixels:
    """Where pixels would be without distortion (n, 2), their shifted grey (n,), and how large they are in the tag's
    frame: d place / d pixel (n, 2, 2).
    """

    ideal_px: FloatArray
    grey: FloatArray
    slopes: FloatArray


def warp_slopes(places: FloatArray) -> FloatArray:
    """(2, 8, n): what the first eight parameters do to places (n, 2) in the tag's frame."""
    x, y = places.T
    one, none = np.ones_like(x), np.zeros_like(x)
    return np.array([[x, y, one, none, none, none, -x * x, -x * y], [none, none, none, x, y, one, -x * y, -y * y]])


def shifted(grey: npt.NDArray[np.uint8]) -> FloatArray:
    """Greys 0 to 255 as the formula has them."""
    return np.asarray((grey / 255 + OFFSET) / (1 + OFFSET))


def expected(look: Look, pixels: Pixels, black: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Shifted grey (n,) of a tag whose cells (c, c) are black where they are 1, and its slopes (16, n)."""
    places = look.places(pixels.ideal_px)
    white, by_places, by_blur = _white(look, places, pixels, black)
    power = min(math.exp(look.values[EXPONENT]), LARGEST_EXPONENT)
    dark = max(float(look.values[DARK]), DARKEST)
    bright = max(float(look.values[BRIGHT]), dark + LEAST_CONTRAST)
    least, most = dark**power, bright**power
    light = np.maximum(least + (most - least) * white, least / 2)
    grey, falloff = light ** (1 / power), 1 + places @ look.values[FALLOFF]
    by_light = grey / light * falloff
    by_white = by_light * (most - least) / power
    turned = least * math.log(dark) * (1 - white) + most * math.log(bright) * white
    by_place = by_white * by_places + np.outer(look.values[FALLOFF], grey)
    slopes = np.empty((COUNT, len(places)))
    slopes[:WARPS] = (by_place[:, None] * warp_slopes(places)).sum(axis=0)
    values = slopes[WARPS:]
    values[:EXPONENT] = by_white * by_blur
    values[EXPONENT] = by_light * turned - grey * falloff * np.log(light) / power
    values[DARK] = by_light * (1 - white) * least / dark
    values[BRIGHT] = by_light * white * most / bright
    values[FALLOFF] = grey * places.T
    return grey * falloff, slopes


def _white(
    look: Look, places: FloatArray, pixels: Pixels, black: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The share of white (n,), its slopes by place (2, n), and by log σ and the two of the stretch (3, n).

    Of a distribution with a correlation ρ, Mehler's series to its second power:
    Φ(x, y) = Φ(x) Φ(y) + ρ φ(x) φ(y) + ρ² x φ(x) y φ(y) / 2.
    """
    (ux, uy), (vx, vy) = pixels.slopes.transpose(1, 2, 0)
    through = np.array(
        [[ux * ux, 2 * ux * uy, uy * uy], [vx * vx, 2 * vx * vy, vy * vy], [ux * vx, ux * vy + uy * vx, uy * vy]]
    )
    bell, by_value = look.bell()
    # Variances along both axes of the tag's frame and what they share, of the bell and as it changes.
    (u2, v2, uv), *changes = np.einsum("bi,kin->bkn", np.stack([bell, *by_value])[:, (0, 0, 1), (0, 1, 1)], through)
    spread = np.sqrt([u2, v2])
    both = spread[0] * spread[1]
    skew = uv / both
    away = (places.T[:, None] - np.linspace(-1.0, 1.0, len(black) + 1)[:, None]) / spread[:, None]
    below, density = _normal(away)
    bent = away * density
    # Of each row and column of cells: the share of light from it, and derivatives of that by the place, in spreads.
    share, first, second, third = (part[:, :-1] - part[:, 1:] for part in (below, density, bent, away * bent - density))
    rows = [black.T @ part[1] for part in (share, first, second)]
    columns = [black @ part[0] for part in (share, first, second)]
    white = 1 - _sum(rows, (share[0], skew * first[0], skew**2 / 2 * second[0]))
    by_place = [
        _sum(cells, (-first[axis], skew * second[axis], skew**2 / 2 * third[axis]))
        for axis, cells in enumerate((rows, columns))
    ]
    by_spread = [
        _sum(cells[:2], (second[axis], -skew * (first[axis] + third[axis])))
        for axis, cells in enumerate((rows, columns))
    ]
    by_skew = -_sum(rows[1:], (first[0], skew * second[0]))
    by_blur = []
    for by_u2, by_v2, by_uv in changes:
        wider = by_u2 / (2 * u2), by_v2 / (2 * v2)
        skewed = by_uv / both - skew * (wider[0] + wider[1])
        by_blur.append(by_spread[0] * wider[0] + by_spread[1] * wider[1] + by_skew * skewed)
    return white, np.stack(by_place) / spread, np.stack(by_blur)


def _sum(rows: Iterable[FloatArray], parts: Iterable[FloatArray]) -> FloatArray:
    """(n,): over the cells of a row or column, and over all pairs of these (c, n)."""
    return np.asarray(sum((row * part).sum(axis=0) for row, part in zip(rows, parts, strict=True)))


def _normal(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The standard normal distribution, to 1e-7, and its density (Abramowitz and Stegun, 26.2.17)."""
    density = np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    t = 1 / (1 + 0.2316419 * np.abs(x))
    series = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    above = density * series
    return np.where(x > 0, 1 - above, above), density


def _through(homography: FloatArray, points: FloatArray) -> FloatArray:
    flat = np.column_stack([points, np.ones(len(points))]) @ homography.T
    return np.asarray(flat[:, :2] / flat[:, 2:])
