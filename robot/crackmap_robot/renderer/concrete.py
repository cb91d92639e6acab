"""Concrete without cracks: tint, clouds, stains, streaks, efflorescence, aggregate, grain and pores."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from crackmap_robot.renderer.arrays import FloatArray, Picture, SmallFloatArray
from crackmap_robot.renderer.noise import Lattice, clouds, lattice, smooth_step


@dataclass(frozen=True)
class Concrete:
    """What a concrete face looks like. Contrasts are relative to its mean reflectance, in linear light."""

    reflectance: tuple[float, float, float] = (0.47, 0.485, 0.49)
    """Mean linear RGB; a white sheet is 0.9."""
    cloud_contrast: float = 0.06
    """Soft changes of tone, 1 to 40 cm across."""
    stain_contrast: float = 0.25
    """How much light the darkest dirt takes."""
    stain_share: float = 0.12
    """Share of the face with dirt on it, about."""
    streak_contrast: float = 0.05
    """Traces of running water, upright."""
    efflorescence_share: float = 0.02
    """Share of the face with white lime bloom, about."""
    mottle_contrast: float = 0.05
    """Patches of 2 to 8 mm: aggregate near the surface."""
    grain_contrast: float = 0.055
    """Sand and cement, a millimetre and less."""
    relief_contrast: float = 0.08
    """Light and shade of small bumps, lit from above."""
    pores_per_m2: float = 4000.0
    """Pores of at least 0.25 mm radius."""
    pore_radius_limit_mm: float = 4.0


def random_concrete(rng: np.random.Generator) -> Concrete:
    """A face drawn from what is seen on real walls: smooth or rough, grey, bluish or yellowish, clean or dirty."""
    tone = rng.uniform(0.22, 0.62)
    warmth = rng.normal(-0.01, 0.08)
    rough = float(np.exp(rng.normal(0.0, 0.5)))
    return Concrete(
        reflectance=(tone * (1 + warmth), tone, tone * (1 - warmth)),
        cloud_contrast=float(rng.uniform(0.02, 0.10)),
        stain_contrast=float(rng.uniform(0.05, 0.40)),
        stain_share=float(rng.uniform(0.0, 0.30)),
        streak_contrast=float(rng.uniform(0.0, 0.10)),
        efflorescence_share=float(max(0.0, rng.uniform(-0.04, 0.06))),
        mottle_contrast=0.045 * rough * float(rng.uniform(0.5, 1.5)),
        grain_contrast=0.06 * rough,
        relief_contrast=0.09 * rough * float(rng.uniform(0.4, 1.6)),
        pores_per_m2=float(np.exp(rng.uniform(np.log(300), np.log(15000)))),
        pore_radius_limit_mm=float(rng.uniform(1.5, 6.0)),
    )


def slow_tone(
    rng: np.random.Generator, concrete: Concrete, shape: tuple[int, int], mm_per_cell: float
) -> SmallFloatArray:
    """Mean reflectance (rows, columns, 3), linear float32, of all that changes over a centimetre or more."""
    sizes = [(400, 1.0), (150, 0.8), (50, 0.6), (18, 0.4)]
    tone = sum(weight * clouds(rng, shape, (mm / mm_per_cell,) * 2) for mm, weight in sizes) / 1.1
    dirt = clouds(rng, shape, (250 / mm_per_cell,) * 2) + 0.6 * clouds(rng, shape, (60 / mm_per_cell,) * 2)
    dirt += 0.35 * clouds(rng, shape, (14 / mm_per_cell,) * 2)
    edge = float(np.quantile(dirt[::4, ::4], 1 - concrete.stain_share)) if concrete.stain_share > 0 else 99.0
    stain = smooth_step(edge - 1.1, edge + 1.5, dirt) * np.float32(concrete.stain_contrast)
    # Dirt sits in the small hollows: it is speckled, and its edge frays.
    speckle = clouds(rng, shape, (5 / mm_per_cell,) * 2) + clouds(rng, shape, (2.2 / mm_per_cell,) * 2)
    stain *= np.clip(0.85 + np.float32(0.25) * speckle, 0, 2)
    streaks = clouds(rng, shape, (500 / mm_per_cell, 14 / mm_per_cell))
    streaks += 0.8 * clouds(rng, shape, (400 / mm_per_cell, 37 / mm_per_cell))
    streaks += 0.35 * clouds(rng, shape, (300 / mm_per_cell, 5 / mm_per_cell))
    # Water runs here and there only.
    streaks *= smooth_step(-0.6, 1.4, clouds(rng, shape, (350 / mm_per_cell, 220 / mm_per_cell)))
    tone = 1 + np.float32(concrete.cloud_contrast) * tone + np.float32(concrete.streak_contrast) * streaks
    tone *= 1 - stain
    warm = np.float32(0.012) * clouds(rng, shape, (200 / mm_per_cell,) * 2) + np.float32(0.2) * stain
    warm += np.float32(0.010) * clouds(rng, shape, (20 / mm_per_cell,) * 2)
    warm += np.float32(0.012) * clouds(rng, shape, (5 / mm_per_cell,) * 2)
    colour = np.stack([tone * (1 + warm), tone, tone * (1 - warm)], axis=-1)
    colour *= np.array(concrete.reflectance, np.float32)
    if concrete.efflorescence_share > 0:
        white = _bloom(rng, concrete.efflorescence_share, shape, mm_per_cell)[..., None]
        colour += white * (np.float32(1.35) * colour.mean(axis=-1, keepdims=True) - colour)
    lit: SmallFloatArray = np.maximum(colour, np.float32(0.02))
    return lit


def _bloom(rng: np.random.Generator, share: float, shape: tuple[int, int], mm_per_cell: float) -> SmallFloatArray:
    """How white (0…1) lime makes each cell: runs drawn out downwards, grainy, thin at the edges."""
    run = clouds(rng, shape, (160 / mm_per_cell, 45 / mm_per_cell))
    run += 0.45 * clouds(rng, shape, (40 / mm_per_cell, 9 / mm_per_cell))
    run += 0.3 * clouds(rng, shape, (4.5 / mm_per_cell,) * 2)
    edge = float(np.quantile(run[::4, ::4], 1 - share))
    return smooth_step(edge - 0.7, edge + 1.4, run)


@dataclass(frozen=True, eq=False)
class FineTone:
    """All that changes within a centimetre: a factor around 1 per pixel, read band by band from top to bottom."""

    concrete: Concrete
    mottle: tuple[tuple[float, Lattice], ...]
    grain: Lattice
    bumps: Lattice
    rng: np.random.Generator

    def band(self, top_px: int, bottom_px: int, width_px: int) -> SmallFloatArray:
        """(bottom − top, width) float32. Every row is asked for once, from the top down: grain is drawn as it goes."""
        factor = np.ones((bottom_px - top_px, width_px), np.float32)
        for weight, field in self.mottle:
            factor += np.float32(weight) * field.band(top_px, bottom_px, width_px)
        grain = self.grain.band(top_px, bottom_px, width_px)
        # Sand is dark more often than bright: the high tail counts again.
        factor -= np.float32(self.concrete.grain_contrast) * (grain + np.maximum(2.5 * grain - 3, 0))
        pixel = self.rng.standard_normal(factor.shape, dtype=np.float32)
        factor += np.float32(0.5 * self.concrete.grain_contrast) * pixel
        bumps = self.bumps.band(top_px, bottom_px, width_px)
        # Lit from above: what faces up (lower rows are higher bumps) is bright, what faces down is dark.
        slope = bumps[1:] - bumps[:-1]
        factor[1:] += np.float32(self.concrete.relief_contrast) * slope
        factor[0] += np.float32(self.concrete.relief_contrast) * slope[0]
        return np.clip(factor, np.float32(0.3), np.float32(1.6))


def fine_tone(rng: np.random.Generator, concrete: Concrete, shape: tuple[int, int], mm_per_px: float) -> FineTone:
    """The fields of :class:`FineTone` for a texture of ``shape`` (rows, columns)."""

    def field(cell_mm: float) -> Lattice:
        return lattice(rng, *shape, cell_px=max(1, round(cell_mm / mm_per_px)))

    mottle = ((0.7 * concrete.mottle_contrast, field(6.0)), (0.8 * concrete.mottle_contrast, field(2.2)))
    return FineTone(concrete, mottle, field(0.8), field(0.55), rng)


def paint_pores(
    texture: Picture, rng: np.random.Generator, concrete: Concrete, mm_per_px: float, extra_px: FloatArray | None = None
) -> None:
    """Dark pits with a lit lower edge, a few clusters among them, in place.

    ``extra_px`` (n, 2: column, row) are places where pores surely are: cracks like to run through pores.
    """
    rows, columns = texture.shape[:2]
    area_m2 = rows * columns * (mm_per_px / 1000) ** 2
    count = int(rng.poisson(concrete.pores_per_m2 * area_m2))
    centres = rng.uniform(0, 1, (count, 2)) * [columns, rows]
    # Air gathers: where a coarse field is high there are several times as many pores.
    crowd = clouds(rng, (max(3, rows // 64), max(3, columns // 64)), (2.5, 2.5))
    local = crowd[
        np.minimum((centres[:, 1] / rows * crowd.shape[0]).astype(int), crowd.shape[0] - 1),
        np.minimum((centres[:, 0] / columns * crowd.shape[1]).astype(int), crowd.shape[1] - 1),
    ]
    centres = centres[rng.uniform(size=count) < np.clip(np.exp(1.2 * local) / 3, 0.08, 1)]
    if extra_px is not None:
        centres = np.concatenate([centres, extra_px])
    # Number over radius falls with about the 2.6th power (Pareto), as counted by eye on photographs.
    radius_mm = 0.25 * rng.uniform(size=len(centres)) ** (-1 / 2.6)
    radius_px = np.minimum(radius_mm, concrete.pore_radius_limit_mm) / mm_per_px
    half = np.ceil(radius_px * 1.6 + 2).astype(int)
    for size in np.unique(half):
        chosen = np.flatnonzero(half == size)
        _paint_pits(texture, rng, centres[chosen], radius_px[chosen], int(size))


def _paint_pits(texture: Picture, rng: np.random.Generator, centres: FloatArray, radius: FloatArray, half: int) -> None:
    """Pits that fit into squares of 2·half + 1 pixels."""
    count = len(centres)
    squash = rng.uniform(0.55, 1.0, (count, 1))
    corner = np.round(centres).astype(int)
    dy, dx = np.mgrid[-half : half + 1, -half : half + 1].reshape(2, 1, -1)
    x = dx - (centres[:, 0] - corner[:, 0])[:, None]
    y = dy - (centres[:, 1] - corner[:, 1])[:, None]
    turn = rng.uniform(0, np.pi, (count, 1))
    across = (x * np.cos(turn) + y * np.sin(turn)) / squash
    along = -x * np.sin(turn) + y * np.cos(turn)
    angle = np.arctan2(across, along)
    phases = rng.uniform(0, 2 * np.pi, (2, count, 1))
    ragged = 1 + 0.13 * np.cos(3 * angle + phases[0]) + 0.07 * np.cos(5 * angle + phases[1])
    outline = radius[:, None] * ragged
    distance = np.hypot(across, along)
    cover = np.clip(outline - distance + 0.5, 0, 1) * np.minimum(1, np.pi * outline**2 / 1.0)
    depth = rng.uniform(0.6, 0.95, (count, 1)) * np.clip(0.55 + radius[:, None] / 4, 0, 1)
    # The lower wall of a pit catches the light from above, its upper wall and ground do not.
    low_side = np.clip(y / np.maximum(outline, 1), -1, 1)
    loss = cover * depth * (1 - 0.45 * np.clip(low_side, 0, 1))
    lit = np.clip(low_side, 0, 1) * np.clip(radius[:, None] / 4, 0, 1)
    factor = 1 - loss + 0.10 * lit * np.clip(1 - np.abs(distance - outline - 0.8), 0, 1)
    rows, columns = corner[:, 1][:, None] + dy, corner[:, 0][:, None] + dx
    changed = (np.abs(factor - 1) > 0.01) & (rows >= 0) & (rows < texture.shape[0])
    changed &= (columns >= 0) & (columns < texture.shape[1])
    at = rows[changed], columns[changed]
    texture[at] = np.clip(texture[at] * factor[changed, None], 0, 255).astype(np.uint8)


def paint_band(texture: Picture, top_px: int, slow: Lattice, fine: FineTone, bottom_px: int) -> None:
    """Fill the rows ``top_px`` up to ``bottom_px`` of the linear ``texture``."""
    width_px = texture.shape[1]
    colour = slow.band(top_px, bottom_px, width_px)
    factor = fine.band(top_px, bottom_px, width_px) * np.float32(255)
    cv2.multiply(colour, cv2.merge([factor] * 3), dst=texture[top_px:bottom_px], dtype=cv2.CV_8U)
