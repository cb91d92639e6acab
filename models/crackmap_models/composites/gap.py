"""A wide crack: a gap with jagged edges, walls in light and shade, broken stone inside, and what broke out along it."""

import cv2
import numpy as np

from crackmap_models.composites.background import LEAST_SIGNAL, LEAST_STEP, sharpness_px, texture_std
from crackmap_models.composites.fields import Plane, blurred, bumps, grey_of, log_uniform
from crackmap_models.composites.fracture import Course, fracture, random_course
from crackmap_models.composites.paint import shade
from crackmap_models.composites.plants import draw_litter
from crackmap_models.composites.relief import light_on, random_light
from crackmap_models.composites.rubble import rubble
from crackmap_models.data.tiles import Pixels

LEAST_WIDTH_PX, MOST_WIDTH_PX = 6.0, 45.0
LARGEST_SPALL = 0.3  # of the tile's side, beyond the gap itself
LITTER_SHARE = 0.1


def draw_gap(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """RGB [h, w, 3] → RGB [h, w, 3] with a gap LEAST_WIDTH_PX to MOST_WIDTH_PX wide, darker than its surroundings.

    A surface of heights is made and lit; inside, it has the texture of another part of the tile.
    """
    height, width = pixels.shape[:2]
    side_px = min(height, width)
    least_px = LEAST_WIDTH_PX if rng.random() < 0.6 else 18.0
    width_px = min(log_uniform(least_px, MOST_WIDTH_PX, rng), 0.2 * side_px)
    spall_px = min(log_uniform(0.4, 5.0, rng) * width_px, LARGEST_SPALL * side_px)
    course = random_course(height, width, width_px, rng)
    margin_px = round(spall_px + 0.4 * width_px + 8)
    points = np.concatenate(course.shapes)
    low = np.clip(points.min(0).astype(int) - margin_px, 0, [width - 16, height - 16])
    high = np.maximum(points.max(0).astype(int) + margin_px, low + 16)
    there = slice(low[1], high[1]), slice(low[0], high[0])
    changed = pixels.copy()
    changed[there] = _broken(pixels[there], course.seen_from(low, 1.0), width_px, spall_px, rng)
    if rng.random() < LITTER_SHARE:
        return draw_litter(changed, points[rng.integers(len(points))], width_px, rng)
    return changed


def _broken(pixels: Pixels, course: Course, width_px: float, spall_px: float, rng: np.random.Generator) -> Pixels:
    """The part of a tile [h, w, 3] that the gap lies in. How it broke is worked out at half the size, for speed."""
    height, width = pixels.shape[:2]
    half = -(-height // 2), -(-width // 2)
    stones = rubble(*half, log_uniform(2.0, 10.0, rng), rng)
    small = fracture(course.seen_from(np.zeros(2, np.int64), 0.5), width_px / 2, spall_px / 2, stones, rng)
    broken = small.doubled(height, width)
    fine = bumps(height, width, 3, rng)
    deep_px = width_px * log_uniform(0.3, 1.5, rng)
    gap = 1 - cv2.exp(np.maximum(broken.rounded_px, 0) * np.float32(-1 / (0.6 + width_px * rng.uniform(0.05, 0.4))))
    spall = 1 - cv2.exp(np.maximum(broken.spall_px, 0) * np.float32(-1 / rng.uniform(1.0, 6.0)))
    floor_px = (
        broken.lumps_px + np.float32(rng.uniform(0.2, 0.5)) * fine - np.float32(rng.uniform(2, 4 + 0.3 * width_px))
    )
    surface = spall * np.minimum(floor_px, np.float32(-0.5)) - np.float32(deep_px) * gap
    light = light_on(surface, random_light(deep_px, rng), 0.5 * width_px)
    gap_px = broken.gap_px + np.float32(rng.uniform(0.1, 0.5)) * fine
    inside = np.clip(np.maximum(gap_px, broken.spall_px) + np.float32(0.5), 0, 1)
    light = light * (1 + np.float32(rng.uniform(0.0, 0.15)) * cv2.resize(stones.value, (width, height)) * inside)
    return _lit(pixels, inside, light, rng)


def _lit(pixels: Pixels, inside: Plane, light: Plane, rng: np.random.Generator) -> Pixels:
    """The tile in that light; `inside` [h, w] it shows its own mirror image, toned, and dark enough to be seen."""
    grey = grey_of(pixels)
    soft_px = sharpness_px(grey) * rng.uniform(0.75, 1.1)
    light, inside = blurred(light, soft_px), blurred(inside, soft_px)
    warm, tone = max(-0.02, rng.normal(0.03, 0.03)), rng.uniform(0.6, 1.1)
    table = np.clip(np.arange(256)[:, None] * tone * np.array([1 + warm, 1.0, 1 - warm]), 0, 255).astype(np.uint8)
    mirror = int(rng.integers(-1, 2))  # what cv2.flip calls level, upright, or both
    other = cv2.LUT(cv2.flip(pixels, mirror), table[None])
    core = (inside > 0.6).astype(np.uint8)
    before, left = cv2.mean(grey, core)[0], tone * cv2.mean(cv2.multiply(light, cv2.flip(grey, mirror)), core)[0]
    needed = max(LEAST_STEP, LEAST_SIGNAL * texture_std(grey[::2, ::2], 3.0, core[::2, ::2]))
    darker = np.float32(np.clip((before - needed) / max(left, 1.0), 0.05, 1.0))
    mixed = np.asarray(cv2.blendLinear(pixels, other, 1 - inside, inside), np.uint8)
    return shade(mixed, light * (1 - (1 - darker) * inside))
