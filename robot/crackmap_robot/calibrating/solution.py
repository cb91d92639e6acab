"""Corners of a board in many photographs → the camera. Pure.

Zhang, "A flexible new technique for camera calibration" (2000), as OpenCV solves it, with Brown and Conrady's lens.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from crackmap.errors import InputError
from crackmap_robot.calibrating.board import FloatArray, SeenBoard
from crackmap_robot.calibration import PARAMETERS

FEWEST_VIEWS = 5
GOOD_VIEWS = 12
OUTLIER_RATIO = 4.0
"""A view whose misfit is so many times the median one shows a board that bent or moved, or was misread."""
OUTLIER_PX = 1.0
GRID = (8, 6)
GOOD_COVERAGE = 0.8
GOOD_TILT_RAD = math.radians(20)
GOOD_FOCAL_SIGMA = 0.002
GOOD_RMS_PX = 1.0
POSE = 6


@dataclass(frozen=True)
class View:
    """One photograph as the solution sees it: where its corners are and by how much they miss (n, 2)."""

    label: str
    pixels_px: FloatArray
    misfits_px: FloatArray
    tilt_rad: float
    """Between the board's normal and the line of sight."""

    @property
    def rms_px(self) -> float:
        """Root mean square distance."""
        return float(np.sqrt((self.misfits_px**2).sum(axis=1).mean()))


@dataclass(frozen=True)
class Solution:
    """`values` and `covariance` (9, 9) in the order of `PARAMETERS`; pixels for the first four."""

    width_px: int
    height_px: int
    values: tuple[float, ...]
    covariance: FloatArray
    views: tuple[View, ...]
    left_out: tuple[str, ...]
    """Labels of views that do not fit the others."""

    @property
    def sigmas(self) -> tuple[float, ...]:
        """The values' standard deviations."""
        return tuple(np.sqrt(np.diag(self.covariance)).tolist())

    @property
    def rms_px(self) -> float:
        """Root mean square distance of a corner from where the camera should see it."""
        misfits = np.concatenate([view.misfits_px for view in self.views])
        return float(np.sqrt((misfits**2).sum(axis=1).mean()))

    @property
    def coverage(self) -> float:
        """Share of the picture's 8 × 6 fields in which a corner was seen."""
        corners = np.concatenate([view.pixels_px for view in self.views])
        fields = np.floor((corners + 0.5) / (self.width_px, self.height_px) * GRID).astype(int)
        return len(np.unique(np.clip(fields, 0, np.array(GRID) - 1), axis=0)) / (GRID[0] * GRID[1])

    def doubts(self) -> list[str]:
        """What would make it better, each a sentence; none for a calibration to rely on."""
        found = []
        if len(self.views) < GOOD_VIEWS:
            found.append(f"only {len(self.views)} photographs: take {GOOD_VIEWS} or more")
        if self.coverage < GOOD_COVERAGE:
            found.append(
                f"the board was seen in {100 * self.coverage:.0f} % of the picture: the lens is guessed in the rest. "
                "Hold it into the corners too"
            )
        steepest = max(view.tilt_rad for view in self.views)
        if steepest < GOOD_TILT_RAD:
            found.append(
                f"no photograph shows the board tilted by more than {math.degrees(steepest):.0f} degrees: focal length "
                "and distance cannot be told apart. Tilt it by 30 to 45"
            )
        if self.sigmas[0] > GOOD_FOCAL_SIGMA * self.values[0]:
            percent = 100 * self.sigmas[0] / self.values[0]
            found.append(f"the focal length is known to {percent:.1f} % only: take more, from nearer")
        if self.rms_px > GOOD_RMS_PX:
            found.append(f"corners miss by {self.rms_px:.1f} px: is the board flat, and every photograph sharp?")
        if self.left_out:
            found.append(f"{', '.join(self.left_out)} did not fit the others and was left out")
        return found


def solve(seen: Sequence[SeenBoard], width_px: int, height_px: int) -> Solution:
    """The camera that sees the board's corners where they were found, in the sense of least squares.

    Raises InputError with fewer than five photographs, or when no camera does.
    """
    kept = list(seen)
    left_out: list[str] = []
    while True:
        if len(kept) < FEWEST_VIEWS:
            raise InputError(
                f"the board was found in {len(kept)} photographs that fit each other; {FEWEST_VIEWS} is the least, "
                f"{GOOD_VIEWS} are good. Are --columns, --rows and the kind of board right? Count squares, not corners."
            )
        solution = _solved(kept, width_px, height_px)
        misfits = np.array([view.rms_px for view in solution.views])
        worst = int(misfits.argmax())
        if misfits[worst] < max(OUTLIER_PX, OUTLIER_RATIO * float(np.median(misfits))):
            return Solution(
                width_px, height_px, solution.values, solution.covariance, solution.views, tuple(sorted(left_out))
            )
        left_out.append(kept.pop(worst).label)


def _solved(seen: Sequence[SeenBoard], width_px: int, height_px: int) -> Solution:
    places = [view.places_m.astype(np.float32) for view in seen]
    pixels = [view.pixels_px.astype(np.float32) for view in seen]
    try:
        _, matrix, lens, turns, shifts = cv2.calibrateCamera(
            places, pixels, (width_px, height_px), np.eye(3), np.zeros(5)
        )
    except cv2.error as error:
        raise InputError(
            "no camera sees the board's corners where they were found. Are --columns and --rows right, and the "
            "photographs of one camera at one focus?"
        ) from error
    views = []
    normal_equations, freedom = np.zeros((len(PARAMETERS), len(PARAMETERS))), -len(PARAMETERS)
    for view, turn, shift in zip(seen, turns, shifts, strict=True):
        seen_px, slopes = cv2.projectPoints(view.places_m, turn, shift, matrix, lens)
        expected = np.asarray(seen_px, np.float64).reshape(-1, 2)
        normal_equations += _without_pose(np.asarray(slopes, np.float64))
        freedom += slopes.shape[0] - POSE
        to_camera = np.asarray(cv2.Rodrigues(turn)[0], np.float64)
        normal, middle = to_camera[:, 2], to_camera @ view.places_m.mean(axis=0) + np.asarray(shift).ravel()
        tilt_rad = math.acos(min(1.0, abs(float(normal @ middle)) / float(np.linalg.norm(middle))))
        views.append(View(view.label, view.pixels_px, view.pixels_px - expected, tilt_rad))
    found = (matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2], *np.asarray(lens).ravel()[:5])
    values = tuple(float(value) for value in found)
    if not all(map(math.isfinite, values)) or min(values[:2]) <= 0:
        raise InputError("no camera sees the board's corners where they were found. Take sharper photographs.")
    variance = sum(float((view.misfits_px**2).sum()) for view in views) / freedom
    return Solution(width_px, height_px, values, variance * _inverse(normal_equations), tuple(views), ())


def _inverse(normal_equations: FloatArray) -> FloatArray:
    """Scaled first, as pixels and coefficients differ by orders of magnitude. Raises InputError."""
    scale = 1 / np.sqrt(np.diag(normal_equations))
    try:
        inverse = np.linalg.inv(normal_equations * np.outer(scale, scale))
    except np.linalg.LinAlgError:
        raise InputError("the photographs leave the camera free. Take more, with the board tilted.") from None
    result: FloatArray = np.outer(scale, scale) * (inverse + inverse.T) / 2
    return result


def _without_pose(slopes: FloatArray) -> FloatArray:
    """What one view adds to the camera's normal equations (9, 9), its own pose being free: Schur's complement.

    `slopes` (2 n, 15) are OpenCV's: by the pose (6), the focal lengths, the centre and the lens.
    """
    by_pose, by_camera = slopes[:, :POSE], slopes[:, POSE:]
    mixed = by_pose.T @ by_camera
    result: FloatArray = by_camera.T @ by_camera - mixed.T @ np.linalg.solve(by_pose.T @ by_pose, mixed)
    return result
