"""Cracks of known place and width, and how they are drawn into a texture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crackmap_robot.renderer.arrays import FloatArray, Picture
from crackmap_robot.renderer.noise import wander
from crackmap_robot.renderer.strokes import Stroke, coverage, darken

EDGE_STEP_MM = 0.75
"""Edges wander at this step."""
VERTEX_SPACING_M = 0.001
"""Distance of a random crack's vertices: fine enough for the smallest kinks that a tile shows."""


@dataclass(frozen=True, eq=False)
class TrueCrack:
    """One crack as it really is on the surface."""

    crack_id: str
    polyline_m: FloatArray
    """(n, 2): u, v of the centre line in the surface's body frame."""
    width_mm: FloatArray
    """(n,): opening at each vertex."""
    contrast: float = 0.8
    """Share of the light that a fully covered point loses, in linear light (0.8: half as bright on screen)."""

    @property
    def length_m(self) -> float:
        """Length along the centre line."""
        return float(np.sum(np.hypot(*np.diff(self.polyline_m, axis=0).T)))


@dataclass(frozen=True)
class CrackStyle:
    """How random cracks look; widths and contrasts are drawn from these ranges."""

    width_mm: tuple[float, float] = (0.2, 2.0)
    """Typical opening of a crack, log-uniform."""
    contrast: tuple[float, float] = (0.6, 0.97)
    """In linear light; about 0.33 to 0.8 on screen."""
    length_m: tuple[float, float] = (0.25, 1.6)
    branch_probability: float = 0.35
    crookedness: tuple[float, float] = (0.03, 0.09)
    """Sideways swing of the whole crack as a share of its length."""
    roughness: tuple[float, float] = (0.68, 0.92)
    """Hurst exponent of the path: lower is more jagged."""


def random_cracks(
    rng: np.random.Generator, count: int, width_m: float, height_m: float, style: CrackStyle | None = None
) -> tuple[TrueCrack, ...]:
    """``count`` cracks inside a wall; branches follow their crack as cracks of their own, ``crack-01.1``, ….

    Most run upright, as shrinkage cracks of restrained walls do; some run level or slanting.
    """
    style = style or CrackStyle()
    cracks: list[TrueCrack] = []
    for number in range(1, count + 1):
        angle = rng.normal(np.pi / 2, 0.25) if rng.uniform() < 0.6 else rng.uniform(0, np.pi)
        length = min(rng.uniform(*style.length_m), 1.1 * max(width_m, height_m))
        centre = np.array([rng.uniform(0.06, 0.94) * width_m, rng.uniform(0.15, 0.85) * height_m])
        reach = length / 2 * np.array([np.cos(angle), np.sin(angle)])
        width = float(np.exp(rng.uniform(*np.log(style.width_mm))))
        # Wide cracks are deep: only thin ones are ever pale.
        deep = min(1.0, width / 1.2)
        contrast = float(style.contrast[1] - (1 - 0.8 * deep) * rng.uniform(0, style.contrast[1] - style.contrast[0]))
        main = random_crack(
            rng, f"crack-{number:02}", centre - reach, centre + reach, width_mm=width, contrast=contrast, style=style
        )
        cracks.append(main)
        if rng.uniform() < style.branch_probability:
            cracks.append(_branch(rng, main, style))
    kept = (_inside(crack, width_m, height_m) for crack in cracks)
    return tuple(crack for crack in kept if crack is not None)


def random_crack(
    rng: np.random.Generator,
    crack_id: str,
    start_m: FloatArray,
    end_m: FloatArray,
    *,
    width_mm: float,
    contrast: float = 0.8,
    style: CrackStyle | None = None,
) -> TrueCrack:
    """A meandering crack from ``start_m`` to ``end_m`` that is about ``width_mm`` wide and closes at both ends."""
    style = style or CrackStyle()
    length = float(np.hypot(*(end_m - start_m)))
    levels = max(2, int(np.ceil(np.log2(max(length, 0.004) / VERTEX_SPACING_M))))
    swing, roughness = rng.uniform(*style.crookedness) * length, rng.uniform(*style.roughness)
    aside = _fractal(rng, levels, swing / length, roughness, steepest=0.24) * length
    ahead = _fractal(rng, levels, 0.2 * swing / length, roughness, steepest=0.06) * length
    direction = (end_m - start_m) / length
    normal = np.array([-direction[1], direction[0]])
    share = np.linspace(0, 1, len(aside))
    line = start_m + np.outer(share * length + ahead, direction) + np.outer(aside, normal)
    count = len(line)
    step_mm = length / count * 1000
    swell = 0.30 * wander(rng, count, 60 / step_mm) + 0.22 * wander(rng, count, 7 / step_mm)
    taper = np.clip(np.minimum(share, 1 - share) / 0.12, 0, 1) ** 0.6
    width = width_mm * np.exp(swell) * taper
    return TrueCrack(crack_id, line, np.maximum(width, 0.02), contrast)


def _fractal(
    rng: np.random.Generator, levels: int, amplitude: float, roughness: float, *, steepest: float
) -> FloatArray:
    """Midpoint displacement of a line of length 1, zero at both ends: (2**levels + 1,).

    No level moves its points by more (standard deviation) than ``steepest`` of their distance: cracks seldom turn back.
    """
    values = np.zeros(2)
    for level in range(levels):
        middle = (values[:-1] + values[1:]) / 2
        middle += rng.normal(0, min(amplitude * 2.0 ** (-roughness * level), steepest * 2.0**-level), len(middle))
        merged = np.empty(len(values) + len(middle))
        merged[::2], merged[1::2] = values, middle
        values = merged
    return values


def _branch(rng: np.random.Generator, main: TrueCrack, style: CrackStyle) -> TrueCrack:
    """A thinner crack that leaves ``main`` at a sharp angle."""
    at = int(rng.uniform(0.2, 0.8) * len(main.polyline_m))
    ahead = main.polyline_m[min(at + 30, len(main.polyline_m) - 1)] - main.polyline_m[max(at - 30, 0)]
    turn = rng.uniform(0.35, 1.0) * rng.choice([-1, 1]) + np.arctan2(ahead[1], ahead[0])
    reach = rng.uniform(0.12, 0.4) * main.length_m * np.array([np.cos(turn), np.sin(turn)])
    width = float(main.width_mm[at] * rng.uniform(0.4, 0.8))
    start = main.polyline_m[at]
    name = f"{main.crack_id}.1"
    crack = random_crack(rng, name, start, start + reach, width_mm=max(width, 0.1), contrast=main.contrast, style=style)
    # A branch is open where it leaves its crack: undo the taper of that end.
    opened = crack.width_mm.copy()
    near = len(opened) // 8 + 1
    opened[:near] = np.maximum(opened[:near], opened[near])
    return TrueCrack(crack.crack_id, crack.polyline_m, opened, crack.contrast)


def _inside(crack: TrueCrack, width_m: float, height_m: float) -> TrueCrack | None:
    """The longest run of vertices on the wall, None when less than 2 cm of it is there."""
    line = crack.polyline_m
    on_wall = np.all((line > 0) & (line < [width_m, height_m]), axis=1)
    edges = np.flatnonzero(np.diff(np.r_[False, on_wall, False]))
    runs = edges.reshape(-1, 2)
    if not len(runs):
        return None
    first, last = runs[np.argmax(runs[:, 1] - runs[:, 0])]
    cut = TrueCrack(crack.crack_id, line[first:last], crack.width_mm[first:last], crack.contrast)
    return cut if last - first > 2 and cut.length_m > 0.02 else None


def paint_crack(
    texture: Picture,
    crack: TrueCrack,
    height_m: float,
    mm_per_px: float,
    rng: np.random.Generator,
    *,
    ragged: float = 0.16,
) -> None:
    """Darken the linear ``texture`` (row 0 at v = ``height_m``) where ``crack`` lies.

    ``ragged`` is the standard deviation of each edge's own wandering as a share of the width; it leaves the mean width
    as it is.
    """
    line, width_px = _resampled(crack, EDGE_STEP_MM)
    width_px = width_px / mm_per_px
    scale = 1000 / mm_per_px
    points = np.column_stack([line[:, 0] * scale - 0.5, (height_m - line[:, 1]) * scale - 0.5])
    sides = []
    for _ in range(2):
        edge = wander(rng, len(line), 1.2) + 0.8 * wander(rng, len(line), 4.0)
        sides.append(width_px / 2 * np.clip(1 + ragged * edge, 0.1, 1.9))
    area = coverage(Stroke(points, sides[0], sides[1]), texture.shape[:2])
    rest = 1 - crack.contrast
    # Depth swallows blue a little less: cracks photograph faintly cold.
    darken(texture, area, (rest * 0.96, rest, rest * 1.04))


def _resampled(crack: TrueCrack, step_mm: float) -> tuple[FloatArray, FloatArray]:
    """Centre line and width (mm): every segment cut into equal pieces of at most ``step_mm``."""
    steps_mm = np.hypot(*np.diff(crack.polyline_m, axis=0).T) * 1000
    pieces = np.maximum(1, np.ceil(steps_mm / step_mm)).astype(int)
    segment = np.repeat(np.arange(len(pieces)), pieces)
    piece = np.arange(len(segment)) - (np.cumsum(pieces) - pieces)[segment]
    at = np.append(segment + piece / pieces[segment], len(pieces))
    number = np.arange(len(crack.polyline_m))
    line = np.column_stack([np.interp(at, number, crack.polyline_m[:, axis]) for axis in (0, 1)])
    width_mm: FloatArray = np.interp(at, number, crack.width_mm)
    return line, width_mm
