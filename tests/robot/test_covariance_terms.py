"""Each term of a tile's covariance, and all of them together, is as large as the errors really are.

Errors are drawn, the tile's true place is computed with them, and compared with where it was placed without.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from uuid import UUID

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crackmap.messages import Camera, Placed, Pose
from crackmap.surfaces import Facing, Surface
from crackmap.tile_grid import TileGrid
from crackmap_robot.poses.interpolation import between
from crackmap_robot.poses.mount import FORWARD, Mount
from crackmap_robot.poses.transform import Transform, quaternion
from crackmap_robot.projection import Uncertainty, place
from crackmap_robot.projection.cylinder import Cylinder
from crackmap_robot.projection.lens import calibration_slopes, undistorted
from crackmap_robot.projection.lines import lines_of
from crackmap_robot.projection.rotation import rotation
from crackmap_robot.renderer import looking_at

VALUES = np.array([1500, 1510, 790, 610, -0.2, 0.05, 0.001, -0.001, 0.01])
STEPS = np.array([1e-2, 1e-2, 1e-2, 1e-2, 1e-5, 1e-5, 1e-6, 1e-6, 1e-5])
GRID = TileGrid(1600, 1200, 227, 227)
TILES = [0, GRID.columns // 2 + GRID.columns * (GRID.rows // 2), GRID.columns * GRID.rows - 1]
DRAWS = 2500
TINY = 1e-18


def camera_of(values: np.ndarray = VALUES) -> Camera:
    fx, fy, cx, cy, *lens = values.tolist()
    return Camera(name="", width_px=1600, height_px=1200, fx_px=fx, fy_px=fy, cx_px=cx, cy_px=cy, distortion=lens)


def correlated(sigmas: tuple[float, ...], seed: int) -> np.ndarray:
    """(n, n) with every pair of errors correlated."""
    count = len(sigmas)
    factor = np.random.default_rng(seed).normal(0, 0.35, (count, count)) + np.eye(count)
    full = factor @ factor.T
    scale = np.array(sigmas) / np.sqrt(np.diag(full))
    return np.asarray(full * np.outer(scale, scale))


CALIBRATION = correlated((1.5, 1.6, 1.1, 0.9, 4e-3, 8e-3, 2e-4, 3e-4, 4e-3), 4)
ODOMETRY = correlated((0.002, 0.003, 0.002, 0.002, 0.003, 0.002), 5)
REGISTRATION = correlated((0.003, 0.002, 0.004, 0.002, 0.001, 0.002), 6)
MOUNT = (0.0015, 0.002)
FLATNESS_M = 0.006
TIME_SIGMA_S, SPEED_M_S, TURN_RAD_S = 0.02, 0.2, 0.15


Terms = frozenset[str]
ALL = frozenset({"odometry", "mount", "registration", "calibration", "flatness_m", "time_s"})
ALONG_A_LINE = {frozenset({"flatness_m"}), frozenset({"time_s"})}
"""Alone they move a tile along one line."""


@dataclass(frozen=True)
class Draw:
    """One world: what is otherwise than was measured."""

    odometry: np.ndarray
    mount: np.ndarray
    registration: np.ndarray
    calibration: np.ndarray
    flatness_m: float
    time_s: float


@cache
def draws() -> list[Draw]:
    """What is off in each world."""
    rng = np.random.default_rng(8)
    return [
        Draw(*values)
        for values in zip(
            rng.multivariate_normal(np.zeros(6), ODOMETRY, DRAWS),
            rng.normal(0, 1, (DRAWS, 6)) * np.repeat(MOUNT, 3),
            rng.multivariate_normal(np.zeros(6), REGISTRATION, DRAWS),
            rng.multivariate_normal(np.zeros(9), CALIBRATION, DRAWS),
            rng.normal(0, FLATNESS_M, DRAWS).tolist(),
            rng.normal(0, TIME_SIGMA_S, DRAWS).tolist(),
            strict=True,
        )
    ]


def only(draw: Draw, terms: Terms) -> Draw:
    """The other terms are exact."""
    return Draw(**{name: value if name in terms else 0 * value for name, value in vars(draw).items()})


def turned(vector: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.Rodrigues(np.asarray(vector, np.float64))[0])


def pose_of(place_m: np.ndarray, turn: np.ndarray, covariance: np.ndarray | None = None) -> Pose:
    known = None if covariance is None else tuple(covariance.ravel().tolist())
    return Pose(position_m=tuple(place_m.tolist()), orientation_xyzw=quaternion(turn), covariance=known)


class World:
    """A robot whose camera sees a wall `tilt` from square: odometry → mount → registration → camera on the surface."""

    def __init__(self, tilt_rad: float) -> None:
        seen = looking_at((2.0, 1.5), 0.9, (tilt_rad, 0.5 * tilt_rad, 0.2))
        self.arm = np.array([0.25, -0.1, 0.4])
        self.seat = rotation(FORWARD) @ turned(np.array([0.1, -0.2, 0.05]))
        self.to_surface = turned(np.array([0.4, -0.3, 1.2]))
        self.shift = np.array([1.0, -2.0, 0.5])
        turn = self.to_surface.T @ rotation(seen.orientation_xyzw) @ self.seat.T
        self.body_turn = turn
        self.body_place = self.to_surface.T @ (np.array(seen.position_m) - self.shift) - turn @ self.arm
        # What the body does in its own odometry, in a second.
        self.velocity = SPEED_M_S * np.array([0.6, -0.5, 0.4])
        self.turning = TURN_RAD_S * np.array([0.3, 0.7, -0.6])

    def body_at(self, time_s: float) -> tuple[np.ndarray, np.ndarray]:
        return self.body_place + time_s * self.velocity, turned(time_s * self.turning) @ self.body_turn

    def stated(self, terms: Terms) -> Placed:
        """As the pipeline places it, with what is known of the errors of these terms."""
        small = TINY * np.eye(6)
        odometry = ODOMETRY if "odometry" in terms else small
        before, after = (pose_of(*self.body_at(time_s), odometry) for time_s in (-0.5, 0.5))
        body = between(before, after, 0.5, TIME_SIGMA_S if "time_s" in terms else 0.0)
        x_m, y_m, z_m = self.arm.tolist()
        seat = quaternion(self.seat)
        mount = Mount((x_m, y_m, z_m), seat, MOUNT if "mount" in terms else None)
        x_m, y_m, z_m = self.shift.tolist()
        registration = REGISTRATION if "registration" in terms else small
        onto = Transform((x_m, y_m, z_m), quaternion(self.to_surface), registration)
        uncertainty = Uncertainty(
            calibration=tuple(CALIBRATION.ravel().tolist()) if "calibration" in terms else None,
            flatness_m=FLATNESS_M if "flatness_m" in terms else None,
        )
        placed = place(camera_of(), onto.pose(mount.camera(body)), GRID, UUID(int=1), uncertainty=uncertainty)
        assert isinstance(placed, Placed)
        return placed

    def true_places(self, draw: Draw, points: np.ndarray) -> np.ndarray:
        """By matrices alone; the face that lies nearer by so much is a camera that is nearer to its plane."""
        place_m, turn = self.body_at(draw.time_s)
        place_m, turn = place_m + draw.odometry[:3], turned(draw.odometry[3:]) @ turn
        place_m = place_m + turn @ (self.arm + draw.mount[:3])
        turn = turn @ turned(draw.mount[3:]) @ self.seat
        onto = turned(draw.registration[3:]) @ self.to_surface
        place_m = onto @ place_m + self.shift + draw.registration[:3] - [0, 0, draw.flatness_m]
        rays = points @ (onto @ turn).T
        return np.asarray(place_m[:2] - place_m[2] / rays[:, 2:] * rays[:, :2])


def band(degrees: int) -> tuple[float, float]:
    """Two-sided 99 % of a chi-square variable (Wilson and Hilferty, 1931)."""
    part = 2 / (9 * degrees)
    low, high = (degrees * (1 - part + sign * 2.5758293 * math.sqrt(part)) ** 3 for sign in (-1, 1))
    return low, high


@cache
def nees(terms: Terms, tilt_deg: float) -> list[tuple[float, int]]:
    """For some tiles: the mean of the squared error over what is stated, and its dimensions."""
    world = World(math.radians(tilt_deg))
    placed = world.stated(terms)
    pixels = np.array([GRID.origin_px(tile) for tile in TILES]) + 113.0
    rays = np.column_stack([undistorted(pixels, camera_of()), np.ones(len(TILES))])
    there = []
    for world_draw in draws():
        draw = only(world_draw, terms)
        if "calibration" in terms:
            rays = np.column_stack([undistorted(pixels, camera_of(VALUES + draw.calibration)), np.ones(len(TILES))])
        there.append(world.true_places(draw, rays))
    stated = placed.tiles.covariances_m2()
    assert stated is not None
    dimensions = 1 if terms in ALONG_A_LINE else 2
    found = []
    for number, tile in enumerate(TILES):
        uu, uv, vv = stated[tile]
        values, axes = np.linalg.eigh([[uu, uv], [uv, vv]])
        along = (np.array(there)[:, number] - placed.tiles.centres_m()[tile]) @ axes[:, -dimensions:]
        found.append((float((along**2 / values[-dimensions:]).sum(axis=1).mean()), dimensions))
    return found


def in_band(mean: float, dimensions: int) -> bool:
    low, high = band(dimensions * DRAWS)
    return low < mean * DRAWS < high


EACH = pytest.mark.parametrize(
    "terms", [*(frozenset({term}) for term in sorted(ALL)), ALL], ids=lambda terms: "+".join(sorted(terms))
)


@EACH
@pytest.mark.parametrize("tilt_deg", [0, 20, 40])
def test_nees_lies_in_its_band(terms: Terms, tilt_deg: float) -> None:
    assert all(in_band(*each) for each in nees(terms, tilt_deg)), nees(terms, tilt_deg)


@EACH
@pytest.mark.parametrize("factor", [0.85, 1.18])
def test_too_sure_and_too_modest_are_both_noticed(terms: Terms, factor: float) -> None:
    assert not any(in_band(mean / factor, dimensions) for mean, dimensions in nees(terms, 20))


@pytest.mark.parametrize("term", sorted(ALL))
def test_a_term_that_is_left_out_is_missed(term: str) -> None:
    """All errors are there, one is not stated: the ellipse is too small somewhere in the picture."""
    world = World(math.radians(40))
    without = world.stated(ALL - {term}).tiles.covariances_m2()
    with_all = world.stated(ALL).tiles.covariances_m2()
    assert without is not None
    assert with_all is not None
    assert (with_all[:, [0, 2]] >= without[:, [0, 2]] - TINY).all()
    assert (with_all[:, 0] + with_all[:, 2] > 1.01 * (without[:, 0] + without[:, 2])).any()


@given(pixel=st.tuples(st.floats(0, 1599), st.floats(0, 1199)))
@settings(max_examples=40, deadline=None)
def test_slopes_of_the_calibration_are_those_of_the_lens(pixel: tuple[float, float]) -> None:
    at = np.array([pixel])
    slopes = calibration_slopes(undistorted(at, camera_of()), camera_of())[0]
    for number, step in enumerate(STEPS):
        error = np.zeros(9)
        error[number] = step
        ahead, behind = (undistorted(at, camera_of(VALUES + sign * error))[0] for sign in (1, -1))
        assert slopes[:, number] == pytest.approx((ahead - behind) / (2 * step), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("inside", [True, False])
def test_a_rougher_tunnel_moves_tiles_as_a_larger_one_would(inside: bool) -> None:
    """d(u)/d(face) against a cylinder of another radius, whose angles are unrolled over the nominal one."""
    radius_m, step = 1.5, 1e-6
    turn = turned(np.array([0.1, 0.25, 0.05])) @ np.diag([1.0, -1.0, -1.0])
    pose = pose_of(np.array([0.1, 0.3, -0.9 if inside else 2.2]), turn)
    points = undistorted(np.array([[200.0, 150], [800, 600], [1400, 1100]]), camera_of())
    lines = lines_of(points, pose)
    slopes = Cylinder(radius_m, inside).hit_slopes(lines).by_face
    ahead, behind = (
        Cylinder(radius_m + sign * step, inside).hits(lines) * [radius_m / (radius_m + sign * step), 1.0]
        for sign in (1, -1)
    )
    assert slopes == pytest.approx((ahead - behind) / (2 * step), abs=1e-5)


def test_a_flat_face_seen_squarely_lies_where_it_lies() -> None:
    """By hand: 10 mm of flatness move the middle of a square view nowhere, at 45° by 10 mm along the tilt."""
    camera = Camera(name="", width_px=1001, height_px=801, fx_px=1000, fy_px=1000, cx_px=500, cy_px=400)
    grid = TileGrid(1001, 801, 201, 100)
    middle = grid.corners_px().tolist().index([400, 300])
    known = tuple((1e-12 * np.eye(6)).ravel().tolist())
    for tilt_deg, uu in ((0, 0.0), (45, 0.01**2)):
        turn = turned(np.array([0, math.radians(tilt_deg), 0])) @ np.diag([1.0, -1.0, -1.0])
        pose = Pose(position_m=(0, 0, 1), orientation_xyzw=quaternion(turn), covariance=known)
        placed = place(camera, pose, grid, UUID(int=1), uncertainty=Uncertainty(flatness_m=0.01))
        assert isinstance(placed, Placed)
        stated = placed.tiles.covariances_m2()
        assert stated is not None
        assert stated[middle] == pytest.approx([uu, 0, 0], abs=1e-10)


def test_without_a_known_pose_nothing_is_known() -> None:
    pose = pose_of(np.array([2.0, 1.5, 0.9]), np.diag([1.0, -1.0, -1.0]))
    known = Uncertainty(tuple(CALIBRATION.ravel().tolist()), 0.01)
    for surface in (None, Surface(name="pier", shape="cylinder", radius_m=3.0, facing=Facing.INSIDE)):
        there = pose.model_copy(update={"position_m": (0.0, 1.5, -2.0)}) if surface else pose
        placed = place(camera_of(), there, GRID, UUID(int=1), surface, uncertainty=known)
        assert isinstance(placed, Placed)
        assert placed.tiles.covariances is None
