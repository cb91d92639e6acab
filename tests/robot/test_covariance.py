"""Stated position errors are the real ones: neither too small nor too large."""

from __future__ import annotations

import math
from uuid import UUID

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crackmap.messages import Camera, Placed, Pose
from crackmap.tile_grid import TileGrid
from crackmap_robot.projection import chart_points, place
from crackmap_robot.projection.covariance import pose_slopes
from crackmap_robot.projection.lens import undistorted
from crackmap_robot.projection.lines import directions, lines_of
from crackmap_robot.projection.plane import Plane
from crackmap_robot.renderer import looking_at

CAMERA = Camera(
    name="simulated",
    width_px=1600,
    height_px=1200,
    fx_px=1500,
    fy_px=1510,
    cx_px=790,
    cy_px=610,
    distortion=(-0.2, 0.05, 0.001, -0.001, 0),
)
GRID = TileGrid(1600, 1200, 227, 227)
DRAWS = 2500
SIGMAS = (0.003, 0.002, 0.004, 0.004, 0.003, 0.005)  # metres and radians
CORRELATIONS = np.random.default_rng(3).normal(0, 0.35, (6, 6)) + np.eye(6)


def covariance_of(sigmas: tuple[float, ...] = SIGMAS) -> np.ndarray:
    """(6, 6) with every pair of errors correlated."""
    full = CORRELATIONS @ CORRELATIONS.T
    scale = np.array(sigmas) / np.sqrt(np.diag(full))
    return np.asarray(full * np.outer(scale, scale))


def tilted(tilt_rad: float, covariance: np.ndarray | None = None) -> Pose:
    true = looking_at((2.0, 1.5), 0.9, (tilt_rad, 0.5 * tilt_rad, 0.2))
    return Pose(
        position_m=true.position_m,
        orientation_xyzw=true.orientation_xyzw,
        covariance=None if covariance is None else tuple(covariance.ravel().tolist()),
    )


def moved(pose: Pose, error: np.ndarray) -> Pose:
    """The pose with a place error (3) and a small rotation vector in the body frame (3): R_true = exp([d]×) R."""
    x, y, z, w = pose.orientation_xyzw
    angle = float(np.linalg.norm(error[3:]))
    ax, ay, az = error[3:] / max(angle, 1e-15) * math.sin(angle / 2)
    aw = math.cos(angle / 2)
    turned = (  # Hamilton product (a)(q)
        aw * x + ax * w + ay * z - az * y,
        aw * y - ax * z + ay * w + az * x,
        aw * z + ax * y - ay * x + az * w,
        aw * w - ax * x - ay * y - az * z,
    )
    u, v, away = (np.array(pose.position_m) + error[:3]).tolist()
    return Pose(position_m=(u, v, away), orientation_xyzw=turned)


def chi_square_band(degrees: int, share: float = 0.99) -> tuple[float, float]:
    """Two-sided band of a chi-square variable with many degrees of freedom (Wilson and Hilferty, 1931)."""
    z = {0.99: 2.5758293}[share]
    part = 2 / (9 * degrees)
    low, high = (degrees * (1 - part + sign * z * math.sqrt(part)) ** 3 for sign in (-1, 1))
    return low, high


def check_honest(tilt_rad: float, stated_factor: float = 1.0) -> None:
    """The camera's true pose is drawn around the measured one; how far do the tiles' true places scatter?"""
    covariance = covariance_of()
    measured = tilted(tilt_rad, covariance)
    placed = place(CAMERA, measured, GRID, UUID(int=1))
    assert isinstance(placed, Placed)
    tiles = [0, GRID.columns // 2 + GRID.columns * (GRID.rows // 2), GRID.columns * GRID.rows - 1]
    pixels = np.array([GRID.origin_px(tile) for tile in tiles]) + 113.0
    stated = placed.tiles.covariances_m2()
    assert stated is not None
    errors = np.random.default_rng(8).multivariate_normal(np.zeros(6), covariance, DRAWS)
    there = np.array([chart_points(CAMERA, moved(measured, error), pixels) for error in errors])
    low, high = chi_square_band(2 * DRAWS)
    for number, tile in enumerate(tiles):
        uu, uv, vv = stated[tile] * stated_factor
        offset = there[:, number] - placed.tiles.centres_m()[tile]
        nees = np.einsum("ni,ij,nj->n", offset, np.linalg.inv([[uu, uv], [uv, vv]]), offset)
        mean = float(nees.mean())
        assert low / DRAWS < mean < high / DRAWS, (
            f"tile {tile}: NEES {mean:.3f}, not {low / DRAWS:.3f}..{high / DRAWS:.3f}"
        )


@pytest.mark.parametrize("tilt_deg", [0, 20, 40])
def test_nees_lies_in_its_band(tilt_deg: float) -> None:
    check_honest(math.radians(tilt_deg))


@pytest.mark.parametrize("factor", [0.85, 1.18])
def test_too_sure_and_too_modest_both_fail(factor: float) -> None:
    with pytest.raises(AssertionError, match="NEES"):
        check_honest(math.radians(20), factor)


def test_the_band_is_the_known_one() -> None:
    assert chi_square_band(100) == pytest.approx((67.328, 140.169), abs=0.03)  # tables of chi-square


@settings(max_examples=40)
@given(tilt=st.floats(0, math.radians(40)), pixel=st.tuples(st.floats(0, 1599), st.floats(0, 1199)))
def test_slopes_are_those_of_the_projection(tilt: float, pixel: tuple[float, float]) -> None:
    pose, at = tilted(tilt), np.array([pixel])
    lines = lines_of(undistorted(at, CAMERA), pose)
    slopes = pose_slopes(lines, Plane().hit_slopes(lines))[0]
    step = 1e-5
    for axis in range(6):
        error = np.zeros(6)
        error[axis] = step
        ahead, behind = (chart_points(CAMERA, moved(pose, sign * error), at)[0] for sign in (1, -1))
        assert slopes[:, axis] == pytest.approx((ahead - behind) / (2 * step), abs=1e-7)


def test_by_hand_for_a_square_view() -> None:
    """From 2 m: 1 mm sideways moves all by 1 mm; 1 mrad about u moves the middle by 2 mm along v; w moves no middle."""
    sigmas = np.diag([0.001, 0.001, 0.5, 0.001, 0.0005, 0.5]) ** 2
    centred = Camera(name="", width_px=1001, height_px=801, fx_px=1000, fy_px=1000, cx_px=500, cy_px=400)
    pose = Pose(position_m=(0, 0, 2), orientation_xyzw=(1, 0, 0, 0), covariance=tuple(sigmas.ravel().tolist()))
    placed = place(centred, pose, TileGrid(1001, 801, 201, 100), UUID(int=1))
    assert isinstance(placed, Placed)
    grid = TileGrid(1001, 801, 201, 100)
    middle = grid.corners_px().tolist().index([400, 300])
    stated = placed.tiles.covariances_m2()
    assert stated is not None
    assert stated[middle] == pytest.approx([0.001**2 + 0.001**2, 0, 0.001**2 + 0.002**2], abs=1e-12)


def test_an_unknown_covariance_stays_unknown() -> None:
    placed = place(CAMERA, tilted(0.1), GRID, UUID(int=1))
    assert isinstance(placed, Placed)
    assert placed.tiles.covariances_m2() is None


def test_the_error_convention_is_rodrigues_on_the_left() -> None:
    pose, error = tilted(0.3), np.array([0, 0, 0, 0.02, -0.03, 0.01])
    turn, _ = cv2.Rodrigues(error[3:])
    ray = np.array([[0.1, -0.2]])
    assert directions(ray, moved(pose, error))[0] == pytest.approx(turn @ directions(ray, pose)[0])
