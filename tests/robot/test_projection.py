"""The projection against three truths that share no code with it: OpenCV, arithmetic by hand, and painted dots."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from uuid import UUID

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crackmap.messages import Camera, NoPose, Placed, Pose
from crackmap.tile_grid import TileGrid
from crackmap_robot.projection import NoView, chart_points, lens, place, placement, plane
from crackmap_robot.renderer import Pose as TruePose
from crackmap_robot.renderer import SimulatedCamera, Wall, render
from crackmap_robot.renderer.photograph import linear_from_srgb

SOLUTION = UUID(int=7)
MOST_PX = 0.1
"""What DESIGN.md promises for an exact pose."""


# ---------------------------------------------------------------------------------------------------- cameras and poses


def camera_of(distortion: tuple[float, ...] = (0, 0, 0, 0, 0), width_px: int = 1600, height_px: int = 1200) -> Camera:
    k1, k2, p1, p2, k3 = distortion
    return Camera(
        name="simulated",
        width_px=width_px,
        height_px=height_px,
        fx_px=0.9 * width_px,
        fy_px=0.91 * width_px,
        cx_px=width_px / 2 + 11.3,
        cy_px=height_px / 2 - 7.9,
        distortion=(k1, k2, p1, p2, k3),
    )


def pose_of(
    turn_rad: tuple[float, float, float], look_at_m: tuple[float, float] = (3.2, 1.1), far_m: float = 0.8
) -> Pose:
    """Square to the wall, then turned by a rotation vector in the body frame. By OpenCV's Rodrigues, not by ours."""
    turn, _ = cv2.Rodrigues(np.array(turn_rad, float))
    axis = turn @ np.array([0.0, 0.0, -1.0])
    x, y, z = (np.array([*look_at_m, 0.0]) - far_m * axis / max(0.5, -axis[2])).tolist()
    half = np.linalg.norm(turn_rad) / 2
    unit = np.array(turn_rad) / max(2 * half, 1e-15) * math.sin(half)
    # (ix + jy + kz + w) times i, the half turn about x that makes a camera look at the wall
    qx, qy, qz, qw = math.cos(half), unit[2], -unit[1], -unit[0]
    return Pose(position_m=(x, y, z), orientation_xyzw=(qx, qy, qz, qw))


def turns(steepest_deg: float = 40.0) -> st.SearchStrategy[tuple[float, float, float]]:
    """Rotation vectors: a tilt in any direction, or the picture turned in its plane."""
    tilted = st.builds(
        lambda tilt, towards: (tilt * math.cos(towards), tilt * math.sin(towards), 0.0),
        st.floats(0, math.radians(steepest_deg)),
        st.floats(-math.pi, math.pi),
    )
    return st.one_of(tilted, st.builds(lambda roll: (0.0, 0.0, roll), st.floats(-3.1, 3.1)))


# As strong as a lens may be that does not fold back before the corners of `camera_of`.
distortions = st.tuples(
    st.floats(-0.25, 0.2),
    st.floats(-0.02, 0.08),
    st.floats(-0.003, 0.003),
    st.floats(-0.003, 0.003),
    st.floats(0, 0.02),
)


def seen_by_opencv(camera: Camera, pose: Pose, points_m: np.ndarray) -> np.ndarray:
    """Pixels (n, 2) of chart points (n, 2), by cv2.projectPoints."""
    qx, qy, qz, qw = pose.orientation_xyzw
    angle = 2 * math.atan2(math.sqrt(qx * qx + qy * qy + qz * qz), qw)
    axis = np.array([qx, qy, qz]) / max(math.sqrt(qx * qx + qy * qy + qz * qz), 1e-15)
    to_camera, _ = cv2.Rodrigues(-axis * angle)
    matrix = np.array([[camera.fx_px, 0, camera.cx_px], [0, camera.fy_px, camera.cy_px], [0, 0, 1]])
    flat = np.column_stack([points_m, np.zeros(len(points_m))])
    pixels, _ = cv2.projectPoints(
        flat, -axis * angle, -to_camera @ np.array(pose.position_m), matrix, np.array(camera.distortion)
    )
    return np.asarray(pixels).reshape(-1, 2)


# ------------------------------------------------------------------------------------------------ the three comparisons


def check_against_opencv(
    distortion: tuple[float, ...] = (-0.25, 0.07, 0.001, -0.002, 0.01),
    turn: tuple[float, float, float] = (0.5, -0.3, 0.1),
) -> None:
    """Tiles placed by us and seen by OpenCV stand where they were cut, corner by corner."""
    camera, pose = camera_of(distortion), pose_of(turn)
    grid = TileGrid(camera.width_px, camera.height_px, 227, 200)
    placed = place(camera, pose, grid, SOLUTION)
    assert isinstance(placed, Placed)
    first = grid.corners_px()
    for corner, offset in enumerate([(0, 0), (227, 0), (227, 227), (0, 227)]):
        wanted = first + offset - 0.5
        found = seen_by_opencv(camera, pose, placed.tiles.corners_m()[:, corner])
        assert np.abs(found - wanted).max() <= MOST_PX
    assert np.abs(seen_by_opencv(camera, pose, placed.tiles.centres_m()) - (first + 113)).max() <= MOST_PX


HALF = math.sqrt(0.5)
BY_HAND = {
    # name: (distortion, position, orientation, pixel, chart); focal length 1000, centre (500, 400)
    "middle": ((0, 0, 0, 0, 0), (2.0, 1.5, 1.2), (1, 0, 0, 0), (500, 400), (2.0, 1.5)),
    "right is +u": ((0, 0, 0, 0, 0), (2.0, 1.5, 1.2), (1, 0, 0, 0), (600, 400), (2.12, 1.5)),
    "down is -v": ((0, 0, 0, 0, 0), (2.0, 1.5, 1.2), (1, 0, 0, 0), (500, 500), (2.0, 1.38)),
    # turned a quarter to the left: the picture's right looks up, its bottom looks right
    "turned, right is +v": ((0, 0, 0, 0, 0), (2.0, 1.5, 1.2), (HALF, HALF, 0, 0), (600, 400), (2.0, 1.62)),
    "turned, down is +u": ((0, 0, 0, 0, 0), (2.0, 1.5, 1.2), (HALF, HALF, 0, 0), (500, 500), (2.12, 1.5)),
    # looks up by 45°, from 1 m: the axis meets the wall 1 m higher; 45° below the axis is square
    "up 45°": ((0, 0, 0, 0, 0), (2.0, 1.5, 1.0), (0.9238795325, 0, 0, -0.3826834324), (500, 400), (2.0, 2.5)),
    "up 45°, below": ((0, 0, 0, 0, 0), (2.0, 1.5, 1.0), (0.9238795325, 0, 0, -0.3826834324), (500, 1400), (2.0, 1.5)),
    # its right edge at 45°: distance along the wall's normal 1 m, along the axis √2 m
    "up 45°, right": (
        (0, 0, 0, 0, 0),
        (2.0, 1.5, 1.0),
        (0.9238795325, 0, 0, -0.3826834324),
        (600, 400),
        (2.0 + 0.1 * 2 / math.sqrt(2), 2.5),
    ),
    # normalised 0.5 moves to 0.5 (1 + 0.1 · 0.25) = 0.5125
    "k1": ((0.1, 0, 0, 0, 0), (0.0, 0.0, 2.0), (1, 0, 0, 0), (1012.5, 400), (1.0, 0.0)),
    # 0.5 (1 − 0.2 · 0.25) = 0.475
    "barrel": ((-0.2, 0, 0, 0, 0), (0.0, 0.0, 2.0), (1, 0, 0, 0), (975, 400), (1.0, 0.0)),
    # 0.5 (1 + 0.16 · 0.0625) = 0.505
    "k2": ((0, 0.16, 0, 0, 0), (0.0, 0.0, 2.0), (1, 0, 0, 0), (1005, 400), (1.0, 0.0)),
    # 0.5 (1 + 0.64 · 0.015625) = 0.505
    "k3": ((0, 0, 0, 0, 0.64), (0.0, 0.0, 2.0), (1, 0, 0, 0), (1005, 400), (1.0, 0.0)),
    # (0, 0.5): y moves by p1 (0.25 + 0.5) = 0.0075, x by p2 0.25 = 0.005
    "p1 and p2": ((0, 0, 0.01, 0.02, 0), (0.0, 0.0, 2.0), (1, 0, 0, 0), (505, 907.5), (0.0, -1.0)),
}


def check_by_hand(name: str = "barrel") -> None:
    distortion, position_m, orientation_xyzw, pixel, wanted = BY_HAND[name]
    camera = Camera(
        name="", width_px=1000, height_px=800, fx_px=1000, fy_px=1000, cx_px=500, cy_px=400, distortion=distortion
    )
    pose = Pose(position_m=position_m, orientation_xyzw=orientation_xyzw)
    found = chart_points(camera, pose, np.array([pixel], float))
    assert found[0] == pytest.approx(wanted, abs=1e-8)


def wall_with(texture: np.ndarray, mm_per_px: float) -> Wall:
    return Wall(texture.shape[1] * mm_per_px / 1000, texture.shape[0] * mm_per_px / 1000, mm_per_px, texture)


def simulated(camera: Camera) -> SimulatedCamera:
    k1, k2, p1, p2, k3 = camera.distortion
    return SimulatedCamera(
        camera.width_px, camera.height_px, camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px, k1, k2, p1, p2, k3
    )


def photograph(wall: Wall, camera: Camera, pose: Pose) -> np.ndarray:
    """Linear light (height, width), 0..1."""
    picture = render(
        wall, simulated(camera), TruePose(pose.position_m, pose.orientation_xyzw), np.random.default_rng(1)
    )
    return linear_from_srgb(picture[..., 1] / 255)


def check_painted_dots(
    distortion: tuple[float, ...] = (-0.25, 0.07, 0.001, -0.002, 0.01),
    turn: tuple[float, float, float] = (0.5, 0.3, 0.0),
) -> None:
    """Dots painted on a wall at known metres, found in its photograph by centroid, come back to their metres."""
    mm_per_px, side, radius = 0.25, 4000, 9
    texture = np.full((side, side, 3), 230, np.uint8)
    columns, rows = np.meshgrid(np.arange(150, side, 240), np.arange(150, side, 240))
    painted_px = np.column_stack([columns.ravel(), rows.ravel()])
    for column, row in painted_px:
        cv2.circle(texture, (int(column), int(row)), radius, (10, 10, 10), -1, cv2.LINE_AA)
    wall = wall_with(texture, mm_per_px)
    # the middle of texture pixel (c, r) lies at u = (c + 1/2) s, v = height − (r + 1/2) s
    painted_m = (painted_px + 0.5) * mm_per_px / 1000 * [1, -1] + [0, wall.height_m]
    camera = camera_of(distortion)
    pose = pose_of(turn, look_at_m=(0.5, 0.5), far_m=0.45)
    dark = np.clip(0.85 - photograph(wall, camera, pose), 0, None)
    dark[dark < 0.03] = 0
    count, labels = cv2.connectedComponents((dark > 0).astype(np.uint8))
    y, x = np.indices(dark.shape)
    weight = np.bincount(labels.ravel(), dark.ravel(), count)[1:]
    centroids = np.column_stack(
        [np.bincount(labels.ravel(), (dark * axis).ravel(), count)[1:] / weight for axis in (x, y)]
    )
    whole = (weight > 0.5 * np.median(weight)) & (np.abs(centroids - [800, 600]) < [770, 570]).all(axis=1)
    found_m = chart_points(camera, pose, centroids[whole])
    to_painted = np.linalg.norm(found_m[:, None] - painted_m[None], axis=2)
    nearest = to_painted.argmin(axis=1)
    on_wall = to_painted.min(axis=1) < 0.01  # dots are 60 mm apart; beyond the wall's edge all is dark
    assert on_wall.sum() >= 30
    back_px = seen_by_opencv(camera, pose, painted_m[nearest[on_wall]])
    assert np.linalg.norm(back_px - centroids[whole][on_wall], axis=1).max() <= MOST_PX  # the picture is right …
    beside_px = np.linalg.norm(seen_by_opencv(camera, pose, found_m[on_wall]) - back_px, axis=1)
    assert beside_px.max() <= MOST_PX  # … and so are we


# ------------------------------------------------------------------------------------------------------------ they hold


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


# --------------------------------------------------------------------------------------- and would notice if it did not


@pytest.fixture
def fresh_cache() -> None:
    """Points of cameras are kept between frames; a mutation must not meet yesterday's."""
    placement._points.cache_clear()


def flip_k1(patch: pytest.MonkeyPatch) -> None:
    right = lens.distorted

    def wrong(points: np.ndarray, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
        k1, *others = camera.distortion
        return right(points, camera.model_copy(update={"distortion": (-k1, *others)}))

    patch.setattr(lens, "distorted", wrong)


def swap_u_and_v(patch: pytest.MonkeyPatch) -> None:
    right = plane.Plane.hits
    patch.setattr(plane.Plane, "hits", lambda self, lines: right(self, lines)[:, ::-1])


def mirror(patch: pytest.MonkeyPatch) -> None:
    right = plane.Plane.hits
    patch.setattr(
        plane.Plane,
        "hits",
        lambda self, lines: 2 * lines.starts_m[:2] - right(self, lines) * [1, 1],
    )


def turn_backwards(patch: pytest.MonkeyPatch) -> None:
    right = plane.rotation
    patch.setattr(plane, "rotation", lambda quaternion: right(quaternion).T)


CHECKS: list[Callable[[], None]] = [check_against_opencv, check_by_hand, check_painted_dots]


@pytest.mark.usefixtures("fresh_cache")
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("mutate", [flip_k1, swap_u_and_v, mirror], ids=lambda mutate: mutate.__name__)
def test_each_truth_notices_a_wrong_projection(
    mutate: Callable[[pytest.MonkeyPatch], None], check: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutate(monkeypatch)
    with pytest.raises(AssertionError):
        check()
    placement._points.cache_clear()


@pytest.mark.usefixtures("fresh_cache")
@pytest.mark.parametrize("check", [check_against_opencv, partial(check_by_hand, "up 45°"), check_painted_dots])
def test_each_truth_notices_a_rotation_the_wrong_way_round(
    check: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    turn_backwards(monkeypatch)
    with pytest.raises((AssertionError, NoView)):
        check()


# ------------------------------------------------------------------------------------------------------- never mirrored


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


# ---------------------------------------------------------------------------------------------- the rest of a placement


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
