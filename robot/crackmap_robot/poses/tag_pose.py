"""The camera's pose from the picture itself: corners of tags on the surface, whose places are known."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from crackmap.messages import Camera, Pose
from crackmap_robot.poses.file import Missing
from crackmap_robot.poses.misfit import largest_ratio
from crackmap_robot.poses.tags import Corners
from crackmap_robot.poses.transform import FloatArray, quaternion

CORNER_SIGMA_PX = 0.2
"""Standard deviation of a corner's coordinate after refinement; more where the corners do not fit each other."""
WORST_RMS_PX = 3.0
"""Corners that are farther off than this, and than their sigmas allow, are of another layout or calibration."""
WORST_RATIO = 9.0
"""Three times the root mean square that the sigmas lead one to expect."""
AMBIGUITY = 2.0
"""A flat square far away looks alike from two sides; the second best pose must fit worse by this factor."""
SAME_RAD = 0.02
"""Two poses that are turned by less are the same, found twice."""
STEP = 1e-6
MOST_STEPS = 20


@dataclass(frozen=True)
class _Solution:
    """A pose that fits: optical frame to body frame (3, 3), the camera's place (3), the corners' misfits (n, 2)."""

    to_body: FloatArray
    position_m: FloatArray
    misfits_px: FloatArray

    @property
    def rms_px(self) -> float:
        """Root mean square of the misfits' coordinates."""
        return float(np.sqrt((self.misfits_px**2).mean()))


def pose_of(corners: Corners, camera: Camera, layout_sigma_m: float | None) -> Pose | Missing:
    """The pose that the corners were seen from, with its covariance; Missing with the cause where there is none.

    Least squares of the corners' misfits in the picture. With J the corners' derivatives by the pose's error and S
    their covariance (the corners' own, and each tag's place as a whole), the pose's is (JᵀJ)⁻¹ Jᵀ S J (JᵀJ)⁻¹. It is
    unknown where `layout_sigma_m` is.
    """
    if not len(corners.tags):
        return Missing("no tag of the layout is in the picture")
    found = _solutions(corners, camera)
    if not found:
        return Missing("no pose fits the tags")
    best = found[0]
    covariance, ratio = _covariance(best, corners, camera, layout_sigma_m or 0.0)
    if best.rms_px > WORST_RMS_PX and ratio > WORST_RATIO:
        return Missing(
            f"the tags do not fit their layout: {best.rms_px:.1f} px off; was one moved, or the focus changed?"
        )
    rivals = [other for other in found[1:] if _apart_rad(best, other) > SAME_RAD]
    if rivals and rivals[0].rms_px < AMBIGUITY * max(best.rms_px, CORNER_SIGMA_PX / 2):
        return Missing("the tags are too small in the picture: two poses fit them as well")
    x_m, y_m, z_m = best.position_m.tolist()
    return Pose(
        position_m=(x_m, y_m, z_m),
        orientation_xyzw=quaternion(best.to_body),
        covariance=None if layout_sigma_m is None else tuple(covariance.ravel().tolist()),
    )


def _solutions(corners: Corners, camera: Camera) -> list[_Solution]:
    """What fits, the better first; the same pose may be there twice.

    A plane is seen from two sides at most (Collins and Bartoli, "Infinitesimal plane-based pose estimation", 2014).
    Their method fails on some views that are tilted about one axis alone, so one more start comes from the homography.
    """
    matrix, lens = _optics(camera)
    middle_m = corners.places_m.mean(axis=0)  # near its own origin the solver is well conditioned
    places_m, pixels_px = corners.places_m - middle_m, corners.pixels_px
    found = []
    for method in (cv2.SOLVEPNP_IPPE, cv2.SOLVEPNP_ITERATIVE):
        try:
            turns, shifts = cv2.solvePnPGeneric(places_m, pixels_px, matrix, lens, flags=method)[1:3]
            refined = [
                cv2.solvePnPRefineLM(places_m, pixels_px, matrix, lens, *start)
                for start in zip(turns, shifts, strict=True)
            ]
        except cv2.error:
            continue
        for turn, shift in refined:
            to_body = np.asarray(cv2.Rodrigues(turn)[0], np.float64).T
            position_m = middle_m - to_body @ np.asarray(shift, np.float64).ravel()
            solution = _solution(corners, to_body, position_m, camera)
            if np.isfinite(solution.rms_px):
                found.append(_to_the_minimum(solution, corners, camera))
    return sorted(found, key=lambda solution: solution.rms_px)


def _solution(corners: Corners, to_body: FloatArray, position_m: FloatArray, camera: Camera) -> _Solution:
    misfits_px = corners.pixels_px - _seen_px(corners.places_m, to_body, position_m, camera)
    return _Solution(to_body, position_m, misfits_px)


def _to_the_minimum(start: _Solution, corners: Corners, camera: Camera) -> _Solution:
    """The best of some Gauss-Newton steps, of which the first may lead away.

    OpenCV's refinement may stop short of the minimum, which then looks like two.
    """
    best = here = start
    for _ in range(MOST_STEPS):
        step = np.linalg.lstsq(_slopes(here, corners.places_m, camera), here.misfits_px.ravel(), rcond=None)[0]
        to_body = np.asarray(cv2.Rodrigues(step[3:])[0]) @ here.to_body
        here = _solution(corners, to_body, here.position_m + step[:3], camera)
        if not np.isfinite(here.rms_px) or np.abs(step).max() < STEP:
            break
        best = min(best, here, key=lambda solution: solution.rms_px)
    return best


def _covariance(best: _Solution, corners: Corners, camera: Camera, layout_sigma_m: float) -> tuple[FloatArray, float]:
    """The pose's (6, 6), enlarged where the corners fit worse than chance allows; and how well they fit, 1: as said.

    With P = I − J (JᵀJ)⁻¹ Jᵀ the misfits are P n for errors n of covariance S, so that their sum of squares, weighted
    by S⁻¹, is tr(S⁻¹ P S P) on average.
    """
    slopes = _slopes(best, corners.places_m, camera)
    count = len(slopes)
    seen = CORNER_SIGMA_PX**2 * np.eye(count)
    for number in np.unique(corners.tags):
        rows = np.repeat(corners.tags == number, 2)
        # A tag that lies elsewhere moves its corners as a camera does that moves the other way.
        moved = -slopes[rows, :2] * layout_sigma_m
        seen[np.ix_(rows, rows)] += moved @ moved.T
    solver = np.linalg.solve(slopes.T @ slopes, slopes.T)
    rest = np.eye(count) - slopes @ solver
    misfits = best.misfits_px.ravel()
    expected = float(np.trace(np.linalg.solve(seen, rest @ seen @ rest)))
    ratio = float(misfits @ np.linalg.solve(seen, misfits)) / expected
    full = solver @ seen @ solver.T * (ratio if ratio > largest_ratio(count - 6) else 1.0)
    return (full + full.T) / 2, ratio


def _slopes(solution: _Solution, places_m: FloatArray, camera: Camera) -> FloatArray:
    """(2 n, 6): pixels by (x, y, z, rx, ry, rz), the rotation a small one in the body frame; by differences."""
    columns = []
    for axis in range(6):
        error = np.zeros(6)
        error[axis] = STEP
        ahead, behind = (
            _seen_px(
                places_m, np.asarray(cv2.Rodrigues(e[3:])[0]) @ solution.to_body, solution.position_m + e[:3], camera
            )
            for e in (error, -error)
        )
        columns.append((ahead - behind).ravel() / (2 * STEP))
    return np.stack(columns, axis=1)


def _seen_px(places_m: FloatArray, to_body: FloatArray, position_m: FloatArray, camera: Camera) -> FloatArray:
    """Where places (n, 3) are seen (n, 2)."""
    turn = cv2.Rodrigues(to_body.T)[0]
    seen = cv2.projectPoints(places_m, turn, -to_body.T @ position_m, *_optics(camera))[0]
    return np.asarray(seen, np.float64).reshape(-1, 2)


def _optics(camera: Camera) -> tuple[FloatArray, FloatArray]:
    matrix = np.array([[camera.fx_px, 0, camera.cx_px], [0, camera.fy_px, camera.cy_px], [0, 0, 1]])
    return matrix, np.array(camera.distortion)


def _apart_rad(one: _Solution, other: _Solution) -> float:
    """The angle between two attitudes."""
    return float(np.arccos(np.clip((np.trace(one.to_body @ other.to_body.T) - 1) / 2, -1, 1)))
