"""Millimetres per pixel where the card is, from its tags. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from crackmap.errors import InputError
from crackmap.messages import Camera
from crackmap_robot.poses.misfit import largest_ratio
from crackmap_robot.poses.tags import Corners
from crackmap_robot.poses.transform import FloatArray
from crackmap_robot.projection.lens import distorted, undistorted
from crackmap_robot.proving.card import HEIGHT_MM, WIDTH_MM

FEWEST_TAGS = 2
STEP = 1e-6
WORST_RMS_PX = 2.0
"""Corners that are farther off say that the card is bent, or the lens unknown."""


@dataclass(frozen=True)
class SeenCard:
    """Where the card is in a photograph, and how large: `to_px` (3, 3) takes its millimetres to ideal pixels."""

    to_px: FloatArray
    camera: Camera | None
    mm_per_px: float
    sigma_mm_per_px: float

    def pixels_px(self, places_mm: FloatArray) -> FloatArray:
        """Where places (n, 2) of the card are in the photograph."""
        flat = np.column_stack([places_mm, np.ones(len(places_mm))]) @ self.to_px.T
        ideal = flat[:, :2] / flat[:, 2:]
        if self.camera is None:
            return np.asarray(ideal)
        camera = self.camera
        seen = distorted((ideal - (camera.cx_px, camera.cy_px)) / (camera.fx_px, camera.fy_px), camera)[0]
        return np.asarray(seen * (camera.fx_px, camera.fy_px) + (camera.cx_px, camera.cy_px))


def seen_card(corners: Corners, camera: Camera | None, print_scale: float, print_sigma: float) -> SeenCard:
    """The card by the homography that fits its tags' corners best.

    mm_per_px is the root of the area of one pixel amid the card. Its sigma: the corners' own error (more where they fit
    badly) through the homography, and `print_sigma`, how well the print's scale is known (1: as drawn). The lens is
    taken out where the camera is known. Raises InputError where too little is seen.
    """
    count = len(np.unique(corners.tags))
    if count < FEWEST_TAGS:
        raise InputError(f"{count} of the card's tags are seen, {FEWEST_TAGS} are needed: show the whole card, sharp.")
    places_mm = corners.places_m[:, :2] * (1000 * print_scale, -1000 * print_scale)
    pixels_px = corners.pixels_px
    if camera is not None:
        rays = undistorted(pixels_px, camera)
        pixels_px = rays * (camera.fx_px, camera.fy_px) + (camera.cx_px, camera.cy_px)
    middle_mm = np.array([WIDTH_MM, HEIGHT_MM]) * print_scale / 2
    unit = np.array([[0.01, 0, -0.01 * middle_mm[0]], [0, 0.01, -0.01 * middle_mm[1]], [0, 0, 1]])
    near = (places_mm - middle_mm) * 0.01
    found, _ = cv2.findHomography(near, pixels_px, 0)
    if found is None:
        raise InputError("the card's tags fit no plane: is it flat, and not torn?")
    values = np.asarray(found, np.float64).ravel()[:8] / found[2, 2]
    whitener = np.linalg.inv(np.linalg.cholesky(corners.covariance_px2))
    for _ in range(10):
        slopes = whitener @ _slopes(lambda v: _seen(v, near), values)
        misfits_px = pixels_px.ravel() - _seen(values, near)
        values = values + np.linalg.lstsq(slopes, whitener @ misfits_px, rcond=None)[0]
    misfits_px = pixels_px.ravel() - _seen(values, near)
    freedom = len(misfits_px) - 8
    off_px = math.sqrt(float(misfits_px @ misfits_px) / freedom)
    if off_px > WORST_RMS_PX:
        raise InputError(f"the tags are {off_px:.1f} px from where a flat card has them: lay it flat, give --camera.")
    ratio = float(np.sum((whitener @ misfits_px) ** 2)) / freedom
    enlarged = ratio if ratio > largest_ratio(freedom) else 1.0
    covariance = np.linalg.inv(slopes.T @ slopes) * enlarged
    by_value = _slopes(lambda v: np.array([math.log(_mm_per_px(v))]), values)[0]
    share = math.hypot(math.sqrt(float(by_value @ covariance @ by_value)), print_sigma)
    mm_per_px = _mm_per_px(values)
    scale_back = np.diag([print_scale, print_scale, 1.0])
    return SeenCard(np.append(values, 1.0).reshape(3, 3) @ unit @ scale_back, camera, mm_per_px, share * mm_per_px)


def _seen(values: FloatArray, places: FloatArray) -> FloatArray:
    """Places (n, 2) by the homography whose first eight values these are, as (2 n)."""
    flat = np.column_stack([places, np.ones(len(places))]) @ np.append(values, 1.0).reshape(3, 3).T
    return np.asarray((flat[:, :2] / flat[:, 2:]).ravel())


def _mm_per_px(values: FloatArray) -> float:
    """At (0, 0), where one unit is 100 mm: the Jacobian's determinant there is det H / h₃₃³."""
    return 100 / math.sqrt(abs(float(np.linalg.det(np.append(values, 1.0).reshape(3, 3)))))


def _slopes(of: Callable[[FloatArray], FloatArray], values: FloatArray) -> FloatArray:
    """(k, n): slopes of a function of n values with k results, by differences."""
    columns = []
    for number in range(len(values)):
        step = np.zeros(len(values))
        step[number] = STEP * max(1.0, abs(values[number]))
        columns.append((of(values + step) - of(values - step)) / (2 * step[number]))
    return np.stack(columns, axis=1)
