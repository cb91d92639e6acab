"""The corners of a tag's black square, to a few hundredths of a pixel, and how exact they are. Pure.

A threshold finds them inside the black, and a search for corners more so: by 0.5 to 1.6 px (decision 33). So what the
whole tag should look like (tag_light.py) is fitted to what the picture shows (tag_fit.py), and not trusted blindly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from crackmap.messages import Camera
from crackmap_robot.poses.tag_fit import EXPECTED, LEAST_VARIANCE, Fit, fitted
from crackmap_robot.poses.tag_light import BRIGHT, COUNT, DARK, WARPS, Look, Pixels, shifted, warp_slopes
from crackmap_robot.poses.transform import FloatArray
from crackmap_robot.projection.errors import NoView
from crackmap_robot.projection.lens import distorted, undistorted

Grey = npt.NDArray[np.uint8]

CORNERS = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
"""Of the square in the tag's frame: top left, and on clockwise."""
FEW_PX, MANY_PX, FEWEST_PX = 250, 500, 150
"""How many pixels are looked at, first all over the tag, then near its edges; small tags have fewer."""
PAPER_CELLS = 0.4
"""So much of the paper around it is looked at."""
SMALLEST_CELL_PX, REACH_BLURS, REACH_PX = 3.0, 3.0, 1.5
FEW_ROUNDS, MANY_ROUNDS = 5, 20
LEAST_CONTRAST, MOST_MISFIT = 0.08, 0.03
"""Of white to black; and how far cells' means may be from what is expected, as a share of it."""
FARTHEST_PX, FARTHEST_BLURS = 0.7, 1.2
"""From OpenCV's corners, which were never farther from the right ones (decision 33)."""
LARGEST_SIGMA_PX = 0.5
PIXEL_PX4, SHAPE, MODEL_SIGMA_PX = 0.001, 0.012, 0.003
"""How exact the formula is, for each corner's coordinate: pixels are squares and no bells, which blur hides; and what a
lens spreads is no bell, which makes all of a square larger or smaller by a share of the blur.
"""
ROUGH_SIGMA_PX, ROUGH_INWARD_PX = 0.5, 1.2
"""Of corners as OpenCV finds them: each coordinate by itself, and all four of a tag towards its middle."""


@dataclass(frozen=True)
class Square:
    """Corners (4, 2) in pixels, in the order in which they were given, and their covariance (8, 8) in px²."""

    corners_px: FloatArray
    covariance_px2: FloatArray


def rough_square(corners_px: FloatArray) -> Square:
    """Corners (4, 2) as OpenCV finds them: inside the black, by nobody knows how much."""
    return Square(corners_px, ROUGH_SIGMA_PX**2 * np.eye(8) + ROUGH_INWARD_PX**2 * _larger(corners_px))


def square(grey: Grey, rough_px: FloatArray, black: FloatArray, camera: Camera | None) -> Square | None:
    """The square of a tag whose cells (c, c) are black where they are 1, near `rough_px` (4, 2): top left, clockwise.

    The lens bends edges; without a camera they are taken to be straight. None where the picture does not tell:
    the tag is too small or cut off, something lies on it, or it does not look as the formula says.
    """
    try:
        rough_ideal_px = _ideal(rough_px, camera)
        to_tag = cv2.getPerspectiveTransform(rough_ideal_px.astype(np.float32), CORNERS.astype(np.float32))
        first = Look(to_tag.astype(np.float64), EXPECTED)
        sample = _sample(grey, first, len(black), camera, near=False)
        if sample is None:
            return None
        values = EXPECTED.copy()
        values[[DARK, BRIGHT]] = np.quantile(sample.grey, [0.1, 0.9])
        coarse = fitted(sample, Look(first.to_tag, values), black, FEW_ROUNDS)
        sample = _sample(grey, coarse.look, len(black), camera, near=True)
        if sample is None:
            return None
        fine = fitted(sample, coarse.look, black, MANY_ROUNDS)
        return _trusted(fine, sample, rough_ideal_px, len(black), camera) if fine.reached else None
    except (NoView, np.linalg.LinAlgError):
        return None


def _trusted(fit: Fit, sample: Pixels, rough_px: FloatArray, cells: int, camera: Camera | None) -> Square | None:
    """The corners, if the picture looks as it should and they are where OpenCV may have missed them."""
    look, ideal_px = fit.look, fit.look.pixels_px(CORNERS)
    noise, misfit, ratio = _misfits(fit.rest, look.places(sample.ideal_px), cells)
    moved_px = float(np.abs(ideal_px - rough_px).max())
    if look.contrast < LEAST_CONTRAST or misfit > MOST_MISFIT * look.contrast:
        return None
    if not moved_px < FARTHEST_PX + FARTHEST_BLURS * look.blur_px:
        return None
    slopes = np.zeros((8, COUNT))
    slopes[:, :WARPS] = -(np.linalg.inv(look.slopes(ideal_px)) @ warp_slopes(CORNERS).transpose(2, 0, 1)).reshape(
        8, WARPS
    )
    slopes = _bend(ideal_px, camera) @ slopes
    covariance = slopes @ np.linalg.inv(fit.information) @ slopes.T * noise * max(1.0, ratio)
    covariance_px2 = (covariance + covariance.T) / 2 + (PIXEL_PX4 / look.blur_px**3 + MODEL_SIGMA_PX) ** 2 * np.eye(8)
    covariance_px2 += (SHAPE * look.blur_px) ** 2 * _larger(ideal_px)
    if not np.diag(covariance_px2).max() < LARGEST_SIGMA_PX**2:
        return None
    return Square(_seen(ideal_px, camera), covariance_px2)


def _larger(corners_px: FloatArray) -> FloatArray:
    """The covariance (8, 8) of corners (4, 2) that are all off by 1 px from the middle, or all towards it."""
    away = corners_px - corners_px.mean(axis=0)
    outward = (away / np.linalg.norm(away, axis=1)[:, None]).ravel()
    return np.outer(outward, outward)


def _sample(grey: Grey, look: Look, cells: int, camera: Camera | None, *, near: bool) -> Pixels | None:
    """Pixels spread evenly over a tag; `near`: drawn to the lines between its cells as far as the blur reaches.

    None where a tag is too small or cut off. The sequence is Roberts', "The unreasonable effectiveness
    of quasirandom sequences" (2018).
    """
    corners_px = look.pixels_px(CORNERS)
    cell_px = float(np.linalg.norm(np.roll(corners_px, -1, axis=0) - corners_px, axis=1).min()) / cells
    if not cell_px > SMALLEST_CELL_PX:
        return None
    numbers = np.arange(1, (MANY_PX if near else FEW_PX) + 1)
    places = np.outer(numbers, [0.7548776662466927, 0.5698402909980532]) % 1 * (cells + 2 * PAPER_CELLS) - PAPER_CELLS
    if near:
        pulled = min(1.0, 2 * (REACH_BLURS * look.blur_px + REACH_PX) / cell_px)
        axis = numbers % 2
        whole = np.round(places[numbers - 1, axis])
        places[numbers - 1, axis] = whole + pulled * (places[numbers - 1, axis] - whole)
    seen_px = _seen(look.pixels_px(2 * places / cells - 1), camera)
    columns, rows = np.unique(np.round(seen_px).astype(int), axis=0).T
    if min(columns.min(), rows.min()) < 0 or columns.max() >= grey.shape[1] or rows.max() >= grey.shape[0]:
        return None
    values = grey[rows, columns]
    if len(values) < FEWEST_PX:
        return None
    ideal_px = _ideal(np.stack([columns, rows], axis=1).astype(np.float64), camera)
    return Pixels(ideal_px, shifted(values), look.slopes(ideal_px))


def _misfits(rest: FloatArray, places: FloatArray, cells: int) -> tuple[float, float, float]:
    """The variance of pixels within their cell; how far cells' means are off, root mean square without what the
    variance makes of it; and the square of it, how many times more than the variance makes.

    The fit takes half of its freedom from the one and half from the other, as is seen in pictures that fit.
    """
    cell = np.floor((places + 1) / 2 * cells).astype(int) + 1
    _, number, count = np.unique(cell[:, 0] * (cells + 2) + cell[:, 1], return_inverse=True, return_counts=True)
    means = np.bincount(number, rest) / count
    within = float(np.sum((rest - means[number]) ** 2)) / (len(rest) - len(count) - COUNT / 2)
    noise = max(within, LEAST_VARIANCE)
    between = float(count @ means**2)
    ratio = between / (noise * (len(count) - COUNT / 2))
    return noise, math.sqrt(max(between / len(rest) - noise * len(count) / len(rest), 0.0)), ratio


def _ideal(pixels_px: FloatArray, camera: Camera | None) -> FloatArray:
    """Without the lens's distortion. Raises NoView."""
    if camera is None:
        return pixels_px
    focal, centre = (camera.fx_px, camera.fy_px), (camera.cx_px, camera.cy_px)
    return np.asarray(undistorted(pixels_px, camera) * focal + centre)


def _seen(ideal_px: FloatArray, camera: Camera | None) -> FloatArray:
    """The inverse of `_ideal`."""
    if camera is None:
        return ideal_px
    focal, centre = (camera.fx_px, camera.fy_px), (camera.cx_px, camera.cy_px)
    return np.asarray(distorted((ideal_px - centre) / focal, camera)[0] * focal + centre)


def _bend(ideal_px: FloatArray, camera: Camera | None) -> FloatArray:
    """(8, 8): coordinates in the picture by those without distortion."""
    whole = np.eye(8)
    if camera is None:
        return whole
    focal = np.array([camera.fx_px, camera.fy_px])
    slopes = distorted((ideal_px - (camera.cx_px, camera.cy_px)) / focal, camera)[1]
    for number in range(4):
        part = slice(2 * number, 2 * number + 2)
        whole[part, part] = focal[:, None] * slopes[number] / focal
    return whole
