"""Tags of a layout, found in a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from crackmap.messages import Camera
from crackmap.surfaces import Surface
from crackmap_robot.poses.tag_layout import TagLayout
from crackmap_robot.poses.tag_square import Square, rough_square, square
from crackmap_robot.poses.transform import FloatArray


@dataclass(frozen=True)
class Corners:
    """What was seen of a layout: corners [n, 2] in pixels, their places [n, 3] on the surface, whose each is [n].

    `covariance_px2` [2 n, 2 n] is of the corners' coordinates, x and y of the first, then of the next.
    """

    pixels_px: FloatArray
    places_m: FloatArray
    tags: npt.NDArray[np.int64]
    covariance_px2: FloatArray

    @classmethod
    def equally_exact(
        cls, pixels_px: FloatArray, places_m: FloatArray, tags: npt.NDArray[np.int64], sigma_px: float
    ) -> Self:
        """Corners of which each coordinate has an error of its own, with this standard deviation."""
        return cls(pixels_px, places_m, tags, sigma_px**2 * np.eye(2 * len(pixels_px)))


class TagFinder:
    """Finds the tags of one layout in pictures. Not for several threads at once."""

    def __init__(self, layout: TagLayout, surface: Surface | None = None, camera: Camera | None = None) -> None:
        """Without a surface it is a plane; without a camera the lens does not bend edges."""
        dictionary = cv2.aruco.getPredefinedDictionary(layout.family)
        parameters = cv2.aruco.DetectorParameters()
        parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
        self._detector = cv2.aruco.ArucoDetector(dictionary, parameters)
        self._camera = camera
        self._places = {number: tag.corners_m(surface) for number, tag in layout.tags.items()}
        cells = dictionary.markerSize + 2
        self._black = {
            number: np.asarray(cv2.aruco.generateImageMarker(dictionary, number, cells) == 0, np.float64)
            for number in layout.tags
        }

    def corners(self, pixels: npt.NDArray[np.uint8]) -> Corners:
        """What a picture (h, w, 3) RGB shows of the layout; other tags, and those that are seen twice, do not count."""
        grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        found, numbers, _ = self._detector.detectMarkers(grey)
        seen: dict[int, list[FloatArray]] = {}
        for corners, number in zip(found, [] if numbers is None else map(int, np.ravel(numbers)), strict=True):
            if number in self._places:
                seen.setdefault(number, []).append(np.asarray(corners, np.float64).reshape(4, 2))
        once = {number: self._square(grey, number, rough[0]) for number, rough in seen.items() if len(rough) == 1}
        covariance = np.zeros((8 * len(once), 8 * len(once)))
        for place, one in enumerate(once.values()):
            part = slice(8 * place, 8 * place + 8)
            covariance[part, part] = one.covariance_px2
        return Corners(
            np.concatenate([np.zeros((0, 2)), *(one.corners_px for one in once.values())]),
            np.concatenate([np.zeros((0, 3)), *(self._places[number] for number in once)]),
            np.repeat(np.array(list(once), np.int64), 4),
            covariance,
        )

    def _square(self, grey: npt.NDArray[np.uint8], number: int, rough_px: FloatArray) -> Square:
        fine = square(grey, rough_px, self._black[number], self._camera)
        return rough_square(rough_px) if fine is None else fine
