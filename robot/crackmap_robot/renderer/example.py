"""The wall and the camera where none are given: formwork, stains, a shadow, and cracks that are known."""

from __future__ import annotations

import numpy as np

from crackmap_robot.renderer.camera import SimulatedCamera
from crackmap_robot.renderer.concrete import Concrete
from crackmap_robot.renderer.cracks import CrackStyle
from crackmap_robot.renderer.formwork import Formwork
from crackmap_robot.renderer.lighting import Lighting, Shadow
from crackmap_robot.renderer.wall import Wall, make_wall

TEXTURE_MM_PER_PX = 0.25
CRACKS_PER_M2 = 1.5
EXAMPLE_CAMERA = SimulatedCamera(
    width_px=2000,
    height_px=1500,
    fx=2200.0,
    fy=2204.0,
    cx=1006.5,
    cy=741.0,
    k1=-0.12,
    k2=0.03,
    p1=0.0006,
    p2=-0.0004,
    vignette=0.15,
    blur_px=0.6,
    shot_noise=0.01,
    read_noise=0.003,
)


def example_wall(seed: int, width_m: float, height_m: float, rng: np.random.Generator) -> Wall:
    """The same wall for the same seed and the same state of `rng`, which lays the shadow."""
    u, angle = rng.uniform(0.3, 0.7) * width_m, rng.uniform(0.6, 1.2) * rng.choice([-1, 1])
    return make_wall(
        seed,
        width_m,
        height_m,
        TEXTURE_MM_PER_PX,
        cracks=max(2, round(CRACKS_PER_M2 * width_m * height_m)),
        style=CrackStyle(width_mm=(0.3, 2.0), length_m=(0.4, 1.4), branch_probability=0.2),
        concrete=Concrete(stain_share=0.2),
        formwork=Formwork(),
        lighting=Lighting(shadows=(Shadow((u, height_m / 2), angle, 0.15, 0.03, 0.35),)),
    )
