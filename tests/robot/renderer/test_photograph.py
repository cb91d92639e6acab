"""What the simulated camera photographs: dots painted at known metres, letters, widths, light."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from crackmap.errors import InputError
from crackmap_robot.renderer import Pose, SimulatedCamera, Wall, looking_at, pixels_of, render, surface_points_m
from crackmap_robot.renderer.arrays import FloatArray, Picture
from crackmap_robot.renderer.photograph import exposed, linear_from_srgb
from crackmap_robot.renderer.pose import rotation_from_vector

GREY = 180
CAMERA = SimulatedCamera(
    width_px=800, height_px=600, fx=900, fy=905, cx=395.3, cy=304.1, k1=-0.2, k2=0.06, p1=0.001, p2=-0.002
)


def blank(width_m: float, height_m: float, mm_per_px: float) -> Picture:
    return np.full((round(height_m * 1000 / mm_per_px), round(width_m * 1000 / mm_per_px), 3), GREY, np.uint8)


def with_dots(points_m: FloatArray, radius_mm: float, width_m: float, height_m: float, mm_per_px: float) -> Wall:
    """Dark discs, each pixel the mean of 16 × 16 samples; independent of everything in the package but the frame."""
    texture = blank(width_m, height_m, mm_per_px)
    fine = (np.arange(16) + 0.5) / 16
    for u, v in points_m:
        column, row = u * 1000 / mm_per_px, (height_m - v) * 1000 / mm_per_px  # from the top left CORNER
        reach = int(radius_mm / mm_per_px) + 2
        for y in range(int(row) - reach, int(row) + reach + 1):
            for x in range(int(column) - reach, int(column) + reach + 1):
                inside = np.hypot(x + fine - column, (y + fine - row)[:, None]) * mm_per_px < radius_mm
                texture[y, x] = np.round(GREY * (1 - 0.9 * inside.mean()))
    return Wall(width_m, height_m, mm_per_px, texture)


def centroid(picture: Picture, near: FloatArray, half: int = 9) -> FloatArray:
    """Column, row of the missing light around ``near``."""
    column, row = np.round(near).astype(int)
    part = linear_from_srgb(picture[row - half : row + half + 1, column - half : column + half + 1, 1] / 255.0)
    missing = np.clip(np.median(part) - part, 0.02, None) - 0.02
    y, x = np.mgrid[row - half : row + half + 1, column - half : column + half + 1]
    return np.array([(x * missing).sum(), (y * missing).sum()]) / missing.sum()


@pytest.mark.parametrize("tilt_deg", [0, 20, 40])
@pytest.mark.parametrize("mm_per_px", [0.25, 0.6])
def test_painted_dots_are_where_the_oracle_says(tilt_deg: float, mm_per_px: float) -> None:
    points = np.stack(np.meshgrid(np.linspace(0.36, 0.64, 6), np.linspace(0.3, 0.5, 5)), -1).reshape(-1, 2)
    points = points + np.random.default_rng(2).uniform(-0.01, 0.01, points.shape)
    wall = with_dots(points, 1.5, 1.0, 0.8, mm_per_px)
    tilt = np.deg2rad(tilt_deg)
    pose = looking_at((0.5, 0.4), 0.42, (0.8 * tilt, 0.6 * tilt, 0.2))
    picture = render(wall, CAMERA, pose, np.random.default_rng(0))
    expected = pixels_of(CAMERA, pose, points)
    inside = np.all((expected > 12) & (expected < [787, 587]), axis=1)
    assert inside.sum() >= 20
    found = np.array([centroid(picture, place) for place in expected[inside]])
    error_px = np.hypot(*(found - expected[inside]).T)
    assert error_px.mean() < 0.025
    assert error_px.max() < 0.05
    # The same in metres, through the oracle: no more than 0.05 pixels of 0.47 to 0.9 mm.
    error_m = np.hypot(*(surface_points_m(CAMERA, pose, found) - points[inside]).T)
    assert error_m.max() < 0.05 * 0.42 / 900 * 2


def test_one_texture_pixel_per_picture_pixel_gives_the_texture_back() -> None:
    """Square at fx · mm_per_px: the picture IS the texture, row 0 the top, nothing mirrored or shifted."""
    rng = np.random.default_rng(5)
    texture = rng.integers(20, 250, (60, 80, 3), dtype=np.uint8)
    wall = Wall(0.08, 0.06, 1.0, texture)
    camera = SimulatedCamera(width_px=80, height_px=60, fx=500, fy=500, cx=39.5, cy=29.5)
    light = exposed(wall, camera, Pose((0.04, 0.03, 0.5)))
    np.testing.assert_allclose(light, texture, atol=1.0)


def test_a_letter_f_reads_the_right_way() -> None:
    """Painted in (u, v) with v up: stem at the left, long arm on top, short arm below it, on the right side."""
    texture = blank(0.2, 0.2, 0.5)
    wall = Wall(0.2, 0.2, 0.5, texture)
    for u0, u1, v0, v1 in [(0.06, 0.08, 0.04, 0.16), (0.08, 0.14, 0.14, 0.16), (0.08, 0.12, 0.09, 0.11)]:
        (left, top), (right, bottom) = np.round(wall.texture_px(np.array([[u0, v1], [u1, v0]])) + 0.5).astype(int)
        texture[top:bottom, left:right] = 5
    camera = SimulatedCamera(width_px=200, height_px=200, fx=500, fy=500, cx=99.5, cy=99.5)
    picture = render(wall, camera, Pose((0.1, 0.1, 0.5)), np.random.default_rng(0))
    dark = picture[..., 0] < 60
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    letter = dark[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = letter.shape
    assert letter[:, : width // 8].all()  # stem on the left
    assert letter[: height // 8].all()  # long arm on top
    assert not letter[-height // 8 :, width // 2 :].any()  # nothing at the bottom right
    assert letter[height // 2, width // 2]
    assert not letter[height // 2, -2]


def test_a_distant_chequerboard_turns_grey() -> None:
    """Area filtering: cells far under a pixel average out in linear light, without moiré."""
    texture = np.where(np.indices((800, 800)).sum(axis=0)[..., None] % 2, 250, 10).astype(np.uint8).repeat(3, axis=2)
    wall = Wall(0.8, 0.8, 1.0, texture)
    camera = SimulatedCamera(width_px=100, height_px=100, fx=100, fy=100, cx=49.5, cy=49.5)
    for tilt in (0.0, 0.5):
        light = exposed(wall, camera, looking_at((0.4, 0.4), 0.5, (tilt, 0.1, 0.4)))
        assert np.abs(light[35:65, 35:65] - 130).max() < 14


def test_beyond_the_wall_is_dark_and_even() -> None:
    wall = Wall(0.1, 0.1, 0.5, blank(0.1, 0.1, 0.5))
    camera = SimulatedCamera(width_px=100, height_px=100, fx=100, fy=100, cx=49.5, cy=49.5)
    light = exposed(wall, camera, Pose((0.05, 0.05, 0.4)))
    assert light[50, 50].mean() > GREY - 2
    assert np.ptp(light[:20]) == 0
    away = exposed(wall, camera, Pose((5.0, 0.05, 0.4)))
    assert np.ptp(away) == 0
    assert away.max() < 12


def test_over_the_horizon_there_is_no_wall() -> None:
    """A camera that looks nearly along the wall: wall below the horizon, the even dark above, and nothing odd."""
    wall = Wall(4.0, 4.0, 2.0, blank(4.0, 4.0, 2.0))
    camera = SimulatedCamera(width_px=200, height_px=200, fx=200, fy=200, cx=99.5, cy=99.5)
    turn = rotation_from_vector(np.array([np.deg2rad(80), 0.0, 0.0]))
    pose = Pose.from_rotation(np.array([2.0, 0.1, 0.3]), turn @ np.diag([1.0, -1.0, -1.0]))
    light = exposed(wall, camera, pose)
    assert np.isfinite(light).all()
    sky = np.isnan(surface_points_m(camera, pose, np.array([[100.0, float(row)] for row in range(200)]))[:, 0])
    assert 40 < sky.sum() < 120
    assert light[:, 100][sky].max() < 12
    assert light[-20:, 80:120].min() > GREY - 2


def test_noise_exposure_and_vignette_do_what_they_say() -> None:
    wall = Wall(0.4, 0.4, 0.5, blank(0.4, 0.4, 0.5))
    camera = SimulatedCamera(width_px=200, height_px=200, fx=500, fy=500, cx=99.5, cy=99.5)
    pose = Pose((0.2, 0.2, 0.5))

    def linear(changed: SimulatedCamera) -> FloatArray:
        return linear_from_srgb(render(wall, changed, pose, np.random.default_rng(3)) / 255.0)

    plain = linear(camera)
    assert plain.mean() == pytest.approx(GREY / 255, abs=0.004)
    assert linear(replace(camera, exposure=0.5)).mean() == pytest.approx(GREY / 510, abs=0.004)
    noisy = linear(replace(camera, shot_noise=0.03, read_noise=0.01))
    assert noisy.std() == pytest.approx(np.sqrt(0.03**2 * GREY / 255 + 0.01**2), rel=0.05)
    dim = linear(replace(camera, vignette=0.4))
    assert dim[0, 0].mean() == pytest.approx(0.6 * GREY / 255, abs=0.006)
    assert dim[100, 100].mean() == pytest.approx(GREY / 255, abs=0.006)


def test_the_same_seed_gives_the_same_photograph() -> None:
    wall = with_dots(np.array([[0.2, 0.2]]), 4, 0.4, 0.4, 0.5)
    camera = replace(CAMERA, shot_noise=0.02)
    pose = looking_at((0.2, 0.2), 0.3, (0.1, 0.2, 0.0))
    first, again, other = (render(wall, camera, pose, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_camera_inside_the_wall_is_refused() -> None:
    wall = Wall(0.1, 0.1, 0.5, blank(0.1, 0.1, 0.5))
    for w in (-0.2, 0.0, float("nan")):
        with pytest.raises(InputError, match="in front of the wall"):
            render(wall, SimulatedCamera(), Pose((0.05, 0.05, w)), np.random.default_rng(0))
