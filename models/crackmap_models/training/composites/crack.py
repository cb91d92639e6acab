"""One crack system drawn on a tile so that a person would see it."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from crackmap_models.data.tiles import Pixels
from crackmap_models.training.composites.background import sharpness_px, texture_std
from crackmap_models.training.composites.fields import Plane, blurred, cloud, grey_of, log_uniform, plane, shifted
from crackmap_models.training.composites.paint import Colour, filled
from crackmap_models.training.composites.path import LEAST_LENGTH_PX, Path, inside, system
from crackmap_models.training.composites.profile import Opening, outlines, widths_px

LEAST_STEP = 12.0  # grey levels between a crack and its surroundings below which hardly anybody sees it
LEAST_SIGNAL = 2.2  # the same in deviations of the texture at the crack's scale
ATTEMPTS = 5
Light = npt.NDArray[np.float32]  # RGB [h, w, 3] before rounding


@dataclass(frozen=True, slots=True)
class Look:
    """What a crack does to the light; shares of the background's brightness.

    `floor` is left in the depth, per channel; `lip` is the lit edge, `flank` the broken border's loss, `halo` the
    stain along the crack in the colour `rust`. A crack may be full of something (`filling`, RGB).
    """

    floor: Colour
    light_rad: float
    lip: float = 0.0
    flank: float = 0.0
    halo: float = 0.0
    halo_tint: Colour = (1.0, 1.0, 1.0)
    filling: Colour | None = None


def draw_crack(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """RGB [h, w, 3] → RGB [h, w, 3] with one crack system, at least LEAST_LENGTH_PX of it in sight.

    Its step in brightness is at least LEAST_STEP grey levels and LEAST_SIGNAL deviations of the texture where it
    runs; a crack that would be too faint is opened wider, and on black ground it is full of lime.
    """
    height, width = pixels.shape[:2]
    grey = grey_of(pixels)
    base = pixels.astype(np.float32)
    soft_px = sharpness_px(grey) * rng.uniform(0.75, 1.1)
    paths = system(height, width, rng)
    opening = _opening(len(paths), rng)
    look = _look(opening.width_px, float(grey.mean()), rng)
    contrast = log_uniform(1.0, 6.0, rng)
    for attempt in range(ATTEMPTS):
        depth, length_px = _depth(paths, opening, height, width, rng)
        depth = blurred(depth, soft_px)
        lit = _lit(base, depth, opening.width_px, look, rng)
        step, needed = _contrast(grey, lit, depth, opening.width_px)
        if step >= needed and length_px >= LEAST_LENGTH_PX:
            break
        opening = replace(opening, width_px=1.5 * opening.width_px + 0.3, gone=opening.gone / 2)
        if attempt == 2 and step < needed and look.filling is None:
            look = replace(look, filling=_lime(rng))
    gain = contrast if opening.width_px < 2.5 else 2.5 * contrast  # a gap is dark, a hairline need not be
    strength = min(1.0, gain * needed / max(step, 1.0))
    return np.asarray(np.clip(base + strength * (lit - base) + 0.5, 0, 255), np.uint8)


def _opening(paths: int, rng: np.random.Generator) -> Opening:
    """Half of the cracks are hairlines; a network is never wide."""
    kind = rng.random()
    if kind < 0.5:
        width = log_uniform(0.7, 2.0, rng)
    elif kind < 0.78 or paths > 4:
        width = log_uniform(1.5, 5.0, rng)
    else:
        width = log_uniform(5.0, 20.0, rng)
    gone = rng.uniform(0.05, 0.35) if width < 3 and rng.random() < 0.4 else 0.0
    return Opening(width, rng.uniform(0.15, 0.45), rng.uniform(0.1, 0.4), gone)


def _look(width_px: float, ground: float, rng: np.random.Generator) -> Look:
    dark = log_uniform(0.06, 0.3, rng) if width_px > 3 else rng.uniform(0.2, 0.5)
    warm = rng.normal(0.0, 0.03)
    look = Look((dark * (1 + warm), dark, dark * (1 - warm)), rng.uniform(0, 2 * np.pi))
    if rng.random() < 0.5:
        look = replace(look, lip=rng.uniform(0.05, 0.35))
    if width_px > 2 and rng.random() < 0.6:
        look = replace(look, flank=rng.uniform(-0.1, 0.35))
    if rng.random() < 0.2:
        rust = (rng.uniform(0.3, 1.0), 1.0, rng.uniform(1.0, 1.6)) if rng.random() < 0.5 else (1.0, 1.0, 1.0)
        look = replace(look, halo=rng.uniform(-0.12, 0.25), halo_tint=rust)
    if ground < 30:
        look = replace(look, filling=_lime(rng))
    elif rng.random() < 0.1:
        look = replace(look, filling=_lime(rng) if rng.random() < 0.35 else _dirt(ground, rng))
    return look


def _lime(rng: np.random.Generator) -> Colour:
    white = rng.uniform(185, 250)
    return white, white * rng.uniform(0.97, 1.0), white * rng.uniform(0.88, 1.0)


def _dirt(ground: float, rng: np.random.Generator) -> Colour:
    dark = ground * rng.uniform(0.2, 0.6)
    return dark * 1.05, dark, dark * rng.uniform(0.7, 1.0)


def _depth(
    paths: list[Path], opening: Opening, height: int, width: int, rng: np.random.Generator
) -> tuple[Plane, float]:
    """Coverage 0..1 [h, w] of the open cracks, and their length in sight."""
    shapes, length_px = [], 0.0
    for path in paths:
        widths = widths_px(path, opening, rng)
        shapes += outlines(path, widths, opening.ragged, rng)
        open_there = inside(path.points, height, width) & (widths > 0.3)
        steps = np.hypot(*np.diff(path.points, axis=0).T)
        length_px += float(steps[open_there[1:]].sum())
    return filled(height, width, shapes), length_px


def _lit(base: Light, depth: Plane, width_px: float, look: Look, rng: np.random.Generator) -> Light:
    """The tile with the crack at its full strength."""
    height, width = depth.shape
    light = base
    if look.halo:
        near = blurred(depth, 3 + 1.5 * width_px)
        near *= (look.halo / max(float(near.max()), 1e-3)) * (1 + 0.5 * cloud(height, width, 5, rng))
        loss = np.clip(1 - near, 0.3, 1.5)
        light = light * np.stack([loss**exponent for exponent in look.halo_tint], -1)
    if look.flank:
        far = 0.6 * width_px
        wide = shifted(
            blurred(depth, 0.5 * width_px), far * np.cos(look.light_rad + 2), far * np.sin(look.light_rad + 2)
        )
        broken = np.clip(3.0 * wide - 0.6 + 0.6 * cloud(height, width, 12, rng), 0, 1)
        light = light * (1 - look.flank * blurred(plane(broken), 0.7))[:, :, None]
    if look.lip:
        away = 0.8 + 0.15 * width_px
        behind = shifted(depth, away * np.cos(look.light_rad), away * np.sin(look.light_rad))
        edge = blurred(np.maximum(behind - depth, 0), 0.5)
        light = light * (1 + look.lip * edge)[:, :, None]
    floor = np.array(look.floor, np.float32)
    deep = light * floor if look.filling is None else np.array(look.filling, np.float32) + 0.4 * (light - light.mean())
    return np.asarray(light + depth[:, :, None] * (deep - light), np.float32)


def _contrast(grey: Plane, lit: Light, depth: Plane, width_px: float) -> tuple[float, float]:
    """The mean step in brightness where the crack is deep, and the least one that would be seen, in grey levels."""
    most = float(depth.max())
    if most < 0.02:
        return 0.0, LEAST_STEP
    core = depth > 0.6 * min(most, 1.0)
    step = abs(float((grey - plane(cv2.cvtColor(lit, cv2.COLOR_RGB2GRAY)))[core].mean()))
    near = cv2.dilate(core.astype(np.uint8), np.ones((21, 21), np.uint8))
    return step, max(LEAST_STEP, LEAST_SIGNAL * texture_std(grey, width_px, plane(near)))
