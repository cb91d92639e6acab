"""Light on an uneven surface: slopes that face the sun or turn away, cast shadows, and pits that see little sky."""

from dataclasses import dataclass

import cv2
import numpy as np

from crackmap_models.composites.fields import Plane, blurred, log_uniform, plane, shifted

FARTHEST_SHADOW_PX = 64


@dataclass(frozen=True, slots=True)
class Light:
    """Where the sun stands (the direction to it on the tile, and the tangent of its height), and its share of light.

    The rest comes from the sky: a pit as deep as `sky_px` below its surroundings sees a third of it. `soft_px` is how
    deep below the edge of a shadow one must be to lie wholly in it.
    """

    towards_rad: float
    height_tan: float
    sun_share: float
    sky_px: float
    soft_px: float


def random_light(depth_px: float, rng: np.random.Generator) -> Light:
    """Sun or an overcast sky over something about `depth_px` deep."""
    sunny = rng.random() < 0.6
    return Light(
        rng.uniform(0, 2 * np.pi),
        log_uniform(0.4, 1.6, rng),
        rng.uniform(0.4, 0.75) if sunny else rng.uniform(0.05, 0.35),
        depth_px * log_uniform(0.22, 1.3, rng),
        log_uniform(0.7, 3.0, rng) if sunny else log_uniform(2.0, 8.0, rng),
    )


def light_on(surface: Plane, light: Light, around_px: float) -> Plane:
    """How bright a surface of heights [h, w] px lies in the light; level ground with nothing near has 1.

    `around_px` is how far away things still hide the sky.
    """
    right, down = float(np.cos(light.towards_rad)), float(np.sin(light.towards_rad))
    facing = surface - shifted(surface, -right, -down)
    sun = (1 + facing * np.float32(1 / light.height_tan)) / cv2.sqrt(1 + np.float32(1.5) * facing * facing)
    sun = np.clip(sun, 0, 1.5) * (
        1 - np.clip((_horizon(surface, light) - surface) * np.float32(1 / light.soft_px), 0, 1)
    )
    below = np.minimum(0, surface - blurred(surface, around_px))
    sky = plane(cv2.exp(below * np.float32(1 / light.sky_px)))
    share = np.float32(light.sun_share)
    return np.asarray(sky * ((1 - share) + share * sun), np.float32)


def _horizon(surface: Plane, light: Light) -> Plane:
    """Up to which height [h, w] each place lies in the shadow of others; on every other pixel, as shadows are broad."""
    height, width = surface.shape
    right, down = float(np.cos(light.towards_rad)), float(np.sin(light.towards_rad))
    horizon = plane(cv2.resize(surface, (-(-width // 2), -(-height // 2)), interpolation=cv2.INTER_AREA))
    step_px = 2
    while step_px <= FARTHEST_SHADOW_PX:  # each round doubles how far the shadows of what is known reach
        moved = shifted(horizon, -step_px / 2 * right, -step_px / 2 * down) - np.float32(step_px * light.height_tan)
        horizon = np.maximum(horizon, moved)
        step_px *= 2
    return plane(cv2.resize(horizon, (width, height)))
