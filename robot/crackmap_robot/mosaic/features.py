"""Features of a photograph: places that would be found again in another of the same surface."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from crackmap.messages import Camera
from crackmap_robot.cameras.camera import Pixels
from crackmap_robot.poses.transform import FloatArray
from crackmap_robot.projection.lens import undistorted

LONGEST_PX = 1600
"""A photograph is made so small before features are looked for: it bounds time and memory."""
MOST_FEATURES = 2400
CELLS = 6
"""Along each side of the photograph: each cell gives its strongest features, so that they are everywhere."""
LEAST_CONTRAST = 0.01
"""A quarter of what is usual: concrete has little."""


@dataclass(frozen=True)
class Features:
    """Of one photograph, those of all cells by turns, the strongest of each first.

    rays        (k, 2)   normalised image coordinates, without the lens's distortion
    descriptors (k, 128) of SIFT, as bytes
    pixel       the side of a pixel in which they were found, in normalised coordinates
    """

    label: str
    rays: FloatArray
    descriptors: npt.NDArray[np.uint8]
    pixel: float

    def roots(self, count: int | None = None) -> npt.NDArray[np.float32]:
        """Of the first `count`: roots of the descriptors, of length 1 (Arandjelović and Zisserman, CVPR 2012)."""
        chosen = self.descriptors[:count].astype(np.float32)
        return np.asarray(np.sqrt(chosen / np.maximum(chosen.sum(axis=1, keepdims=True), 1)), np.float32)


def features_of(pixels: Pixels, camera: Camera, label: str) -> Features:
    """Lowe's SIFT on a photograph (h, w, 3) of the camera's size. Raises NoView where the lens is no lens there."""
    shrunk = max(1.0, max(camera.width_px, camera.height_px) / LONGEST_PX)
    size = round(camera.width_px / shrunk), round(camera.height_px / shrunk)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    if shrunk > 1:
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    detector = cv2.SIFT.create(contrastThreshold=LEAST_CONTRAST, enable_precise_upscale=True)
    points = detector.detect(grey)
    places = np.array([point.pt for point in points], np.float64).reshape(-1, 2)
    chosen = _spread(places, np.array([point.response for point in points]), size)
    points, descriptors = detector.compute(grey, [points[number] for number in chosen])
    places = np.array([point.pt for point in points], np.float64).reshape(-1, 2)
    scales = np.array([camera.width_px / size[0], camera.height_px / size[1]])
    rays = undistorted((places + 0.5) * scales - 0.5, camera) if len(places) else places
    kept = np.zeros((0, 128), np.uint8) if descriptors is None else np.asarray(descriptors).astype(np.uint8)
    return Features(label, rays, kept, float(scales.mean()) / float(np.sqrt(camera.fx_px * camera.fy_px)))


def _spread(places: FloatArray, responses: FloatArray, size: tuple[int, int]) -> npt.NDArray[np.int64]:
    """Numbers of the strongest of each cell: the first of every cell, then the second of every one, and so on."""
    if not len(places):
        return np.zeros(0, np.int64)
    columns, rows = (np.minimum(places.T * CELLS / np.array(size)[:, None], CELLS - 1)).astype(np.int64)
    cells = rows * CELLS + columns
    order = np.lexsort((-responses, cells))
    starts = np.searchsorted(cells[order], np.arange(CELLS**2))
    ranks = np.arange(len(order)) - starts[cells[order]]
    return np.asarray(order[np.argsort(ranks, kind="stable")][:MOST_FEATURES], np.int64)
