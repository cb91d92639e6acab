"""Straight things that are built: formwork lines, joints, sawn grooves, masonry, the edge between two planes."""

import cv2
import numpy as np

from crackmap_models.composites.fields import Plane, Points, blurred, brightness, cloud, log_uniform, plane
from crackmap_models.composites.lines import band, chipped_band, half_plane, normal_of, straight
from crackmap_models.composites.paint import cover, filled, shade, stroked
from crackmap_models.data.tiles import Pixels


def draw_board_line(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """One to three formwork lines: a dark and often a lit edge, the panels of slightly different grey."""
    height, width = pixels.shape[:2]
    ends = straight(height, width, rng)
    away = normal_of(ends) * np.float32(log_uniform(12, 120, rng))
    light = np.ones((height, width), np.float32)
    for k in range(rng.choice([1, 2, 3], p=[0.7, 0.2, 0.1])):
        light *= _edge_pair(height, width, ends + k * away, rng)
        if rng.random() < 0.5:
            light *= 1 + np.float32(rng.uniform(-0.15, 0.15)) * filled(height, width, [half_plane(ends + k * away)])
    return shade(pixels, blurred(light, rng.uniform(0.3, 1.0)))


def draw_joint(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """An expansion or sawn joint: a straight band 3 to 40 px wide, empty, sealed or full of dirt, with edges.

    Its edges are smooth and parallel and its filling is even: what is broken and rough inside is a crack.
    """
    height, width = pixels.shape[:2]
    ends = straight(height, width, rng)
    wide = log_uniform(3, 40, rng)
    inside = blurred(filled(height, width, [band(ends, wide)]), rng.uniform(0.3, 1.2))
    light = np.ones((height, width), np.float32)
    if rng.random() < 0.7:
        side = normal_of(ends) * np.float32(wide / 2)
        for edge in (ends - side, ends + side):
            line = filled(height, width, [band(edge, log_uniform(1, 4, rng))])
            light += np.float32(rng.uniform(-0.5, 0.3)) * blurred(line, rng.uniform(0.4, 1.2))
    dark = log_uniform(0.1, 0.9, rng)
    worn = 1 + 0.04 * cloud(height, width, 10, rng)
    if rng.random() < 0.5:
        return shade(pixels, np.clip(light * (1 - inside * (1 - dark * worn)), 0.02, 1.6))
    grey = brightness(pixels) * dark * rng.uniform(0.8, 1.3)
    warm = rng.normal(0, 0.06)
    sealed = cover(pixels, inside, (grey * (1 + warm), grey, grey * (1 - warm)), rng.uniform(0.0, 0.25))
    return shade(sealed, np.clip(light, 0.1, 1.6))


def draw_grooves(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Parallel grooves, ribs or boards at one spacing, each dark on one side and perhaps lit on the other."""
    height, width = pixels.shape[:2]
    ends = straight(height, width, rng)
    spacing = log_uniform(6, 60, rng)
    side = normal_of(ends)
    steps = np.arange(-(height + width) / spacing, (height + width) / spacing)
    steps += rng.normal(0, 0.03, len(steps))
    lines = (ends + side * (steps * spacing)[:, None, None]).astype(np.float32)
    dark = stroked(height, width, lines, spacing * rng.uniform(0.1, 0.35))
    lit = np.roll(dark, rng.integers(-2, 3, 2), (0, 1)) * np.float32(rng.uniform(0, 0.15))
    worn = 1 + 0.3 * cloud(height, width, 6, rng)
    light = 1 + blurred(lit - np.float32(rng.uniform(0.08, 0.5)) * dark, rng.uniform(0.3, 1.2)) * worn
    return shade(pixels, np.clip(light, 0.1, 1.5))


def draw_board_grain(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """The grain of wooden boards cast into the surface: long fine streaks, lighter and darker."""
    height, width = pixels.shape[:2]
    along, across = int(rng.integers(2, 8)), round(log_uniform(0.15, 0.6, rng) * max(height, width))
    streaks = rng.standard_normal((across, along), np.float32)
    streaks = plane(cv2.resize(streaks, (max(height, width),) * 2, interpolation=cv2.INTER_CUBIC))
    if rng.random() < 0.5:
        streaks = streaks.T
    worn = np.clip(0.8 + 0.5 * cloud(height, width, 4, rng), 0, 2)
    light = 1 + np.float32(log_uniform(0.02, 0.1, rng)) * streaks[:height, :width] * worn
    return shade(pixels, np.clip(light, 0.3, 1.6))


def draw_masonry(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Mortar joints of bricks, blocks or tiles in courses, lighter or darker than the stones."""
    height, width = pixels.shape[:2]
    course = log_uniform(24, 140, rng)
    stone = course * (1.0 if rng.random() < 0.35 else rng.uniform(1.5, 3.0))
    offset = rng.choice([0.0, 0.5])
    angle = rng.normal(0, 0.06) + rng.integers(2) * np.pi / 2
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    rows, columns = int(np.ceil((height + width) / course)), int(np.ceil((height + width) / stone))
    origin = np.array([width, height]) / 2 + rng.uniform(-0.5, 0.5, 2) * (stone, course)
    wide = min(course * 0.3, log_uniform(1.2, 10, rng))
    row, column = np.meshgrid(np.arange(-rows // 2, rows // 2 + 1), np.arange(-columns // 2, columns // 2 + 1))
    upright = np.stack([(column + offset * (row % 2)) * stone, row * course], -1).reshape(-1, 1, 2)
    upright = upright + np.array([[0, 0], [0, course]])
    level = row[0][:, None, None] * np.array([0, course]) + np.array([[-700, 0], [700, 0]])
    lines = (np.concatenate([upright, level]) @ turn + origin).astype(np.float32)
    mortar = stroked(height, width, lines, wide)
    mortar = blurred(mortar, rng.uniform(0.3, 1.5))
    if rng.random() < 0.5:
        lit = np.roll(mortar, rng.choice([-2, -1, 1, 2], 2), (0, 1)) - mortar
        pixels = shade(pixels, np.clip(1 + np.float32(rng.uniform(0.05, 0.4)) * lit, 0.2, 1.6))
    if rng.random() < 0.5:
        return shade(pixels, 1 - np.float32(rng.uniform(0.15, 0.75)) * mortar)
    grey = brightness(pixels) * rng.uniform(0.4, 1.5)
    return cover(pixels, mortar, (grey * 1.03, grey, grey * 0.95), 0.5)


def draw_plane_edge(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Two planes that meet, or an object's edge: other brightness on one side, a thin dark or lit line between."""
    height, width = pixels.shape[:2]
    ends = straight(height, width, rng)
    other = filled(height, width, [half_plane(ends)])
    light = 1 + np.float32(rng.choice([-1, 1]) * log_uniform(0.08, 0.6, rng)) * other
    if rng.random() < 0.6:
        light *= _edge_pair(height, width, ends, rng)
    tint = (float(np.exp(rng.normal(0, 0.15))), 1.0, float(np.exp(rng.normal(0, 0.15))))
    return shade(pixels, np.clip(blurred(light, log_uniform(0.4, 2.5, rng)), 0.05, 1.7), tint)


def _edge_pair(height: int, width: int, ends: Points, rng: np.random.Generator) -> Plane:
    """A straight dark line, perhaps with a lit one close beside it, as a factor of light."""
    thick = log_uniform(0.8, 5, rng)
    line = filled(
        height, width, chipped_band(ends, thick, rng) if thick < 2.5 and rng.random() < 0.5 else [band(ends, thick)]
    )
    fading = np.clip(1 + 0.5 * cloud(height, width, 4, rng), 0.1, 1.6)
    light = 1 - np.float32(log_uniform(0.1, 0.7, rng)) * line * fading
    if rng.random() < 0.6:
        beside = ends + normal_of(ends) * np.float32(rng.choice([-1, 1]) * (thick / 2 + log_uniform(0.7, 4, rng)))
        light += np.float32(rng.uniform(0.05, 0.3)) * filled(height, width, [band(beside, log_uniform(0.8, 4, rng))])
    return np.asarray(np.clip(light, 0.05, 1.5), np.float32)
