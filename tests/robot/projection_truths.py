"""Three truths that share no code with the projection: OpenCV, arithmetic by hand, and painted dots."""

from __future__ import annotations

import math
from uuid import UUID

import cv2
import numpy as np
import pytest
from hypothesis import strategies as st

from crackmap.messages import Camera, Placed, Pose
from crackmap.tile_grid import TileGrid
from crackmap_robot.projection import chart_points, place
from crackmap_robot.renderer import Pose as TruePose
from crackmap_robot.renderer import SimulatedCamera, Wall, render
from crackmap_robot.renderer.photograph import linear_from_srgb

SOLUTION = UUID(int=7)
MOST_PX = 0.1
"""What DESIGN.md promises for an exact pose."""


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
