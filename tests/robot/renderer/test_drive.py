"""A camera that drives over a wall: all of it is seen, nothing jumps, and odometry errs as its covariance says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crackmap_robot.renderer import SimulatedCamera, Wall, surface_points_m
from crackmap_robot.renderer.drive import Drive, drive_over

CAMERA = SimulatedCamera(320, 240, 550, 550, 159.5, 119.5)
DRAWS = 1500


def bare(width_m: float, height_m: float) -> Wall:
    return Wall(width_m, height_m, 10.0, np.zeros((2, 2, 3), np.uint8))


def drive(seed: int, width_m: float = 1.5, height_m: float = 0.9) -> Drive:
    rng = np.random.default_rng(seed)
    return drive_over(bare(width_m, height_m), CAMERA, rng, distance_m=0.55, speed_m_s=0.15)


@given(st.floats(0.2, 2.0), st.floats(0.2, 1.5))
def test_all_of_the_wall_is_seen_but_its_rim(width_m: float, height_m: float) -> None:
    driven = drive(3, width_m, height_m)
    cells = np.zeros((20, 20), bool)
    corners = np.array([[0, 0], [CAMERA.width_px - 1, 0], [CAMERA.width_px - 1, CAMERA.height_px - 1]])
    for elapsed_s in np.arange(0, driven.length_s + 0.5, 0.5):
        (left, top), (right, _), (_, bottom) = surface_points_m(CAMERA, driven.at(elapsed_s).true, corners)
        columns = np.linspace(0.07, width_m - 0.07, 20)
        rows = np.linspace(0.07, height_m - 0.07, 20)
        cells |= (
            ((rows > bottom - 0.02) & (rows < top + 0.02))[:, None] & (columns > left - 0.02) & (columns < right + 0.02)
        )
    assert cells.all()


@given(st.integers(0, 1000), st.floats(0, 80), st.floats(0.001, 0.2))
def test_nothing_jumps_and_asking_twice_gives_the_same(seed: int, elapsed_s: float, step_s: float) -> None:
    driven = drive(seed)
    here, there = driven.at(elapsed_s), driven.at(elapsed_s + step_s)
    assert driven.at(elapsed_s).true == here.true
    for before, after in ((here.true, there.true), (here.reported, there.reported)):
        assert np.linalg.norm(np.subtract(after.position_m, before.position_m)) < 0.25 * step_s


def test_at_its_end_it_stands_and_sways_on() -> None:
    driven = drive(5)
    places = np.array([driven.at(driven.length_s + later_s).true.position_m for later_s in range(20)])
    assert np.ptp(places, axis=0).max() < 0.05
    assert np.ptp(places, axis=0).min() > 0


@pytest.mark.parametrize("elapsed_s", [0.0, 1.3, 40.0])
def test_the_error_is_what_its_covariance_says_at_every_moment(elapsed_s: float) -> None:
    squares = []
    for seed in range(DRAWS):
        pose = drive(seed).at(elapsed_s)
        error = np.subtract(pose.true.position_m, pose.reported.position_m)
        squares.append(error @ np.linalg.solve(pose.covariance[:3, :3], error))
    assert abs(np.mean(squares) - 3) < 2.576 * np.sqrt(2 * 3 / DRAWS), np.mean(squares)
