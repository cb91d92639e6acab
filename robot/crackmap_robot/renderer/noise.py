"""Smooth random fields: what concrete, stains and crack paths are made of."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from crackmap_robot.renderer.arrays import FloatArray, SmallFloatArray

MARGIN = 2
"""Lattice points kept outside the picture on each side: cubic interpolation reaches that far."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """Random values every ``cell_px`` pixels, interpolated (cubic) between them.

    It can be read band by band: neighbouring bands fit without a seam, so a large wall never needs a full-size field.
    """

    values: SmallFloatArray
    """(rows + 2 MARGIN, columns + 2 MARGIN) or the same with channels, float32."""
    cell_px: int

    def band(self, top_px: int, bottom_px: int, width_px: int) -> SmallFloatArray:
        """Pixel rows ``top_px`` (may be −MARGIN cells) up to ``bottom_px``, columns 0 up to ``width_px``."""
        first, last = top_px // self.cell_px, -(-bottom_px // self.cell_px)
        part = self.values[max(first, 0) : last + 2 * MARGIN]
        top_of_part_px = (max(first, 0) - MARGIN) * self.cell_px
        if self.cell_px > 1:
            big = cv2.resize(part, None, fx=self.cell_px, fy=self.cell_px, interpolation=cv2.INTER_CUBIC)
            part = np.asarray(big, np.float32)
        row, column = top_px - top_of_part_px, MARGIN * self.cell_px
        return part[row : row + bottom_px - top_px, column : column + width_px]


def lattice(rng: np.random.Generator, height_px: int, width_px: int, cell_px: int) -> Lattice:
    """Normal values (mean 0, standard deviation 1 on the lattice) that cover ``height_px`` × ``width_px``."""
    shape = (-(-height_px // cell_px) + 2 * MARGIN + 1, -(-width_px // cell_px) + 2 * MARGIN + 1)
    return Lattice(rng.standard_normal(shape, dtype=np.float32), cell_px)


def enlarged(field: SmallFloatArray, cell_px: int) -> Lattice:
    """A coarse field (one value per ``cell_px`` pixels) as a lattice, its edges repeated outwards."""
    edged = cv2.copyMakeBorder(field, *(MARGIN, MARGIN + 1) * 2, cv2.BORDER_REPLICATE)
    return Lattice(np.asarray(edged, np.float32), cell_px)


def clouds(rng: np.random.Generator, shape: tuple[int, int], cell: tuple[float, float]) -> SmallFloatArray:
    """One octave of smooth noise, float32 of ``shape``, ``cell`` = (rows, columns): unequal cells give streaks."""
    rows, columns = (max(3, int(np.ceil(n / c)) + 3) for n, c in zip(shape, cell, strict=True))
    coarse = rng.standard_normal((rows, columns), dtype=np.float32)
    shift = rng.uniform(0.5, 1.5, 2)
    scale = np.array([[1 / cell[1], 0, shift[1]], [0, 1 / cell[0], shift[0]]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    fine = cv2.warpAffine(coarse, scale, (shape[1], shape[0]), flags=flags, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(fine, np.float32)


def wander(rng: np.random.Generator, count: int, cell: float) -> FloatArray:
    """Smooth noise along a line: (count,) float64, mean about 0, standard deviation about 1, wave length ≥ ``cell``."""
    knots = rng.standard_normal(int(count / cell) + 5)
    at = np.arange(count) / cell + 1.0 + rng.uniform()
    index = at.astype(int)
    t = at - index
    weight = t * t * (3 - 2 * t)
    # The blend of two independent normals loses variance between the knots; divide it out.
    blend = knots[index] * (1 - weight) + knots[index + 1] * weight
    even: FloatArray = blend / np.sqrt(weight**2 + (1 - weight) ** 2)
    return even


def smooth_step(low: float, high: float, x: SmallFloatArray) -> SmallFloatArray:
    """0 under ``low``, 1 over ``high``, a cubic between."""
    t = np.clip((x - np.float32(low)) / np.float32(high - low), 0, 1)
    result: SmallFloatArray = t * t * (3 - 2 * t)
    return result
