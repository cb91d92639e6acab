"""The projection against three truths that share no code with it, and what else a placement says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crackmap.messages import Camera, NoPose, Placed, Pose
from crackmap.tile_grid import TileGrid
from crackmap_robot.projection import chart_points, lens, place

from .projection_truths import (
    BY_HAND,
    MOST_PX,
    SOLUTION,
    camera_of,
    check_against_opencv,
    check_by_hand,
    check_painted_dots,
    distortions,
    photograph,
    pose_of,
    seen_by_opencv,
    turns,
    wall_with,
)


@settings(max_examples=60)
@given(distortion=distortions, turn=turns())
def test_tiles_are_seen_by_opencv_where_they_were_cut(
    distortion: tuple[float, ...], turn: tuple[float, float, float]
) -> None:
    check_against_opencv(distortion, turn)


@settings(max_examples=60)
@given(distortion=distortions, turn=turns(), seed=st.integers(0, 1000))
def test_points_projected_by_opencv_come_back(
    distortion: tuple[float, ...], turn: tuple[float, float, float], seed: int
) -> None:
    camera, pose = camera_of(distortion), pose_of(turn)
    points_m = np.random.default_rng(seed).uniform([2.9, 0.8], [3.5, 1.4], (50, 2))
    pixels = seen_by_opencv(camera, pose, points_m)
    inside = ((pixels > -0.5) & (pixels < [1599.5, 1199.5])).all(axis=1)
    back_m = chart_points(camera, pose, pixels[inside])
    assert np.abs(back_m - points_m[inside]).max(initial=0) < 1e-8


@pytest.mark.parametrize("name", BY_HAND)
def test_cases_computed_by_hand(name: str) -> None:
    check_by_hand(name)


@pytest.mark.parametrize("turn", [(0.0, 0.0, 0.0), (0.4, -0.5, 0.0), (0.0, 0.0, 1.9), (math.radians(40), 0.0, 0.0)])
def test_painted_dots_are_found_at_their_metres(turn: tuple[float, float, float]) -> None:
    check_painted_dots(turn=turn)


LETTER = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 1, 0], [1, 0, 0, 0], [1, 0, 0, 0]], bool)


@pytest.mark.parametrize("turn", [(0.0, 0.0, 0.0), (0.0, 0.0, math.pi / 2), (0.0, 0.0, 3.0), (0.5, 0.4, 0.0)])
def test_a_letter_f_on_the_wall_is_an_f_on_the_chart(turn: tuple[float, float, float]) -> None:
    texture = np.full((1000, 1000, 3), 230, np.uint8)
    strokes = np.kron(LETTER, np.ones((100, 100), bool))
    texture[250:750, 300:700][strokes] = 10  # as the viewer sees it: row 0 is the top
    wall = wall_with(texture, 1.0)
    camera, pose = camera_of((-0.2, 0.05, 0, 0, 0), 400, 300), pose_of(turn, look_at_m=(0.5, 0.5), far_m=1.0)
    light = photograph(wall, camera, pose)
    rows, columns = np.nonzero(light < 0.3)
    chart_m = chart_points(camera, pose, np.column_stack([columns, rows]).astype(float))
    cells = np.floor((chart_m - [0.3, 0.25]) / 0.1).astype(int)
    inside = ((cells >= 0) & (cells < [4, 5])).all(axis=1)
    hits_per_cell = np.zeros((5, 4))
    np.add.at(hits_per_cell, (4 - cells[inside, 1], cells[inside, 0]), 1)  # v grows upwards
    assert ((hits_per_cell > 0.5 * hits_per_cell.max()) == LETTER).all()


@settings(max_examples=40)
@given(distortion=distortions, turn=turns())
def test_tiles_go_clockwise_on_the_chart_as_they_do_in_the_picture(
    distortion: tuple[float, ...], turn: tuple[float, float, float]
) -> None:
    camera = camera_of(distortion)
    placed = place(camera, pose_of(turn), TileGrid(1600, 1200, 256, 256), SOLUTION)
    assert isinstance(placed, Placed)
    for corners in [*placed.tiles.corners_m(), np.array(placed.footprint_m)]:
        u, v = corners.T
        assert np.sum(u * np.roll(v, -1) - v * np.roll(u, -1)) < 0


@settings(max_examples=30)
@given(distortion=distortions, turn=turns())
def test_the_outline_follows_the_pictures_border(
    distortion: tuple[float, ...], turn: tuple[float, float, float]
) -> None:
    camera, pose = camera_of(distortion), pose_of(turn)
    placed = place(camera, pose, TileGrid(1600, 1200, 227, 227), SOLUTION)
    assert isinstance(placed, Placed)
    ends = np.array(placed.footprint_m)
    share = np.linspace(0, 1, 21)[:, None, None]
    points = ((1 - share) * ends + share * np.roll(ends, -1, axis=0)).reshape(-1, 2)
    x, y = seen_by_opencv(camera, pose, points).T
    beside = np.min([np.abs(x + 0.5), np.abs(x - 1599.5), np.abs(y + 0.5), np.abs(y - 1199.5)], axis=0)
    assert beside.max() <= 1.05 * MOST_PX
    assert (x.min(), x.max(), y.min(), y.max()) == pytest.approx((-0.5, 1599.5, -0.5, 1199.5), abs=0.11)


def test_a_lens_without_distortion_has_an_outline_of_four_points() -> None:
    placed = place(camera_of(), pose_of((0.3, 0.2, 0.0)), TileGrid(1600, 1200, 227, 227), SOLUTION)
    assert isinstance(placed, Placed)
    assert len(placed.footprint_m) == 4


def test_scale_in_the_middle_by_hand() -> None:
    camera = Camera(name="", width_px=1001, height_px=801, fx_px=1000, fy_px=1000, cx_px=500, cy_px=400)
    grid = TileGrid(1001, 801, 256, 256)
    square = place(camera, Pose(position_m=(0, 0, 0.5), orientation_xyzw=(1, 0, 0, 0)), grid, SOLUTION)
    assert isinstance(square, Placed)
    assert square.mm_per_px == pytest.approx(0.5)
    # At 45° the axis is √2 longer: √2/2 mm across and 1 mm along, root of the product 0.8409
    up = Pose(position_m=(0, 0, 0.5), orientation_xyzw=(0.9238795325, 0, 0, -0.3826834324))
    tilted = place(camera, up, grid, SOLUTION)
    assert isinstance(tilted, Placed)
    assert tilted.mm_per_px == pytest.approx(0.5 * math.sqrt(2 * math.sqrt(2)), rel=1e-6)


@pytest.mark.parametrize(
    ("turn", "position_m", "words"),
    [
        ((0.0, 0.0, 0.0), (0.0, 0.0, -1.0), "1.000 m behind the surface"),
        ((1.3, 0.0, 0.0), (0.0, 0.0, 1.0), "horizon is in view"),
        ((1.16, 0.0, 0.0), (0.0, 0.0, 1.0), "from square, over 85°"),
        ((math.pi, 0.0, 0.0), (0.0, 0.0, 1.0), "looks away"),
    ],
)
def test_a_camera_that_does_not_see_the_surface_has_no_pose(
    turn: tuple[float, float, float], position_m: tuple[float, float, float], words: str
) -> None:
    camera = camera_of()
    pose = pose_of(turn).model_copy(update={"position_m": position_m})
    answer = place(camera, pose, TileGrid(1600, 1200, 227, 227), SOLUTION)
    assert isinstance(answer, NoPose)
    assert words in answer.cause
    assert answer.pose_solution_id == SOLUTION


def test_a_lens_that_folds_back_inside_the_picture_is_refused() -> None:
    # r (1 − 0.9 r²) grows only up to r = 0.61; the picture's corners would need more
    answer = place(camera_of((-0.9, 0, 0, 0, 0)), pose_of((0, 0, 0)), TileGrid(1600, 1200, 227, 227), SOLUTION)
    assert isinstance(answer, NoPose)
    assert "distortion cannot be inverted at pixel" in answer.cause


@settings(max_examples=100)
@given(distortion=distortions)
def test_the_lens_is_inverted_to_a_billionth(distortion: tuple[float, ...]) -> None:
    camera = camera_of(distortion)
    x, y = np.meshgrid(np.linspace(-0.5, 1599.5, 23), np.linspace(-0.5, 1199.5, 19))
    pixels = np.column_stack([x.ravel(), y.ravel()])
    moved, _ = lens.distorted(lens.undistorted(pixels, camera), camera)
    assert np.abs(moved * (camera.fx_px, camera.fy_px) + (camera.cx_px, camera.cy_px) - pixels).max() < 1e-6
