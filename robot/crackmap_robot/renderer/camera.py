"""The simulated camera: lens geometry and the exact answer to "where on the surface does this pixel look?"."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from crackmap.errors import InputError
from crackmap_robot.renderer.arrays import FloatArray, SmallFloatArray
from crackmap_robot.renderer.pose import Pose

NEWTON_STEPS = 20
NEWTON_DONE = 1e-13
"""Normalised coordinates; 1e-9 px at any usual focal length."""


@dataclass(frozen=True)
class SimulatedCamera:
    """A pinhole camera with the Brown–Conrady lens of OpenCV and ROS "plumb_bob", and its sensor's faults."""

    width_px: int = 1600
    height_px: int = 1200
    fx: float = 1750.0
    fy: float = 1750.0
    cx: float = 799.5
    cy: float = 599.5
    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    k3: float = 0.0
    exposure: float = 1.0
    """Factor on all light; 1 photographs a reflectance of 1 as 255."""
    white_balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    vignette: float = 0.0
    """Share of light missing in the farthest corner."""
    blur_px: float = 0.0
    """Standard deviation of the lens's blur."""
    shot_noise: float = 0.0
    """Standard deviation at full white, linear; grows with the root of the light."""
    read_noise: float = 0.0
    """Standard deviation in the dark, linear."""
    jpeg_quality: int = 93

    def __post_init__(self) -> None:
        if self.width_px < 1 or self.height_px < 1 or self.fx <= 0 or self.fy <= 0:
            raise InputError(f"SimulatedCamera: size and focal lengths must be over zero, got {self}")
        if not 1 <= self.jpeg_quality <= 100:
            raise InputError(f"SimulatedCamera: jpeg_quality {self.jpeg_quality} must be 1 to 100")

    @property
    def lens(self) -> tuple[float, float, float, float, float]:
        """k1, k2, p1, p2, k3."""
        return self.k1, self.k2, self.p1, self.p2, self.k3


def surface_points_m(camera: SimulatedCamera, pose: Pose, pixels: FloatArray) -> FloatArray:
    """Where pixels look: (n, 2) fractional column, row → (n, 2) u, v in metres on the plane w = 0, float64.

    NaN for a pixel that looks past the surface (away from it or along it).
    """
    pixels = np.asarray(pixels, np.float64)
    x, y = undistorted((pixels[:, 0] - camera.cx) / camera.fx, (pixels[:, 1] - camera.cy) / camera.fy, camera.lens)
    rays = np.column_stack([x, y, np.ones_like(x)]) @ pose.rotation().T
    position = np.array(pose.position_m)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = -position[2] / rays[:, 2]
        points: FloatArray = position[:2] + reach[:, None] * rays[:, :2]
    points[~(reach > 0)] = np.nan
    return points


def pixels_of(camera: SimulatedCamera, pose: Pose, points_m: FloatArray) -> FloatArray:
    """Where surface points are seen: (n, 2) u, v → (n, 2) fractional column, row; NaN for points behind the camera."""
    points = np.column_stack([points_m, np.zeros(len(points_m))]) - np.array(pose.position_m)
    seen = points @ pose.rotation()
    seen[seen[:, 2] <= 0] = np.nan
    x, y = distorted(seen[:, 0] / seen[:, 2], seen[:, 1] / seen[:, 2], camera.lens)
    return np.column_stack([camera.fx * x + camera.cx, camera.fy * y + camera.cy])


def distorted(
    x: FloatArray, y: FloatArray, lens: tuple[float, float, float, float, float]
) -> tuple[FloatArray, FloatArray]:
    """Normalised pinhole coordinates → normalised picture coordinates (Brown–Conrady; k1, k2, p1, p2, k3)."""
    k1, k2, p1, p2, k3 = lens
    r2 = x * x + y * y
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    return (
        x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
        y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
    )


def undistorted(
    x: FloatArray, y: FloatArray, lens: tuple[float, float, float, float, float]
) -> tuple[FloatArray, FloatArray]:
    """The inverse of :func:`distorted` by Newton's method with the exact 2×2 Jacobian."""
    k1, k2, p1, p2, k3 = lens
    if not any(lens):
        return x.copy(), y.copy()
    u, v = x.copy(), y.copy()
    for _ in range(NEWTON_STEPS):
        seen_x, seen_y = distorted(u, v, lens)
        error_x, error_y = seen_x - x, seen_y - y
        r2 = u * u + v * v
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        slope = k1 + r2 * (2 * k2 + 3 * r2 * k3)  # d radial / d r²
        xx = radial + 2 * u * u * slope + 2 * p1 * v + 6 * p2 * u
        yy = radial + 2 * v * v * slope + 6 * p1 * v + 2 * p2 * u
        xy = 2 * u * v * slope + 2 * p1 * u + 2 * p2 * v  # symmetric
        determinant = xx * yy - xy * xy
        step_x = (yy * error_x - xy * error_y) / determinant
        step_y = (xx * error_y - xy * error_x) / determinant
        u, v = u - step_x, v - step_y
        if max(np.abs(step_x).max(initial=0), np.abs(step_y).max(initial=0)) < NEWTON_DONE:
            break
    return u, v


def pixel_rays(camera: SimulatedCamera) -> SmallFloatArray:
    """(2, height, width) float32: x, y of each pixel's ray at depth 1 in the optical frame; kept for a few cameras."""
    return _pixel_rays(camera.width_px, camera.height_px, (camera.fx, camera.fy, camera.cx, camera.cy), camera.lens)


@lru_cache(maxsize=4)
def _pixel_rays(
    width_px: int,
    height_px: int,
    pinhole: tuple[float, float, float, float],
    lens: tuple[float, float, float, float, float],
) -> SmallFloatArray:
    fx, fy, cx, cy = pinhole
    rays = np.empty((2, height_px, width_px), np.float32)
    x = (np.arange(width_px) - cx) / fx
    for row in range(0, height_px, 64):
        y = (np.arange(row, min(row + 64, height_px)) - cy) / fy
        column_x, column_y = np.meshgrid(x, y)
        rays[0, row : row + 64], rays[1, row : row + 64] = undistorted(column_x, column_y, lens)
    rays.setflags(write=False)
    return rays
