"""Piers and tunnels: against OpenCV's projection of points that are put on the cylinder by hand."""

import math
from uuid import UUID

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crackmap.messages import Camera, NoPose, Placed, Pose
from crackmap.surfaces import Facing, Surface
from crackmap.tile_grid import TileGrid
from crackmap_robot.poses.tag_layout import Tag, TagLayout
from crackmap_robot.poses.tag_pose import pose_of
from crackmap_robot.poses.tags import Corners
from crackmap_robot.poses.transform import quaternion
from crackmap_robot.projection import NoView, chart_points, place
from crackmap_robot.projection.covariance import pose_slopes
from crackmap_robot.projection.cylinder import Cylinder
from crackmap_robot.projection.lens import undistorted
from crackmap_robot.projection.lines import lines_of
from crackmap_robot.projection.plane import Plane
from crackmap_robot.projection.rotation import rotation

WIDTH_PX, HEIGHT_PX = 1600, 1200
CAMERA = Camera(
    name="c",
    width_px=WIDTH_PX,
    height_px=HEIGHT_PX,
    fx_px=1500,
    fy_px=1502,
    cx_px=804.5,
    cy_px=595.0,
    distortion=(-0.05, 0.01, 0.0004, -0.0003, 0),
)
MATRIX = np.array([[1500, 0, 804.5], [0, 1502, 595.0], [0, 0, 1]])
GRID = TileGrid(WIDTH_PX, HEIGHT_PX, 256, 256)
SOLUTION = UUID(int=7)
SIDES = st.booleans()
ANGLES = st.floats(-math.pi, math.pi)


def on(shape: Cylinder, u_m: np.ndarray, v_m: np.ndarray) -> np.ndarray:
    """Places (n, 3) in the body frame, as crackmap.surfaces has it."""
    angle, side = np.asarray(u_m) / shape.radius_m, -1.0 if shape.inside else 1.0
    return np.stack([shape.radius_m * np.sin(angle), v_m, side * shape.radius_m * np.cos(angle)], axis=-1)


def facing(shape: Cylinder, u_m: float, v_m: float, distance_m: float, tilt: tuple[float, float] = (0, 0)) -> Pose:
    """A camera in front of (u, v), square to the surface there but for two turns, its picture upright."""
    angle, side = u_m / shape.radius_m, -1.0 if shape.inside else 1.0
    out = np.array([side * math.sin(angle), 0.0, math.cos(angle)])
    right = np.cross([0.0, 1.0, 0.0], out)
    turn = np.stack([right, [0, -1.0, 0], -out], axis=1) @ cv2.Rodrigues(np.array([*tilt, 0.0]))[0]
    place_m = on(shape, np.array(u_m), np.array(v_m)) + distance_m * out
    return Pose(position_m=tuple(place_m.tolist()), orientation_xyzw=quaternion(turn))


def seen_at(places_m: np.ndarray, pose: Pose) -> np.ndarray:
    """Pixels (n, 2) by OpenCV."""
    before_camera = (places_m - np.array(pose.position_m)) @ rotation(pose.orientation_xyzw)
    lens = np.array(CAMERA.distortion)
    return cv2.projectPoints(before_camera, np.zeros(3), np.zeros(3), MATRIX, lens)[0].reshape(-1, 2)


@given(SIDES, ANGLES, st.floats(-5, 5), st.floats(0.4, 6), st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3)))
@settings(max_examples=60, deadline=None)
def test_pixels_of_points_on_it_come_back_to_them(
    inside: bool, angle: float, v_m: float, radius_m: float, tilt: tuple[float, float]
) -> None:
    shape = Cylinder(radius_m, inside)
    pose = facing(shape, radius_m * angle, v_m, 0.35 * radius_m, tilt)
    at = radius_m * angle + np.linspace(-0.05, 0.05, 9) * radius_m
    heights = v_m + np.linspace(-0.05, 0.04, 9) * radius_m
    found = chart_points(CAMERA, pose, seen_at(on(shape, at, heights), pose), shape)
    around_m = 2 * math.pi * radius_m
    off = found - np.stack([at, heights], axis=1)
    off[:, 0] -= np.round(off[:, 0] / around_m) * around_m
    assert np.abs(off).max() < 1e-6 * radius_m


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("angle", [0.0, 1.0, 3.0, -3.1])
def test_what_is_right_in_the_picture_has_the_larger_u_and_what_is_above_the_larger_v(
    inside: bool, angle: float
) -> None:
    """Else a letter F would be mirrored."""
    shape = Cylinder(2.0, inside)
    pose = facing(shape, 2.0 * angle, 0.5, 0.8)
    left, right, top, bottom = chart_points(
        CAMERA, pose, np.array([[300.0, 600], [1300, 600], [800, 200], [800, 1000]]), shape
    )
    assert right[0] > left[0] + 0.2
    assert top[1] > bottom[1] + 0.2


@given(SIDES, ANGLES, st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2)))
@settings(max_examples=30, deadline=None)
def test_slopes_are_those_of_small_steps(inside: bool, angle: float, tilt: tuple[float, float]) -> None:
    shape = Cylinder(1.5, inside)
    pose = facing(shape, 1.5 * angle, 0.3, 0.5, tilt)
    pixels = np.array([[200.0, 150], [800, 600], [1400, 1100]])
    lines = lines_of(undistorted(pixels, CAMERA), pose)
    slopes = pose_slopes(lines, shape.hit_slopes(lines))
    step = 1e-6
    for axis in range(6):
        ahead, behind = (chart_points(CAMERA, moved(pose, axis, sign * step), pixels, shape) for sign in (1, -1))
        way = ahead - behind
        way[:, 0] -= np.round(way[:, 0] / (2 * math.pi * 1.5)) * 2 * math.pi * 1.5  # over the seam
        assert slopes[:, :, axis] == pytest.approx(way / (2 * step), abs=1e-4)


def moved(pose: Pose, axis: int, step: float) -> Pose:
    place_m, vector = np.array(pose.position_m), np.zeros(3)
    if axis < 3:
        place_m[axis] += step
    else:
        vector[axis - 3] = step
    turn = cv2.Rodrigues(vector)[0] @ rotation(pose.orientation_xyzw)
    return Pose(position_m=tuple(place_m.tolist()), orientation_xyzw=quaternion(turn))


def test_a_very_large_one_is_a_plane() -> None:
    flat = Pose(position_m=(0.2, 0.3, 0.6), orientation_xyzw=quaternion(np.diag([1.0, -1.0, -1.0])))
    pixels = np.array([[0.0, 0], [800, 600], [1599, 1199]])
    for inside in (False, True):
        radius_m = 1e5
        z_m = 0.6 + (radius_m if not inside else -radius_m)
        pose = flat.model_copy(update={"position_m": (0.2, 0.3, z_m)})
        found = chart_points(CAMERA, pose, pixels, Cylinder(radius_m, inside))
        assert found == pytest.approx(chart_points(CAMERA, flat, pixels, Plane()), abs=1e-4)


def tunnel(radius_m: float = 2.0) -> Surface:
    return Surface(name="lining", shape="cylinder", radius_m=radius_m, facing=Facing.INSIDE)


@given(ANGLES, SIDES)
@settings(max_examples=40, deadline=None)
def test_each_tile_has_its_middle_on_the_chart_and_no_frame_is_torn(angle: float, inside: bool) -> None:
    surface = tunnel() if inside else tunnel().model_copy(update={"facing": Facing.OUTSIDE})
    shape = Cylinder(2.0, inside)
    placed = place(CAMERA, facing(shape, 2.0 * angle, 0.0, 0.5), GRID, SOLUTION, surface)
    assert isinstance(placed, Placed)
    around_m = surface.around_m
    assert around_m is not None
    centres, corners = placed.tiles.centres_m(), placed.tiles.corners_m()
    assert np.abs(centres[:, 0]).max() <= around_m / 2 + 1e-6
    assert np.ptp(corners[:, :, 0], axis=1).max() < 0.2
    assert np.ptp(np.array(placed.footprint_m)[:, 0]) < 0.8
    assert np.abs(corners.mean(axis=1) - centres).max() < 0.01
    # The outline is bent by the surface; its area is that of all tiles.
    ring = np.array(placed.footprint_m)
    area = 0.5 * abs(np.sum(ring[:, 0] * np.roll(ring[:, 1], -1) - np.roll(ring[:, 0], -1) * ring[:, 1]))
    whole = TileGrid(WIDTH_PX, HEIGHT_PX, 400, 400)
    tiles = place(CAMERA, facing(shape, 2.0 * angle, 0.0, 0.5), whole, SOLUTION, surface)
    assert isinstance(tiles, Placed)
    x, y = tiles.tiles.corners_m().transpose(2, 0, 1)
    areas = 0.5 * np.abs((x * np.roll(y, -1, axis=1) - np.roll(x, -1, axis=1) * y).sum(axis=1))
    assert areas.sum() == pytest.approx(area, rel=0.01)


@pytest.mark.parametrize(
    ("surface", "place_m", "said"),
    [
        (tunnel(), (0.0, 0.0, 3.0), "1.000 m outside the cylinder, which is seen from inside"),
        (
            Surface(name="pier", shape="cylinder", radius_m=2.0, facing="outside"),
            (0.0, 0.0, 1.5),
            "0.500 m inside the cylinder, which is seen from outside",
        ),
        (Surface(name="pier", shape="cylinder", radius_m=0.2, facing="outside"), (0.0, 0.0, 1.0), "looks past"),
    ],
)
def test_a_camera_that_does_not_see_it_has_no_place(
    surface: Surface, place_m: tuple[float, float, float], said: str
) -> None:
    pose = Pose(position_m=place_m, orientation_xyzw=quaternion(np.diag([1.0, -1.0, -1.0])))
    placed = place(CAMERA, pose, GRID, SOLUTION, surface)
    assert isinstance(placed, NoPose)
    assert said in placed.cause


def test_a_grazing_view_is_none() -> None:
    shape = Cylinder(0.35, False)
    with pytest.raises(NoView, match=r"past the cylinder|from square"):
        chart_points(CAMERA, facing(shape, 0.0, 0.0, 0.6), np.array([[0.0, 600], [1599, 600]]), shape)


@pytest.mark.parametrize("face", [Facing.INSIDE, Facing.OUTSIDE])
def test_tags_on_it_tell_the_pose(face: Facing) -> None:
    surface = Surface(name="s", shape="cylinder", radius_m=1.2, facing=face)
    shape = Cylinder(1.2, face is Facing.INSIDE)
    pose = facing(shape, 1.4, 0.2, 0.6, (0.1, -0.15))
    tags = [Tag(1, (1.3, 0.15), 0.08, 0.3), Tag(2, (1.55, 0.3), 0.08, -0.5), Tag(3, (1.4, 0.05), 0.06, 0.0)]
    layout = TagLayout("", 0, 0.001, {tag.number: tag for tag in tags})
    places = np.concatenate([tag.corners_m(surface) for tag in layout.tags.values()])
    assert np.hypot(places[:, 0], places[:, 2]) == pytest.approx(1.2, abs=0.01)
    corners = Corners.equally_exact(seen_at(places, pose), places, np.repeat([1, 2, 3], 4), 0.2)
    found = pose_of(corners, CAMERA, layout.sigma_m)
    assert isinstance(found, Pose)
    assert found.position_m == pytest.approx(pose.position_m, abs=1e-4)
    assert abs(np.dot(found.orientation_xyzw, pose.orientation_xyzw)) == pytest.approx(1, abs=1e-7)


@given(st.floats(0.1, 10), ANGLES, st.floats(-1, 1), SIDES)
def test_a_flat_tag_touches_the_surface_at_its_middle(radius_m: float, angle: float, v_m: float, inside: bool) -> None:
    assume(abs(angle) < 3.1)
    surface = Surface(name="s", shape="cylinder", radius_m=radius_m, facing=Facing.INSIDE if inside else Facing.OUTSIDE)
    corners = Tag(1, (radius_m * angle, v_m), 0.05, 0.0).corners_m(surface)
    middle = on(Cylinder(radius_m, inside), np.array(radius_m * angle), np.array(v_m))
    assert corners.mean(axis=0) == pytest.approx(middle, abs=1e-9)
    normal = np.cross(corners[1] - corners[0], corners[0] - corners[3])
    outwards = middle * [1, 0, 1] * (-1 if inside else 1)
    assert np.dot(normal, outwards) > 0, "it is seen from where the surface is seen"
