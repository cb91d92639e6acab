"""The truth against the server's answers. Pure.

A crack is found when at least half of its photographed length lies inside footprints of detections. A detection is
false when its footprint, grown by 10 mm, touches no true crack; false ones whose centres are within a tile's diagonal
count as one cluster. Position error: where a detection was placed against where the middle of that tile truly looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crackmap_robot.demo.answers import Detection
from crackmap_robot.demo.footprints import cluster_count, near
from crackmap_robot.renderer import Pose, SimulatedCamera, TrueCrack, pixels_of, surface_points_m

FloatArray = npt.NDArray[np.float64]

FOUND_SHARE = 0.5
FALSE_BEYOND_M = 0.010
ELLIPSE_95 = 5.991
"""95 % quantile of chi-square with two degrees of freedom."""
STEP_M = 0.001
"""Cracks are looked at every millimetre."""
CELL_M = 0.01
"""Photographed area is counted in cells of this size."""


@dataclass(frozen=True)
class CrackFigures:
    """What became of one true crack."""

    crack_id: str
    length_m: float
    width_mm: float
    photographed_m: float
    found_m: float

    @property
    def share(self) -> float:
        """Of the photographed length, how much lies in detections."""
        return self.found_m / self.photographed_m if self.photographed_m else 0.0

    @property
    def found(self) -> bool:
        return self.share >= FOUND_SHARE


@dataclass(frozen=True)
class PositionFigures:
    """Errors of the detections' places; `nees` is about 2 where the stated covariances are honest."""

    median_mm: float
    p95_mm: float
    nees: float | None
    inside_ellipse_95: float | None


def crack_figures(
    cracks: Sequence[TrueCrack], detections: Sequence[Detection], camera: SimulatedCamera, poses: Sequence[Pose]
) -> tuple[CrackFigures, ...]:
    """One for each crack, in order."""
    results = []
    for crack in cracks:
        points, widths = _every_millimetre(crack)
        seen = photographed(points, camera, poses)
        found = np.zeros(len(points), bool)
        for detection in detections:
            found |= near(points, np.array(detection.corners_m), 0.0)
        step_m = crack.length_m / len(points)
        results.append(
            CrackFigures(
                crack_id=crack.crack_id,
                length_m=crack.length_m,
                width_mm=float(np.median(widths)),
                photographed_m=step_m * int(seen.sum()),
                found_m=step_m * int((found & seen).sum()),
            )
        )
    return tuple(results)


def false_detections(cracks: Sequence[TrueCrack], detections: Sequence[Detection]) -> tuple[int, int]:
    """Number of false tiles, and of clusters that they form."""
    points = np.concatenate([_every_millimetre(crack)[0] for crack in cracks]) if cracks else np.empty((0, 2))
    footprints = [np.array(detection.corners_m) for detection in detections]
    wrong = [corners for corners in footprints if not near(points, corners, FALSE_BEYOND_M).any()]
    if not wrong:
        return 0, 0
    diagonal_m = max(float(np.hypot(*(corners[2] - corners[0]))) for corners in wrong)
    return len(wrong), cluster_count(np.array(wrong), diagonal_m)


def position_figures(
    detections: Sequence[Detection], camera: SimulatedCamera, true_poses: Sequence[Pose]
) -> PositionFigures | None:
    """`true_poses` are those of the detections' frames, one for each detection. None without detections."""
    if not detections:
        return None
    errors, nees = [], []
    for detection, pose in zip(detections, true_poses, strict=True):
        middle = [detection.x_px + (detection.width_px - 1) / 2, detection.y_px + (detection.height_px - 1) / 2]
        error = surface_points_m(camera, pose, np.array([middle]))[0] - [detection.u_m, detection.v_m]
        errors.append(1000 * float(np.hypot(*error)))
        if detection.covariance_m2 is not None:
            uu, uv, vv = detection.covariance_m2
            nees.append(float(error @ np.linalg.solve([[uu, uv], [uv, vv]], error)))
    return PositionFigures(
        median_mm=float(np.median(errors)),
        p95_mm=float(np.quantile(errors, 0.95)),
        nees=float(np.mean(nees)) if nees else None,
        inside_ellipse_95=float(np.mean(np.array(nees) <= ELLIPSE_95)) if nees else None,
    )


def photographed(points_m: FloatArray, camera: SimulatedCamera, poses: Sequence[Pose]) -> npt.NDArray[np.bool_]:
    """Which points (n, 2) are in a picture taken from one of the true poses, (n,)."""
    right, bottom = camera.width_px - 0.5, camera.height_px - 0.5
    side = np.linspace(0, 1, 9)
    edge = [(x, y) for t in side for x, y in ((t, 0), (t, 1), (0, t), (1, t))]
    border = np.array(edge) * [camera.width_px, camera.height_px] - 0.5
    seen = np.zeros(len(points_m), bool)
    for pose in poses:
        # Only points near the picture: far outside, a lens polynomial may fold back into it.
        outline = surface_points_m(camera, pose, border)
        chosen = ~seen & ((points_m >= outline.min(axis=0)) & (points_m <= outline.max(axis=0))).all(axis=1)
        x, y = pixels_of(camera, pose, points_m[chosen]).T
        seen[chosen] = (x >= -0.5) & (x <= right) & (y >= -0.5) & (y <= bottom)
    return seen


def photographed_m2(camera: SimulatedCamera, poses: Sequence[Pose]) -> float:
    """Area that is in a picture, counted in cells of 1 cm; what lies beside the wall counts, too."""
    corners_px = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * [camera.width_px, camera.height_px] - 0.5
    outlines = np.concatenate([surface_points_m(camera, pose, corners_px) for pose in poses])
    low, high = outlines.min(axis=0) - 0.05, outlines.max(axis=0) + 0.05
    u, v = (np.arange(start + CELL_M / 2, end, CELL_M) for start, end in zip(low, high, strict=True))
    cells = np.stack(np.meshgrid(u, v), axis=-1).reshape(-1, 2)
    return float(photographed(cells, camera, poses).sum()) * CELL_M**2


def _every_millimetre(crack: TrueCrack) -> tuple[FloatArray, FloatArray]:
    """Points (n, 2) along the centre line, and the width in mm there."""
    along = np.r_[0.0, np.cumsum(np.hypot(*np.diff(crack.polyline_m, axis=0).T))]
    count = max(1, round(along[-1] / STEP_M))
    at = (np.arange(count) + 0.5) * along[-1] / count
    u, v = (np.interp(at, along, crack.polyline_m[:, axis]) for axis in (0, 1))
    return np.column_stack([u, v]), np.interp(at, along, crack.width_mm)
