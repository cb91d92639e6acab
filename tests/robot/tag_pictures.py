"""Photographs of tags on a light wall, without the product's own projection: light first, then the tone curve."""

from __future__ import annotations

import math

import cv2
import numpy as np

from crackmap_robot.poses.tag_layout import TagLayout
from crackmap_robot.renderer import Pose, SimulatedCamera, pixels_of, surface_points_m
from crackmap_robot.renderer.photograph import srgb_from_linear

WALL, PAPER, INK = 0.45, 0.75, 0.04
FINE = 2


def photographed(
    camera: SimulatedCamera,
    layout: TagLayout,
    pose: Pose,
    rng: np.random.Generator,
    *,
    exponent: float | None = None,
    noise: float = 2.0,
) -> np.ndarray:
    """RGB (h, w, 3): what FINE × FINE rays for each pixel meet, the lens's blur of it, the means of pixels, the
    exposure, a tone curve (sRGB's, or this exponent; 1 for a camera without one), and noise of so many steps.

    Blurred after the means were taken, it would be no lens's: a blur of 0.5 px has no shape in whole pixels.
    """
    corners = np.concatenate([tag.corners_m()[:, :2] for tag in layout.tags.values()])
    sheets = np.zeros((camera.height_px, camera.width_px), np.uint8)
    for sheet in pixels_of(camera, pose, corners).reshape(-1, 4, 2):
        middle = sheet.mean(axis=0)
        cv2.fillConvexPoly(sheets, np.round(middle + 1.6 * (sheet - middle)).astype(np.int32), 1)
    rows, columns = np.nonzero(np.kron(sheets, np.ones((FINE, FINE), np.uint8)))
    rays_px = (np.stack([columns, rows], axis=1) + 0.5) / FINE - 0.5
    light = np.full((FINE * camera.height_px, FINE * camera.width_px), WALL, np.float32)
    ray_m = pose.position_m[2] / camera.fx / FINE
    light[rows, columns] = reflectance(layout, surface_points_m(camera, pose, rays_px), ray_m)
    if camera.blur_px:
        light = np.asarray(cv2.GaussianBlur(light, (0, 0), FINE * camera.blur_px))
    mean = np.clip(camera.exposure * cv2.resize(light, sheets.shape[::-1], interpolation=cv2.INTER_AREA), 0, 1)
    grey = 255 * (srgb_from_linear(mean) if exponent is None else mean ** (1 / exponent))
    noisy = np.clip(np.round(grey + rng.normal(0, noise, grey.shape)), 0, 255).astype(np.uint8)
    return np.repeat(noisy[:, :, None], 3, axis=2)


def reflectance(layout: TagLayout, points_m: np.ndarray, ray_m: float) -> np.ndarray:
    """Of a wall with the layout's tags on it, the mean of a square of `ray_m` around points (u, v) [n, 2]; [n]."""
    found = np.full(len(points_m), WALL)
    dictionary = cv2.aruco.getPredefinedDictionary(layout.family)
    cells = dictionary.markerSize + 2
    for tag in layout.tags.values():
        white = (cv2.aruco.generateImageMarker(dictionary, tag.number, cells) > 0).astype(float)
        away = points_m - np.array(tag.middle_m)
        cosine, sine = math.cos(tag.turn_rad), math.sin(tag.turn_rad)
        right, up = away[:, 0] * cosine + away[:, 1] * sine, -away[:, 0] * sine + away[:, 1] * cosine
        near = np.nonzero(np.maximum(np.abs(right), np.abs(up)) < 0.75 * tag.side_m)[0]
        column, row = (right[near] / tag.side_m + 0.5) * cells, (0.5 - up[near] / tag.side_m) * cells
        wide = ray_m / tag.side_m * cells
        paper, ink = (
            share(column, low, cells - low, wide) * share(row, low, cells - low, wide) for low in (-0.15 * cells, 0.0)
        )
        across, down = (
            np.stack([share(x, cell, cell + 1, wide) for cell in range(cells)], axis=1) for x in (column, row)
        )
        inside = np.einsum("nj,ij,ni->n", across, white, down)
        found[near] += (PAPER - WALL) * paper - (PAPER - INK) * (ink - inside)
    return found


def share(x: np.ndarray, low: float, high: float, wide: float) -> np.ndarray:
    """Of what is `wide` around x, between low and high."""
    return np.clip((np.minimum(high, x + wide / 2) - np.maximum(low, x - wide / 2)) / wide, 0, 1)
