"""Cracks are as wide, as dark and where they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crackmap_robot.renderer import (
    CrackStyle,
    SimulatedCamera,
    TrueCrack,
    Wall,
    looking_at,
    random_crack,
    random_cracks,
    surface_points_m,
)
from crackmap_robot.renderer.arrays import Picture
from crackmap_robot.renderer.cracks import paint_crack
from crackmap_robot.renderer.photograph import exposed
from crackmap_robot.renderer.strokes import Stroke, coverage, pixel_share

GREY = 250


def painted(crack: TrueCrack, side_m: float, mm_per_px: float, ragged: float = 0.16) -> Picture:
    pixels = round(side_m * 1000 / mm_per_px)
    texture = np.full((pixels, pixels, 3), GREY, np.uint8)
    paint_crack(texture, crack, side_m, mm_per_px, np.random.default_rng(4), ragged=ragged)
    return texture


def straight(angle_rad: float, width_mm: float, contrast: float = 0.8) -> TrueCrack:
    """0.16 m long through the middle of a 0.2 m square, a vertex per millimetre."""
    along = np.linspace(-0.08, 0.08, 161)[:, None] * [np.cos(angle_rad), np.sin(angle_rad)]
    return TrueCrack("c", along + 0.1, np.full(161, width_mm), contrast)


@settings(max_examples=25)
@given(st.floats(0, np.pi), st.floats(0.05, 3.0), st.sampled_from([0.15, 0.25, 0.4]))
def test_missing_light_equals_width_times_length(angle: float, width_mm: float, mm_per_px: float) -> None:
    """Darkness is area-true at any angle, for cracks far under a pixel wide too; painting adds 8-bit rounding."""
    crack = straight(angle, width_mm)
    line = crack.polyline_m * 1000 / mm_per_px
    half = np.full(len(line), width_mm / mm_per_px / 2)
    area = coverage(Stroke(line, half, half), (round(200 / mm_per_px), round(200 / mm_per_px)))
    length_mm = 160 + width_mm * np.pi / 4  # round ends
    assert float(area.share.sum()) * mm_per_px**2 == pytest.approx(width_mm * length_mm, rel=0.01)
    lost = GREY - painted(crack, 0.2, mm_per_px, ragged=0.0)[..., 1].astype(float)
    rounding_mm2 = 0.5 * np.count_nonzero(lost) / GREY / 0.8 * mm_per_px**2
    missing_mm2 = lost.sum() / GREY / 0.8 * mm_per_px**2
    assert missing_mm2 == pytest.approx(width_mm * length_mm, abs=0.01 * width_mm * length_mm + rounding_mm2)


@pytest.mark.parametrize("width_mm", [0.3, 1.0, 2.0])
def test_ragged_edges_keep_the_width(width_mm: float) -> None:
    missing = (GREY - painted(straight(1.3, width_mm), 0.2, 0.25)[..., 1].astype(float)).sum() / GREY / 0.8
    assert missing * 0.25**2 / 160 == pytest.approx(width_mm, rel=0.05)


@pytest.mark.parametrize("tilt", [0.0, 0.4])
@pytest.mark.parametrize("width_mm", [0.3, 1.2])
def test_a_photographed_crack_has_its_width(width_mm: float, tilt: float) -> None:
    """Integrated darkness across the crack in the picture, times the scale there, is its width."""
    wall = Wall(0.2, 0.2, 0.25, painted(straight(np.pi / 2, width_mm), 0.2, 0.25))
    camera = SimulatedCamera(width_px=400, height_px=300, fx=1000, fy=1000, cx=199.5, cy=149.5)
    pose = looking_at((0.1, 0.1), 0.35, (tilt, 0.0, 0.0))
    light = exposed(wall, camera, pose)[..., 1]
    rows = np.arange(20, 280)
    ends = [surface_points_m(camera, pose, np.column_stack([np.full(260, x), rows])) for x in (199.0, 200.0)]
    mm_per_px = (ends[1] - ends[0])[:, 0] * 1000
    across_mm = (1 - light[rows] / GREY).sum(axis=1) / 0.8 * mm_per_px
    assert across_mm.mean() == pytest.approx(width_mm, rel=0.05)


def test_a_crack_is_painted_where_its_polyline_runs() -> None:
    crack = TrueCrack("c", np.array([[0.02, 0.03], [0.06, 0.15]]), np.array([1.0, 1.0]))
    texture = painted(crack, 0.2, 0.25)
    for share in (0.1, 0.5, 0.9):
        u, v = crack.polyline_m[0] + share * (crack.polyline_m[1] - crack.polyline_m[0])
        assert texture[int((0.2 - v) * 4000), int(u * 4000), 1] < 120
    assert texture[int(0.03 * 4000), int(0.02 * 4000), 1] == GREY  # v is up: nothing where it would be with v down


@settings(max_examples=60)
@given(st.floats(-2, 2), st.floats(0, 2 * np.pi))
def test_pixel_share_is_the_area_under_the_edge(distance: float, angle: float) -> None:
    normal = np.array([np.cos(angle), np.sin(angle)])
    grid = (np.arange(400) + 0.5) / 400 - 0.5
    x, y = np.meshgrid(grid, grid)
    area = (x * normal[0] + y * normal[1] < distance).mean()
    share = pixel_share(np.array([distance], np.float32), normal[None].astype(np.float32))
    assert share[0] == pytest.approx(area, abs=0.004)


def test_random_cracks_lie_on_the_wall_and_keep_their_ranges() -> None:
    style = CrackStyle(width_mm=(0.3, 0.9), branch_probability=1.0)
    cracks = random_cracks(np.random.default_rng(3), 20, 2.0, 1.0, style)
    assert len({crack.crack_id for crack in cracks}) == len(cracks) > 20
    for crack in cracks:
        assert crack.polyline_m.shape == (len(crack.width_mm), 2)
        assert np.all((crack.polyline_m > 0) & (crack.polyline_m < [2.0, 1.0]))
        assert np.all(crack.width_mm > 0)
        assert crack.length_m > 0.02
    typical = [np.median(crack.width_mm) for crack in cracks if "." not in crack.crack_id]
    assert 0.3 < np.median(typical) < 0.9


def test_a_random_crack_closes_at_its_ends_and_is_about_as_wide_as_asked() -> None:
    start, end = np.array([0.1, 0.1]), np.array([0.9, 0.4])
    crack = random_crack(np.random.default_rng(8), "c", start, end, width_mm=0.8)
    np.testing.assert_allclose(crack.polyline_m[[0, -1]], [start, end], atol=1e-12)
    assert crack.width_mm[[0, -1]].max() <= 0.05
    assert np.mean(crack.width_mm) == pytest.approx(0.8, rel=0.35)
    spacing_mm = np.hypot(*np.diff(crack.polyline_m, axis=0).T) * 1000
    assert spacing_mm.max() < 5
