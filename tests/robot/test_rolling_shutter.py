"""A camera that moves while its rows are read: every tile lies where its own row saw it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crackmap.messages import Camera, Placed, Pose
from crackmap.surfaces import Facing, Surface
from crackmap.tile_grid import TileGrid
from crackmap_robot.poses.book import PoseBook
from crackmap_robot.poses.file import PoseFile, read_poses
from crackmap_robot.poses.listener import PoseListener
from crackmap_robot.poses.motion import Motion, motion_between
from crackmap_robot.poses.record import PoseFileError
from crackmap_robot.poses.register_command import run_register
from crackmap_robot.projection import Movement, chart_points, place
from crackmap_robot.projection.rotation import rotation
from crackmap_robot.renderer import SimulatedCamera, Wall, looking_at, pixels_of, render
from crackmap_robot.renderer.photograph import linear_from_srgb
from crackmap_robot.renderer.pose import Pose as TruePose
from crackmap_robot.renderer.pose import rotation_from_vector

LENS = (-0.15, 0.04, 0.001, -0.001, 0.0)
CAMERA = Camera(name="", width_px=320, height_px=240, fx_px=300, fy_px=302, cx_px=161, cy_px=118, distortion=LENS)
SIMULATED = SimulatedCamera(320, 240, 300, 302, 161, 118, *LENS)
GRID = TileGrid(320, 240, 80, 80)
SOLUTION = UUID(int=3)
FAST = Movement((0.03, -0.02, 0.015), (0.02, -0.03, 0.04))
small = st.floats(-0.05, 0.05)


def middle_of(tilt: tuple[float, float, float] = (0.2, -0.1, 0.3)) -> TruePose:
    return looking_at((0.5, 0.4), 0.6, tilt)


def at_row(pose: TruePose, movement: Movement, row_px: float) -> TruePose:
    """Where the camera is when a row is read, by the renderer's own rotations."""
    share = row_px / (CAMERA.height_px - 1) - 0.5
    turn = rotation_from_vector(share * np.array(movement.turn_rad)) @ pose.rotation()
    return TruePose.from_rotation(np.array(pose.position_m) + share * np.array(movement.shift_m), turn)


def seen_px(pose: TruePose, movement: Movement, point_m: np.ndarray) -> np.ndarray:
    """The pixel in which a moving camera sees a point: the row whose time puts the point into that row."""
    row_px = CAMERA.height_px / 2
    for _ in range(60):
        pixel = pixels_of(SIMULATED, at_row(pose, movement, row_px), point_m[None])[0]
        row_px = float(pixel[1])
    return np.asarray(pixel)


def ours(pose: TruePose) -> Pose:
    return Pose(position_m=pose.position_m, orientation_xyzw=pose.orientation_xyzw)


@settings(max_examples=60, deadline=None)
@given(
    shift=st.tuples(small, small, small),
    turn=st.tuples(small, small, small),
    point=st.tuples(st.floats(0.35, 0.65), st.floats(0.3, 0.5)),
)
def test_points_seen_by_a_moving_camera_come_back(
    shift: tuple[float, float, float], turn: tuple[float, float, float], point: tuple[float, float]
) -> None:
    pose, movement, point_m = middle_of(), Movement(shift, turn), np.array(point)
    pixel = seen_px(pose, movement, point_m)
    assert chart_points(CAMERA, ours(pose), pixel[None], movement=movement)[0] == pytest.approx(point_m, abs=1e-9)


def dots() -> tuple[Wall, np.ndarray]:
    """A wall with dots, and where they are, in metres."""
    mm_per_px, side, radius = 1.0, 1000, 9
    texture = np.full((side, side, 3), 230, np.uint8)
    columns, rows = np.meshgrid(np.arange(50, side, 60), np.arange(50, side, 60))
    painted_px = np.column_stack([columns.ravel(), rows.ravel()])
    for column, row in painted_px:
        cv2.circle(texture, (int(column), int(row)), radius, (10, 10, 10), -1, cv2.LINE_AA)
    painted_m = (painted_px + 0.5) * mm_per_px / 1000 * [1, -1] + [0, side * mm_per_px / 1000]
    return Wall(1.0, 1.0, mm_per_px, texture), painted_m


def photographed(wall: Wall, pose: TruePose, movement: Movement, strip_px: int = 5) -> np.ndarray:
    """Linear light (h, w): a few rows each of pictures from where the camera was then."""
    rows = []
    for top in range(0, CAMERA.height_px, strip_px):
        there = at_row(pose, movement, top + (strip_px - 1) / 2)
        rows.append(render(wall, SIMULATED, there, np.random.default_rng(1))[top : top + strip_px, :, 1])
    return np.asarray(linear_from_srgb(np.concatenate(rows) / 255))


def middles_px(light: np.ndarray) -> np.ndarray:
    """Where dots are seen (n, 2); not those at the picture's edge."""
    dark = np.clip(0.75 - light, 0, None)
    dark[dark < 0.05] = 0
    count, labels, stats, _ = cv2.connectedComponentsWithStats((dark > 0).astype(np.uint8))
    y, x = np.indices(dark.shape)
    weight = np.bincount(labels.ravel(), dark.ravel(), count)[1:]
    found = np.column_stack([np.bincount(labels.ravel(), (dark * axis).ravel(), count)[1:] / weight for axis in (x, y)])
    left, top, width, height = stats[1:, :4].T
    whole = (left > 0) & (top > 0) & (left + width < 320) & (top + height < 240)
    return np.asarray(found[whole & (weight > 0.5 * np.median(weight))])


def misses_mm(found_m: np.ndarray, painted_m: np.ndarray) -> np.ndarray:
    return np.asarray(1000 * np.linalg.norm(found_m[:, None] - painted_m[None], axis=2).min(axis=1))


def test_dots_in_a_photograph_by_a_moving_camera_lie_where_they_were_painted() -> None:
    """2 mm a pixel. Taken as one moment, the upper and lower rows would be off by half of the way."""
    wall, painted_m = dots()
    pose = middle_of((0.1, -0.1, 0.1))
    pixels = middles_px(photographed(wall, pose, FAST))
    assert len(pixels) >= 30
    assert misses_mm(chart_points(CAMERA, ours(pose), pixels, movement=FAST), painted_m).max() < 0.15
    assert misses_mm(chart_points(CAMERA, ours(pose), pixels), painted_m).max() > 8


@pytest.mark.parametrize(
    "surface", [None, Surface(name="tunnel", shape="cylinder", radius_m=2.0, facing=Facing.INSIDE)]
)
def test_a_camera_that_stands_still_gives_the_same_tiles(surface: Surface | None) -> None:
    pose = ours(looking_at((0.5, 0.4), 0.6, (0.1, 0.1, 0.0)))
    if surface is not None:
        pose = pose.model_copy(update={"position_m": (0.1, 0.4, -1.2)})
    covariance = tuple((1e-6 * np.eye(6)).ravel().tolist())
    pose = pose.model_copy(update={"covariance": covariance})
    once, rows = (
        place(CAMERA, pose, GRID, SOLUTION, surface, movement=movement)
        for movement in (None, Movement((0, 0, 0), (0, 0, 0)))
    )
    assert isinstance(once, Placed)
    assert isinstance(rows, Placed)
    assert rows.tiles.centres_m() == pytest.approx(once.tiles.centres_m(), abs=1e-9)
    assert rows.tiles.corners_m() == pytest.approx(once.tiles.corners_m(), abs=1e-9)
    assert rows.tiles.covariances_m2() == pytest.approx(once.tiles.covariances_m2(), rel=1e-6)
    assert rows.mm_per_px == once.mm_per_px


def test_tiles_corners_and_outline_are_those_of_their_rows() -> None:
    pose = middle_of()
    placed = place(CAMERA, ours(pose), GRID, SOLUTION, movement=FAST)
    assert isinstance(placed, Placed)
    square = np.array([(40.0, 40.0), (0, 0), (80, 0), (80, 80), (0, 80)]) - 0.5
    for tile, first in enumerate(GRID.corners_px()):
        for place_m, at in zip(
            [placed.tiles.centres_m()[tile], *placed.tiles.corners_m()[tile]], first + square, strict=True
        ):
            there = ours(at_row(pose, FAST, at[1]))
            assert place_m == pytest.approx(chart_points(CAMERA, there, at[None])[0], abs=1e-6)
    assert placed.footprint_m[0] == pytest.approx(placed.tiles.corners_m()[0, 0], abs=1e-6)


# ----------------------------------------------------------------------------------------------- how motion is known


def timed(time_s: float, x_m: float, turn: float = 0.0) -> dict[str, Any]:
    half = turn / 2
    return {
        "time_s": time_s,
        "position_m": [x_m, 0, 0.5],
        "orientation_xyzw": [math.cos(half), math.sin(half), 0, 0],
    }


def named(**more: Any) -> dict[str, Any]:
    return {"file": "a.jpg", "position_m": [1, 2, 0.5], "orientation_xyzw": [1, 0, 0, 0], **more}


Read = Callable[..., PoseFile]


@pytest.fixture
def poses(tmp_path: Path) -> Read:
    def read(*rows: dict[str, Any]) -> PoseFile:
        path = tmp_path / "poses.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return read_poses(path)

    return read


def test_poses_by_time_tell_how_the_camera_moved(poses: Read) -> None:
    """A metre and half a turn about w a second; at the end of the file only the half that is known counts."""
    known = poses(*(timed(10 + number / 10, number / 10, math.pi * number / 10) for number in range(11)))
    for time_s in (10.0, 10.05, 10.33, 11.0):
        motion = known.motion_for("any.jpg", time_s, 0.04)
        assert motion is not None
        assert motion.velocity_m_s == pytest.approx((1, 0, 0), abs=1e-9)
        assert motion.turn_rad_s == pytest.approx((0, 0, math.pi), abs=1e-9)
    assert known.motion_for(None, None, 0.04) is None
    assert known.motion_for(None, 20.0, 0.04) is None
    assert poses(timed(1, 0)).motion_for(None, 1.0, 0.04) is None
    assert poses(timed(1, 0), timed(9, 1)).motion_for(None, 1.0, 0.04) is None  # too far apart to tell


def test_shaking_between_two_rows_counts_as_the_way_from_the_first_row_to_the_last(poses: Read) -> None:
    known = poses(timed(1.0, 0.0), timed(1.01, 0.02), timed(1.02, -0.02), timed(1.03, 0.006), timed(1.04, 0.0))
    motion = known.motion_for(None, 1.015, 0.03)
    assert motion is not None
    assert motion.velocity_m_s[0] * 0.03 == pytest.approx(0.006)


@given(st.tuples(small, small, small), st.tuples(small, small, small))
def test_a_motion_leads_from_pose_to_pose(shift: tuple[float, float, float], turn: tuple[float, float, float]) -> None:
    first, movement = middle_of(), Movement(shift, turn)
    begin, end = (ours(at_row(first, movement, row)) for row in (0, CAMERA.height_px - 1))
    again = motion_between(begin, end, 0.02).over(0.02)
    assert again.shift_m == pytest.approx(shift, abs=1e-9)
    assert again.turn_rad == pytest.approx(turn, abs=1e-7)


def test_a_row_by_name_may_say_how_the_camera_moved(poses: Read, tmp_path: Path) -> None:
    motion = {"velocity_m_s": [0.1, -0.2, 0.3], "turn_rad_s": [0.4, 0.5, -0.6]}
    said = Motion((0.1, -0.2, 0.3), (0.4, 0.5, -0.6))
    assert poses(named(**motion)).motion_for("a.jpg", None, 0.02) == said
    assert poses(named()).motion_for("a.jpg", None, 0.02) is None
    assert poses(named()).motion_for("b.jpg", None, 0.02) is None
    table = tmp_path / "poses.csv"
    table.write_text(
        "file,x_m,y_m,z_m,qx,qy,qz,qw,velocity_m_s,turn_rad_s\na.jpg,1,2,3,1,0,0,0,0.1 -0.2 0.3,0.4 0.5 -0.6\n"
        "b.jpg,1,2,3,1,0,0,0,,\n"
    )
    assert read_poses(table).motion_for("a.jpg", None, 0.02) == said
    assert read_poses(table).motion_for("b.jpg", None, 0.02) is None


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (named(velocity_m_s=[0, 0, 0]), "turn_rad_s: is missing beside velocity_m_s; state both, or neither"),
        (named(velocity_m_s=[0, 0], turn_rad_s=[0, 0, 0]), "velocity_m_s: must be 3 numbers, not 2"),
        (timed(1, 0) | {"velocity_m_s": [0, 0, 0], "turn_rad_s": [0, 0, 0]}, "velocity_m_s: goes with file"),
    ],
)
def test_a_motion_that_cannot_be_used_is_named(poses: Read, row: dict[str, Any], words: str) -> None:
    with pytest.raises(PoseFileError, match=words):
        poses(row)


def test_a_listener_waits_for_the_last_row_and_the_book_keeps_the_motion(tmp_path: Path) -> None:
    listener = PoseListener("127.0.0.1", 0)
    with listener:
        for number in range(3):
            listener.take(json.dumps(timed(10 + number / 10, number / 50)).encode())
        assert isinstance(listener.at(10.2, 0.0), Pose)
        assert listener.at(10.2, 0.0, over_s=0.03) is None, "its last rows are read after the last pose"
        pose, motion = listener.at(10.1, 0.0, over_s=0.03), listener.motion_at(10.1, 0.03)
    assert isinstance(pose, Pose)
    assert motion is not None
    assert motion.velocity_m_s == pytest.approx((0.2, 0, 0))
    book = PoseBook(tmp_path)
    book.write("a.jpg", pose, motion)
    book.write("b.jpg", pose)
    for again in (book, PoseBook(tmp_path)):
        assert (again.motion_for("a.jpg"), again.motion_for("b.jpg")) == (motion, None)
    assert read_poses(book.path).motion_for("a.jpg", None, 0.03) == motion


def test_a_registration_turns_the_motion_too(tmp_path: Path, poses: Read) -> None:
    """Odometry's x is the surface's v."""
    poses(named(velocity_m_s=[1, 0, 0], turn_rad_s=[0, 0.5, 0]))
    marks = tmp_path / "marks.csv"
    marks.write_text(
        "name,odometry_x_m,odometry_y_m,odometry_z_m,u_m,v_m,w_m\na,0,0,0,0,0,0\nb,1,0,0,0,1,0\nc,0,1,0,-1,0,0\n"
    )
    list(run_register(marks, tmp_path / "poses.jsonl", tmp_path / "there.jsonl"))
    motion = read_poses(tmp_path / "there.jsonl").motion_for("a.jpg", None, 0.02)
    assert motion is not None
    assert motion.velocity_m_s == pytest.approx((0, 1, 0), abs=1e-9)
    assert motion.turn_rad_s == pytest.approx((-0.5, 0, 0), abs=1e-9)


def test_the_convention_of_turns_is_that_of_covariances() -> None:
    """exp([turn]×) R: a turn about w moves what is ahead of a camera that looks along −w not at all."""
    pose = ours(looking_at((0.5, 0.4), 0.6))
    centre = np.array([[CAMERA.cx_px, 0.0]])
    still = chart_points(CAMERA, pose, centre)
    turned = chart_points(CAMERA, pose, centre, movement=Movement((0, 0, 0), (0, 0, 0.2)))
    angle = -0.5 * 0.2  # the first row is read half of the readout before the middle
    offset = [0.5, 0.4] + rotation((0, 0, math.sin(angle / 2), math.cos(angle / 2)))[:2, :2] @ (still[0] - [0.5, 0.4])
    assert turned[0] == pytest.approx([*offset], abs=1e-9)
