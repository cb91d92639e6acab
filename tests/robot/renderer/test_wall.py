"""Walls: determinism, seams, what is on them, and that they are concrete-like by the numbers."""

from __future__ import annotations

import numpy as np
import pytest

from crackmap.errors import InputError
from crackmap_robot.renderer import (
    Concrete,
    Formwork,
    Lighting,
    Shadow,
    TrueCrack,
    Wall,
    make_wall,
    random_concrete,
    random_formwork,
    random_lighting,
)
from crackmap_robot.renderer.noise import clouds, enlarged, lattice, wander

CALM = Concrete(
    cloud_contrast=0, stain_contrast=0, streak_contrast=0, efflorescence_share=0, mottle_contrast=0, pores_per_m2=0
)


def test_the_same_arguments_give_the_same_wall() -> None:
    first, again, other = (make_wall(seed, 0.2, 0.15, 0.4, formwork=Formwork()) for seed in (1, 1, 2))
    assert np.array_equal(first.texture, again.texture)
    assert [crack.crack_id for crack in first.cracks] == [crack.crack_id for crack in again.cracks]
    assert np.array_equal(first.cracks[0].polyline_m, again.cracks[0].polyline_m)
    assert not np.array_equal(first.texture, other.texture)


def test_size_scale_and_places() -> None:
    wall = make_wall(1, 0.3, 0.2, 0.5, cracks=0)
    assert wall.texture.shape == (400, 600, 3)
    assert wall.texture.dtype == np.uint8
    corners = np.array([[0.0, 0.2], [0.3, 0.0]])
    np.testing.assert_allclose(wall.texture_px(corners), [[-0.5, -0.5], [599.5, 399.5]], atol=1e-9)


def test_given_cracks_are_kept_and_painted() -> None:
    crack = TrueCrack("mine", np.array([[0.05, 0.05], [0.15, 0.05]]), np.array([2.0, 2.0]))
    wall, plain = (make_wall(3, 0.2, 0.2, 0.5, cracks=cracks, concrete=CALM) for cracks in ([crack], []))
    assert wall.cracks == (crack,)
    darker = plain.texture.astype(int).sum(axis=-1) - wall.texture.astype(int).sum(axis=-1)
    assert darker[298:302, 150:250].mean() > 120  # v = 5 cm is row 300 of 400
    assert np.abs(darker[:250]).max() < 60


def test_concrete_is_grey_with_contrast_at_every_scale() -> None:
    wall = make_wall(4, 0.4, 0.3, 0.25, cracks=0)
    light = wall.texture.astype(float) / 255
    np.testing.assert_allclose(light.mean(axis=(0, 1)), Concrete().reflectance, rtol=0.12)
    grey = light.mean(axis=-1)
    for cell in (1, 8, 64):
        rows, columns = 1200 // cell, 1600 // cell
        blocks = grey[: rows * cell, : columns * cell].reshape(rows, cell, columns, cell).mean(axis=(1, 3))
        assert 0.015 < blocks.std() / blocks.mean() < 0.25


def test_bands_fit_without_a_seam() -> None:
    field = lattice(np.random.default_rng(1), 90, 70, 7)
    whole = field.band(0, 90, 70)
    parts = [field.band(top, min(top + 16, 90), 70) for top in range(0, 90, 16)]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-5)
    ramp = np.arange(40, dtype=np.float32)[:, None] * np.ones((1, 9), np.float32)
    big = enlarged(ramp, 4).band(40, 80, 36)
    # OpenCV's cubic bends a ramp a little.
    np.testing.assert_allclose(big[:, 10], (np.arange(40, 80) + 0.5) / 4 - 0.5, atol=0.05)


def test_noise_has_unit_spread() -> None:
    rng = np.random.default_rng(2)
    assert 0.6 < clouds(rng, (400, 400), (8, 8)).std() < 1.2
    assert 0.9 < wander(rng, 20000, 10).std() < 1.1


def test_another_crack_leaves_the_concrete_as_it_is() -> None:
    crack = TrueCrack("mine", np.array([[0.05, 0.05], [0.15, 0.05]]), np.array([1.0, 1.0]))
    without, one = (make_wall(3, 0.2, 0.2, 0.5, cracks=cracks, formwork=Formwork()) for cracks in ([], [crack]))
    assert without.joints == one.joints
    assert np.array_equal(without.texture[:250], one.texture[:250])
    assert not np.array_equal(without.texture, one.texture)


def test_a_wall_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="2 × 2"):
        make_wall(1, 0.0, 1.0, 0.5)


def test_joints_and_tie_holes_are_painted_where_they_are_named() -> None:
    formwork = Formwork(
        first_joint_u_m=0.1, first_joint_v_m=0.15, panel_width_m=0.2, panel_height_m=0.2, tone_contrast=0.0
    )
    wall = make_wall(6, 0.4, 0.4, 0.5, cracks=0, concrete=CALM, formwork=formwork)
    plain = make_wall(6, 0.4, 0.4, 0.5, cracks=0, concrete=CALM)
    changed = np.abs(wall.texture.astype(int) - plain.texture).max(axis=-1) > 12
    assert {round(joint.start_m[0], 2) for joint in wall.joints} == {0.0, 0.1, 0.3}
    assert wall.tie_holes
    near = np.zeros_like(changed)
    v, u = np.meshgrid(0.4 - (np.arange(800) + 0.5) / 2000, (np.arange(800) + 0.5) / 2000, indexing="ij")
    for joint in wall.joints:
        (u0, v0), (u1, v1) = joint.start_m, joint.end_m
        off = np.abs((u1 - u0) * (v - v0) - (v1 - v0) * (u - u0)) / np.hypot(u1 - u0, v1 - v0)
        assert changed[off < 0.0005].mean() > 0.4
        near |= off < 0.006
    for hole in wall.tie_holes:
        near |= np.hypot(u - hole.centre_m[0], v - hole.centre_m[1]) < hole.radius_mm * 1.3 / 1000
    assert changed[~near].mean() < 0.001


def test_a_shadow_takes_its_share_of_the_light() -> None:
    light = Lighting((0.0, 0.0), (Shadow((0.5, 0.2), np.pi / 2, 0.2, 0.05, 0.4),)).field((40, 100), 10.0)
    np.testing.assert_allclose(light[:, 50], 0.6, atol=1e-5)
    np.testing.assert_allclose(light[:, :30], 1.0, atol=1e-5)
    assert np.all(np.diff(light[20, 30:50]) <= 0)
    brighter_above = Lighting((0.0, 0.1)).field((40, 100), 10.0)
    assert brighter_above[0, 0] > 1 > brighter_above[-1, 0]


def test_random_parts_make_walls() -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        wall: Wall = make_wall(
            seed,
            0.25,
            0.2,
            0.5,
            cracks=2,
            concrete=random_concrete(rng),
            formwork=random_formwork(rng),
            lighting=random_lighting(rng, 0.25, 0.2, 2.0),
        )
        assert 15 < wall.texture.mean() < 220
