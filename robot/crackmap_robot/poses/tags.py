"""Tags of a layout, found in a picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from crackmap.surfaces import Surface
from crackmap_robot.poses.tag_layout import TagLayout
from crackmap_robot.poses.transform import FloatArray


@dataclass(frozen=True)
class Corners:
    """What was seen of a layout: corners [n, 2] in pixels, their places [n, 3] on the surface, whose each is [n]."""

    pixels_px: FloatArray
    places_m: FloatArray
    tags: npt.NDArray[np.int64]


class TagFinder:
    """Finds the tags of one layout in pictures. Not for several threads at once."""

    def __init__(self, layout: TagLayout, surface: Surface | None = None) -> None:
        """Corners are refined to parts of a pixel. Without a surface it is a plane."""
        parameters = cv2.aruco.DetectorParameters()
        parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
        self._detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(layout.family), parameters)
        self._places = {number: tag.corners_m(surface) for number, tag in layout.tags.items()}

    def corners(self, pixels: npt.NDArray[np.uint8]) -> Corners:
        """What a picture (h, w, 3) RGB shows of the layout; other tags, and those that are seen twice, do not count."""
        found, numbers, _ = self._detector.detectMarkers(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
        seen: dict[int, list[FloatArray]] = {}
        for corners, number in zip(found, [] if numbers is None else map(int, np.ravel(numbers)), strict=True):
            if number in self._places:
                seen.setdefault(number, []).append(np.asarray(corners, np.float64).reshape(4, 2))
        once = {number: corners[0] for number, corners in seen.items() if len(corners) == 1}
        return Corners(
            np.concatenate([np.zeros((0, 2)), *once.values()]),
            np.concatenate([np.zeros((0, 3)), *(self._places[number] for number in once)]),
            np.repeat(np.array(list(once), np.int64), 4),
        )
