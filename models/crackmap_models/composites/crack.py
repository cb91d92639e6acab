"""One crack system drawn on a tile so that a person would see it."""

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from crackmap_models.composites.background import LEAST_SIGNAL, LEAST_STEP, sharpness_px, texture_std
from crackmap_models.composites.fields import Plane, Points, blurred, brightness, cloud, grey_of, log_uniform
from crackmap_models.composites.gap import draw_gap
from crackmap_models.composites.look import Change, change, lime, random_look
from crackmap_models.composites.paint import blend, box, filled
from crackmap_models.composites.path import LEAST_LENGTH_PX, Paths, length_px, steps_px, system
from crackmap_models.composites.profile import Opening, outlines, widths_px
from crackmap_models.data.tiles import Pixels

VISIBLE_SHARE = 0.4  # of the deepest coverage: what is fainter does not count as crack in sight
LENGTH_TO_WIDTH = 8.0
ATTEMPTS = 5
DARK_GROUND = 70.0
GAP_SHARE = 1 / 3
Size = tuple[int, int]


def draw_crack(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """RGB [h, w, 3] → RGB [h, w, 3] with one crack system, at least LEAST_LENGTH_PX of it in sight.

    A GAP_SHARE of them are wide gaps with broken stone inside (see gap.py; none on dark ground). The step in
    brightness of the others is at least LEAST_STEP grey levels and LEAST_SIGNAL deviations of the texture where they
    run; one that would be too faint is opened wider, and on dark ground filled with lime. After ATTEMPTS the widest
    stands as it is: in 4 of 600 SDNET2018 and METU tiles, on coarse gravel, at half that signal.
    """
    height, width = pixels.shape[:2]
    ground = brightness(pixels)
    if rng.random() < GAP_SHARE and ground >= DARK_GROUND:
        return draw_gap(pixels, rng)
    grey = grey_of(pixels)
    soft_px = sharpness_px(grey) * rng.uniform(0.75, 1.1)
    paths = system(height, width, rng)
    opening = _opening(paths, height, width, rng)
    look = random_look(opening.width_px, ground, rng)
    contrast = log_uniform(1.2, 6.0, rng)
    for attempt in range(ATTEMPTS):
        depth, seen_px = _depth(paths, opening, soft_px, (height, width), rng)
        there = box(depth, margin_px=round(12 + 5 * opening.width_px))
        depth = depth[there]
        if depth.size:
            drawn = change(depth, opening.width_px, ground, look, rng)
            step, needed = _contrast(grey[there], drawn, depth, opening.width_px)
            if step >= needed and seen_px >= LEAST_LENGTH_PX:
                break
            if attempt and step < needed:  # the contrast is to be had on the other side
                look = replace(look, filling=lime(ground, rng) if ground < DARK_GROUND else None)
        opening = replace(opening, width_px=1.5 * opening.width_px + 0.3, gone=opening.gone / 2)
    strength = contrast * needed / max(step, 1.0)
    if opening.width_px > 2.5:  # a gap is dark, a hairline need not be
        strength = max(strength, 0.8)
    cracked = pixels.copy()
    cracked[there] = blend(pixels[there], *drawn.at(min(1.0, strength)))
    return cracked


def _opening(paths: list[Paths], height: int, width: int, rng: np.random.Generator) -> Opening:
    """Most are hairlines, none is a gap; a network is never wide, nor is what would be a blot in a corner."""
    kind = rng.random()
    if kind < 0.52:
        width_px = log_uniform(0.7, 2.0, rng)
    elif kind < 0.85 or sum(len(each.points) for each in paths) > 4:
        width_px = log_uniform(1.5, 6.0, rng)
    else:
        width_px = log_uniform(5.0, 14.0, rng)
    width_px = min(width_px, length_px(paths, height, width) / LENGTH_TO_WIDTH)
    gone = rng.uniform(0.05, 0.35) if width_px < 3 and rng.random() < 0.4 else 0.0
    return Opening(width_px, rng.uniform(0.08, 0.45), rng.uniform(0.03, 0.4), gone)


def _depth(
    paths: list[Paths], opening: Opening, soft_px: float, size: Size, rng: np.random.Generator
) -> tuple[Plane, float]:
    """Coverage 0..1 [h, w] of the open cracks as the lens shows it, and the length in sight, px."""
    height, width = size
    shapes = []
    for each in paths:
        shapes += outlines(each.points, widths_px(each, opening, rng), opening.ragged, rng)
    depth = filled(height, width, shapes)
    if opening.width_px < 3:
        depth *= np.clip(0.9 + 0.25 * cloud(height, width, 7, rng), 0.3, 1.0)
    depth = blurred(depth, soft_px)
    deep = depth > VISIBLE_SHARE * float(depth.max())
    return depth, sum(_seen_px(each.points, deep) for each in paths)


def _seen_px(points: Points, deep: npt.NDArray[np.bool_]) -> float:
    """How much of the lines [m, n, 2] runs where the crack is deep."""
    height, width = deep.shape
    at = np.floor(points[:, 1:] + 0.5).astype(np.int64).reshape(-1, 2)
    x, y = np.clip(at, 0, [width - 1, height - 1]).T
    return float((steps_px(points, height, width).ravel() * deep[y, x]).sum())


def _contrast(grey: Plane, drawn: Change, depth: Plane, width_px: float) -> tuple[float, float]:
    """The mean step in brightness where the crack is deep, and the least one that would be seen, in grey levels."""
    most = float(depth.max())
    if most < 0.02:
        return 0.0, LEAST_STEP
    core = depth > VISIBLE_SHARE * most
    step = abs(float((drawn.grey(grey) - grey)[core].mean()))
    near = cv2.dilate(core.astype(np.uint8), np.ones((21, 21), np.uint8))
    return step, max(LEAST_STEP, LEAST_SIGNAL * texture_std(grey, width_px, np.asarray(near, np.uint8)))
