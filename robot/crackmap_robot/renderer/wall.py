"""A simulated wall: its picture at a known scale and everything that is known about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crackmap.errors import InputError
from crackmap_robot.renderer.arrays import FloatArray, Picture, SmallFloatArray
from crackmap_robot.renderer.concrete import Concrete, fine_tone, paint_band, paint_pores, slow_tone
from crackmap_robot.renderer.cracks import CrackStyle, TrueCrack, paint_crack, random_cracks
from crackmap_robot.renderer.formwork import (
    Formwork,
    Joint,
    TieHole,
    lay_joints,
    lay_tie_holes,
    paint_joint,
    paint_tie_hole,
    panel_tones,
)
from crackmap_robot.renderer.lighting import Lighting
from crackmap_robot.renderer.noise import enlarged

SLOW_CELL_MM = 2.0
"""Grid of everything that changes over a centimetre or more."""
BAND_PX = 256
"""Rows painted together."""


@dataclass(frozen=True, eq=False)
class Wall:
    """A plane surface, u from 0 to ``width_m`` to the right, v from 0 to ``height_m`` up, seen from +w."""

    width_m: float
    height_m: float
    mm_per_px: float
    texture: Picture
    """(rows, columns, 3) RGB, LINEAR reflectance times light, 255 = 1.0. Row 0 is the top (v = ``height_m``)."""
    cracks: tuple[TrueCrack, ...] = ()
    joints: tuple[Joint, ...] = ()
    tie_holes: tuple[TieHole, ...] = ()

    def texture_px(self, points_m: FloatArray) -> FloatArray:
        """(n, 2) u, v → (n, 2) column, row of the texture; pixel centres are integers."""
        scale = 1000 / self.mm_per_px
        return np.stack([points_m[..., 0], self.height_m - points_m[..., 1]], axis=-1) * scale - 0.5


def make_wall(
    seed: int,
    width_m: float,
    height_m: float,
    mm_per_px: float,
    *,
    cracks: Sequence[TrueCrack] | int = 6,
    style: CrackStyle | None = None,
    concrete: Concrete | None = None,
    formwork: Formwork | None = None,
    lighting: Lighting | None = None,
) -> Wall:
    """Paint a wall. The same arguments give the same wall, pixel for pixel.

    ``cracks`` are painted as given, or so many random ones in ``style``. Without ``formwork`` there are no joints and
    tie holes. Memory: about four bytes per texture pixel.
    """
    shape = (round(height_m * 1000 / mm_per_px), round(width_m * 1000 / mm_per_px))
    if min(shape) < 2:
        raise InputError(f"make_wall: {width_m} m × {height_m} m at {mm_per_px} mm/px has no 2 × 2 pixels")
    # A stream of its own for each trade: another crack does not change the concrete.
    ground, panels, breaks, pits = np.random.default_rng(seed).spawn(4)
    concrete = concrete or Concrete()
    texture = _bare_face(
        ground, panels, shape, mm_per_px, concrete=concrete, formwork=formwork, lighting=lighting or Lighting()
    )
    joints = lay_joints(panels, formwork, width_m, height_m) if formwork else ()
    holes = lay_tie_holes(panels, formwork, width_m, height_m) if formwork else ()
    known = random_cracks(breaks, cracks, width_m, height_m, style) if isinstance(cracks, int) else tuple(cracks)
    wall = Wall(width_m, height_m, mm_per_px, texture, known, joints, holes)
    for joint in joints:
        paint_joint(texture, joint, height_m, mm_per_px, panels)
    for hole in holes:
        paint_tie_hole(texture, hole, height_m, mm_per_px, panels)
    paint_pores(texture, pits, concrete, mm_per_px, wall.texture_px(_pores_on(breaks, known)))
    for crack in known:
        paint_crack(texture, crack, height_m, mm_per_px, breaks)
    return wall


def _bare_face(
    ground: np.random.Generator,
    panels: np.random.Generator,
    shape: tuple[int, int],
    mm_per_px: float,
    *,
    concrete: Concrete,
    formwork: Formwork | None,
    lighting: Lighting,
) -> Picture:
    """Lit concrete with nothing on it yet, painted band by band."""
    cell_px = max(1, round(SLOW_CELL_MM / mm_per_px))
    coarse = (-(-shape[0] // cell_px), -(-shape[1] // cell_px))
    slow: SmallFloatArray = slow_tone(ground, concrete, coarse, cell_px * mm_per_px)
    slow *= lighting.field(coarse, cell_px * mm_per_px)[..., None]
    if formwork:
        slow *= panel_tones(panels, formwork, coarse, cell_px * mm_per_px)[..., None]
    slow_lattice, fine = enlarged(slow, cell_px), fine_tone(ground, concrete, shape, mm_per_px)
    texture: Picture = np.empty((*shape, 3), np.uint8)
    for top_px in range(0, shape[0], BAND_PX):
        paint_band(texture, top_px, slow_lattice, fine, min(top_px + BAND_PX, shape[0]))
    return texture


def _pores_on(rng: np.random.Generator, cracks: Sequence[TrueCrack]) -> FloatArray:
    """(n, 2) u, v: about four pores per metre of crack."""
    chosen = [crack.polyline_m[rng.uniform(size=len(crack.polyline_m)) < 0.004] for crack in cracks]
    return np.concatenate([np.empty((0, 2)), *chosen])
