"""The lens: pixels to directions, and back. OpenCV's pinhole with plumb-bob distortion, in float64.

Normalised coordinates (x, y) are the direction (x, y, 1) in the optical frame. With r² = x² + y² the lens moves them to
    x' = x (1 + k1 r² + k2 r⁴ + k3 r⁶) + 2 p1 x y + p2 (r² + 2 x²)
    y' = y (1 + k1 r² + k2 r⁴ + k3 r⁶) + p1 (r² + 2 y²) + 2 p2 x y
(OpenCV, Camera Calibration and 3D Reconstruction; Brown, Close-range camera calibration, 1971).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crackmap.messages import Camera
from crackmap_robot.projection.errors import NoView

FloatArray = npt.NDArray[np.float64]

RADII = np.linspace(0.0, 12.0, 4001)
"""Where the radial terms are looked at; r = 12 is 85.2 degrees off the optical axis."""
TOLERANCE = 1e-9
"""Normalised coordinates: a millionth of a pixel at a focal length of 1,000."""
STEPS = 20


def distorted(points: FloatArray, camera: Camera) -> tuple[FloatArray, FloatArray]:
    """Where the lens moves normalised `points` (n, 2): the points (n, 2) and the Jacobians (n, 2, 2)."""
    k1, k2, p1, p2, k3 = camera.distortion
    x, y = points[:, 0], points[:, 1]
    xx, xy, yy = x * x, x * y, y * y
    r2 = xx + yy
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    slope = 2 * (k1 + r2 * (2 * k2 + r2 * 3 * k3))  # d(radial)/dx = x slope
    moved = np.empty_like(points)
    moved[:, 0] = x * radial + 2 * p1 * xy + p2 * (r2 + 2 * xx)
    moved[:, 1] = y * radial + p1 * (r2 + 2 * yy) + 2 * p2 * xy
    jacobian = np.empty((len(points), 2, 2))
    jacobian[:, 0, 0] = radial + xx * slope + 2 * p1 * y + 6 * p2 * x
    jacobian[:, 0, 1] = jacobian[:, 1, 0] = xy * slope + 2 * p1 * x + 2 * p2 * y
    jacobian[:, 1, 1] = radial + yy * slope + 6 * p1 * y + 2 * p2 * x
    return moved, jacobian


def undistorted(pixels_px: FloatArray, camera: Camera) -> FloatArray:
    """Normalised coordinates (n, 2) of pixels (n, 2), by Newton's method to 1e-9.

    A strong barrel polynomial folds back at some radius: pixels farther out than the fold show nothing that the model
    can explain, and a solution behind the fold is none. Raises NoView for them.
    """
    target = (pixels_px - (camera.cx_px, camera.cy_px)) / (camera.fx_px, camera.fy_px)
    radii, moved_radii = _radial_table(camera)
    # Start from the inverse without the tangential terms.
    radius = np.hypot(target[:, 0], target[:, 1])
    points: FloatArray = target * (np.interp(radius, moved_radii, radii) / np.maximum(radius, 1e-12))[:, None]
    for _ in range(STEPS):
        moved, jacobian = distorted(points, camera)
        step = _solved(jacobian, target - moved)
        points += step
        if np.abs(step).max(initial=0.0) < TOLERANCE:
            break
    moved, jacobian = distorted(points, camera)
    solved = np.abs(moved - target).max(axis=1) < TOLERANCE
    solved &= (_determinant(jacobian) > 0) & (np.hypot(points[:, 0], points[:, 1]) <= radii[-1] + RADII[1])
    if not solved.all():
        x, y = pixels_px[np.argmin(solved)]
        raise NoView(f"the lens distortion cannot be inverted at pixel ({x:g}, {y:g}): the calibration does not fit")
    return points


def pixel_slopes(points: FloatArray, camera: Camera) -> FloatArray:
    """d(normalised x, y) / d(pixel x, y) at normalised `points` (n, 2), shape (n, 2, 2)."""
    _, jacobian = distorted(points, camera)
    return np.asarray(np.linalg.inv(jacobian) / (camera.fx_px, camera.fy_px), np.float64)


def calibration_slopes(points: FloatArray, camera: Camera) -> FloatArray:
    """d(normalised x, y)/d(fx, fy, cx, cy, k1, k2, p1, p2, k3) of pixels that stay where they are, shape (n, 2, 9).

    A pixel is p = f · x'(x, k) + c, so dx = −(dp/dx)⁻¹ dp at a fixed x.
    """
    moved, _ = distorted(points, camera)
    x, y = points.T
    r2 = x * x + y * y
    by_pixel = np.zeros((len(points), 2, 9))
    by_pixel[:, 0, 0], by_pixel[:, 1, 1] = moved.T
    by_pixel[:, 0, 2] = by_pixel[:, 1, 3] = 1.0
    radial = np.stack([r2, r2 * r2, r2**3], axis=1)
    by_pixel[:, :, [4, 5, 8]] = points[:, :, None] * radial[:, None, :]
    by_pixel[:, 0, 6] = by_pixel[:, 1, 7] = 2 * x * y
    by_pixel[:, 1, 6], by_pixel[:, 0, 7] = r2 + 2 * y * y, r2 + 2 * x * x
    by_pixel[:, :, 4:] *= np.array([camera.fx_px, camera.fy_px])[:, None]
    result: FloatArray = -pixel_slopes(points, camera) @ by_pixel
    return result


def _radial_table(camera: Camera) -> tuple[FloatArray, FloatArray]:
    """Radii and where the radial terms move them, as far out as that grows."""
    k1, k2, _, _, k3 = camera.distortion
    r2 = RADII * RADII
    grows = 1 + r2 * (3 * k1 + r2 * (5 * k2 + r2 * 7 * k3)) > 0
    count = len(RADII) if grows.all() else int(np.argmin(grows))
    return RADII[:count], (RADII * (1 + r2 * (k1 + r2 * (k2 + r2 * k3))))[:count]


def _determinant(matrices: FloatArray) -> FloatArray:
    result: FloatArray = matrices[:, 0, 0] * matrices[:, 1, 1] - matrices[:, 0, 1] * matrices[:, 1, 0]
    return result


def _solved(matrices: FloatArray, right: FloatArray) -> FloatArray:
    """2 × 2 systems; a step of at most 0.5 keeps Newton on its sheet, a singular one stays where it is."""
    determinant = _determinant(matrices)
    safe = np.where(np.abs(determinant) < 1e-12, np.inf, determinant)
    step: FloatArray = np.empty_like(right)
    step[:, 0] = (matrices[:, 1, 1] * right[:, 0] - matrices[:, 0, 1] * right[:, 1]) / safe
    step[:, 1] = (matrices[:, 0, 0] * right[:, 1] - matrices[:, 1, 0] * right[:, 0]) / safe
    return np.clip(step, -0.5, 0.5)
