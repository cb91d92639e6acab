"""Light on a wall that does not move with the camera: a gradient and soft shadows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crackmap_robot.renderer.arrays import SmallFloatArray
from crackmap_robot.renderer.noise import smooth_step


@dataclass(frozen=True)
class Shadow:
    """A straight band of shadow with soft edges: a rail, a cable or, when it is very wide, a roof."""

    through_m: tuple[float, float]
    """A point (u, v) on its centre line."""
    angle_rad: float
    """Direction of the centre line against u."""
    width_m: float
    penumbra_m: float
    """How wide each soft edge is; at least about 3 mm."""
    depth: float
    """Share of the light missing in its core."""


@dataclass(frozen=True)
class Lighting:
    """All light on the wall is 1 at its centre before shadows."""

    gradient_per_m: tuple[float, float] = (0.0, 0.06)
    """Change of light along u and v."""
    shadows: tuple[Shadow, ...] = ()

    def field(self, shape: tuple[int, int], mm_per_cell: float) -> SmallFloatArray:
        """(rows, columns) float32 of light on a wall whose row 0 is the top."""
        rows, columns = shape
        u = (np.arange(columns, dtype=np.float32) + 0.5) * np.float32(mm_per_cell / 1000)
        v = (rows - np.arange(rows, dtype=np.float32) - 0.5)[:, None] * np.float32(mm_per_cell / 1000)
        light = 1 + self.gradient_per_m[0] * (u - u.mean()) + self.gradient_per_m[1] * (v - v.mean())
        for shadow in self.shadows:
            du, dv = u - shadow.through_m[0], v - shadow.through_m[1]
            distance = np.abs(dv * np.cos(shadow.angle_rad) - du * np.sin(shadow.angle_rad)).astype(np.float32)
            half, soft = shadow.width_m / 2, shadow.penumbra_m / 2
            light *= 1 - np.float32(shadow.depth) * (1 - smooth_step(half - soft, half + soft, distance))
        lit: SmallFloatArray = np.maximum(light, np.float32(0.05)).astype(np.float32)
        return lit


def random_lighting(rng: np.random.Generator, width_m: float, height_m: float, shadow_count: float = 0.7) -> Lighting:
    """Mostly even light; ``shadow_count`` shadows on average, narrow or wide."""
    shadows = tuple(
        Shadow(
            through_m=(float(rng.uniform(0, width_m)), float(rng.uniform(0, height_m))),
            angle_rad=float(rng.uniform(0, np.pi)),
            width_m=float(np.exp(rng.uniform(np.log(0.006), np.log(0.8)))),
            penumbra_m=float(np.exp(rng.uniform(np.log(0.004), np.log(0.08)))),
            depth=float(rng.uniform(0.15, 0.6)),
        )
        for _ in range(rng.poisson(shadow_count))
    )
    return Lighting((float(rng.normal(0, 0.08)), float(rng.normal(0.04, 0.08))), shadows)
