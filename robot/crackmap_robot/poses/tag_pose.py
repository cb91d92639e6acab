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

WORST_RMS_PX = 3.0
"""Corners that are farther off than this, and than their sigmas allow, are of another layout or calibration."""
WORST_RATIO = 9.0
"""Three times the root mean square that the sigmas lead one to expect."""
AMBIGUITY = 16.0
"""A flat square far away looks alike from two sides; the second best pose's chi-square must be more by this, which odds
of 3,000 to 1 make (and by more where not even the best one's is as it should be)."""
SAME_RAD = 0.02
"""Two poses that are turned by less are the same, found twice."""
STEP = 1e-6
MOST_STEPS = 20


@dataclass(frozen=True)
class _Solution:
    """A pose that fits: optical frame to body frame (3, 3), the camera's place (3), the corners' misfits (n, 2).

    `chi2` is the sum of squares of the misfits in their sigmas.
    """

    to_body: FloatArray
    position_m: FloatArray
    misfits_px: FloatArray
    chi2: float

    @property
    def rms_px(self) -> float:
        """Root mean square of the misfits' coordinates."""
        return float(np.sqrt((self.misfits_px**2).mean()))


def pose_of(corners: Corners, camera: Camera, layout_sigma_m: float | None) -> Pose | Missing:
    """The pose that the corners were seen from, with its covariance; Missing with the cause where there is none.

    Least squares of the corners' misfits in the picture. With J the corners' derivatives by the pose's error and S
    their covariance (the corners' own, and each tag's place as a whole), by which they are weighted, the pose's is
    (Jᵀ S⁻¹ J)⁻¹. It is unknown where `layout_sigma_m` is.
    """
    if not len(corners.tags):
        return Missing("no tag of the layout is in the picture")
    found = _solutions(corners, camera, layout_sigma_m or 0.0)
    if not found:
        return Missing("no pose fits the tags")
    best = found[0]
    covariance, ratio = _covariance(best, corners, camera, layout_sigma_m or 0.0)
    if best.rms_px > WORST_RMS_PX and ratio > WORST_RATIO:
        return Missing(
            f"the tags do not fit their layout: {best.rms_px:.1f} px off; was one moved, or the focus changed?"
        )
    rivals = [other for other in found[1:] if _apart_rad(best, other) > SAME_RAD]
    too_large = ratio / largest_ratio(corners.pixels_px.size - 6)
    if rivals and rivals[0].chi2 - best.chi2 < AMBIGUITY * max(1.0, too_large):
        return Missing("the tags are too small in the picture: two poses fit them as well")
    x_m, y_m, z_m = best.position_m.tolist()
    return Pose(
        position_m=(x_m, y_m, z_m),
        orientation_xyzw=quaternion(best.to_body),
        covariance=None if layout_sigma_m is None else tuple(covariance.ravel().tolist()),
    )


def _solutions(corners: Corners, camera: Camera, layout_sigma_m: float) -> list[_Solution]:
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
            solution = _to_the_minimum(to_body, position_m, corners, camera, layout_sigma_m)
            if solution is not None:
                found.append(solution)
    return sorted(found, key=lambda solution: solution.chi2)


def _to_the_minimum(
    to_body: FloatArray, position_m: FloatArray, corners: Corners, camera: Camera, layout_sigma_m: float
) -> _Solution | None:
    """The best of some Gauss-Newton steps from a start, of which the first may lead away; None where it is no pose.

    OpenCV's refinement may stop short of the minimum, which then looks like two. It knows no sigmas, either.
    """
    if not np.isfinite(_seen_px(corners.places_m, to_body, position_m, camera)).all():
        return None
    whitener = _whitener(to_body, position_m, corners, camera, layout_sigma_m)
    best: _Solution | None = None
    for _ in range(MOST_STEPS):
        misfits_px = corners.pixels_px - _seen_px(corners.places_m, to_body, position_m, camera)
        weighted = whitener @ misfits_px.ravel()
        here = _Solution(to_body, position_m, misfits_px, float(weighted @ weighted))
        if not np.isfinite(here.chi2):
            break
        best = here if best is None or here.chi2 < best.chi2 else best
        slopes = whitener @ _slopes(to_body, position_m, corners.places_m, camera)
        step = np.linalg.lstsq(slopes, weighted, rcond=None)[0]
        to_body, position_m = np.asarray(cv2.Rodrigues(step[3:])[0]) @ to_body, position_m + step[:3]
        if np.abs(step).max() < STEP:
            break
    return best


def _whitener(
    to_body: FloatArray, position_m: FloatArray, corners: Corners, camera: Camera, layout_sigma_m: float
) -> FloatArray:
    """(2 n, 2 n): W with WᵀW = S⁻¹, of the corners' errors as they are seen from there."""
    slopes = _slopes(to_body, position_m, corners.places_m, camera)
    seen = corners.covariance_px2.copy()
    for number in np.unique(corners.tags):
        rows = np.repeat(corners.tags == number, 2)
        # A tag that lies elsewhere moves its corners as a camera does that moves the other way.
        moved = -slopes[rows, :2] * layout_sigma_m
        seen[np.ix_(rows, rows)] += moved @ moved.T
    return np.asarray(np.linalg.inv(np.linalg.cholesky(seen)))


def _covariance(best: _Solution, corners: Corners, camera: Camera, layout_sigma_m: float) -> tuple[FloatArray, float]:
    """The pose's (6, 6), enlarged where the corners fit worse than chance allows; and how well they fit, 1: as said."""
    whitener = _whitener(best.to_body, best.position_m, corners, camera, layout_sigma_m)
    slopes = whitener @ _slopes(best.to_body, best.position_m, corners.places_m, camera)
    misfits = whitener @ best.misfits_px.ravel()
    freedom = len(misfits) - 6
    ratio = float(misfits @ misfits) / freedom
    full = np.linalg.inv(slopes.T @ slopes) * (ratio if ratio > largest_ratio(freedom) else 1.0)
    return (full + full.T) / 2, ratio


def _slopes(to_body: FloatArray, position_m: FloatArray, places_m: FloatArray, camera: Camera) -> FloatArray:
    """(2 n, 6): pixels by (x, y, z, rx, ry, rz), the rotation a small one in the body frame; by differences."""
    columns = []
    for axis in range(6):
        error = np.zeros(6)
        error[axis] = STEP
        ahead, behind = (
            _seen_px(places_m, np.asarray(cv2.Rodrigues(e[3:])[0]) @ to_body, position_m + e[:3], camera)
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
