"""The shape of a wide gap: where it runs, how its edges broke, what broke out along it, the stones that were left."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from crackmap_models.composites.fields import Plane, Points, bumps, log_uniform, plane, shifted
from crackmap_models.composites.lines import BEYOND_PX, normal_of, straight
from crackmap_models.composites.path import LEAST_LENGTH_PX, alone, displaced, length_px, system
from crackmap_models.composites.profile import Opening, outlines, widths_px
from crackmap_models.composites.rubble import Rubble

JOINT_SHARE, ACROSS_SHARE = 0.15, 0.55  # of all courses


@dataclass(frozen=True, slots=True)
class Course:
    """Where a gap runs: outlines [k, 2] about its middle, px, and the two ends [2, 2] of the joint it follows."""

    shapes: list[Points]
    joint: Points | None

    def seen_from(self, corner: npt.NDArray[np.int64], scale: float) -> "Course":
        """The same in coordinates with another origin, then scaled."""
        joint = None if self.joint is None else (self.joint - corner) * np.float32(scale)
        return Course([((shape - corner) * scale).astype(np.float32) for shape in self.shapes], joint)


@dataclass(frozen=True, slots=True)
class Break:
    """How far inside (px, negative outside) each place [h, w] is: of the gap, of its rounded side, of its spalls.

    `lumps` [h, w] is how high broken stone rises there, px.
    """

    gap_px: Plane
    rounded_px: Plane
    spall_px: Plane
    lumps_px: Plane

    def doubled(self, height: int, width: int) -> "Break":
        """The same break twice as large [height, width]."""
        gap, rounded, spall, lumps = (
            plane(cv2.resize(2 * each, (width, height)))
            for each in (self.gap_px, self.rounded_px, self.spall_px, self.lumps_px)
        )
        return Break(gap, rounded, spall, lumps)


def random_course(height: int, width: int, width_px: float, rng: np.random.Generator) -> Course:
    """Along a joint, across the tile, or like any other crack."""
    kind = rng.random()
    joint, paths = None, []
    if kind < JOINT_SHARE + ACROSS_SHARE:
        ends = straight(height, width, rng, 0.7)
        joint = ends if kind < JOINT_SHARE else None
        line = displaced(ends, 0.005 if kind < JOINT_SHARE else log_uniform(0.015, 0.08, rng), 1.08, rng)
        near = np.flatnonzero(((line > -BEYOND_PX) & (line < np.array([width, height]) + BEYOND_PX)).all(1))
        paths = [alone(line[near[0] : near[-1] + 1])] if len(near) > 1 else []
    if length_px(paths, height, width) < LEAST_LENGTH_PX:
        paths, joint = system(height, width, rng, network_share=0.0), None
    opening = Opening(width_px, rng.uniform(0.15, 0.5), 0.0, 0.0)
    return Course([shape for each in paths for shape in outlines(each.points, widths_px(each, opening, rng))], joint)


def fracture(course: Course, width_px: float, spall_px: float, stones: Rubble, rng: np.random.Generator) -> Break:
    """The break about a course of mean width `width_px` whose spalls reach `spall_px` beyond it, where stones lie."""
    height, width = stones.value.shape
    within = _signed_distance(height, width, course.shapes)
    hang_rad, away = rng.uniform(0, 2 * np.pi), max(1.0, width_px / 3)
    side = within - shifted(within, away * np.cos(hang_rad), away * np.sin(hang_rad))
    side = np.clip(side * np.float32(1 / away), -1, 1)
    chip = np.float32(min(1.2, 0.15 + 0.08 * width_px) * rng.uniform(0.1, 1.1))
    chips = chip * stones.value * np.clip(0.4 + bumps(height, width, 25, rng), 0, 1.5)
    gap = within + chips
    for across, reach in ((5.0, 0.12), (2.0, 0.1), (0.8, 0.04)):
        gap += np.float32(reach * width_px) * bumps(height, width, across * width_px, rng)
    gap += np.float32(0.4 * chip) * bumps(height, width, 4, rng)
    bias = np.float32(rng.uniform(-1.2, 0.9))
    where = bumps(height, width, max(1.3 * spall_px, log_uniform(15, 80, rng)), rng) + bias
    bulge = np.float32(spall_px) * np.clip(where, -1, 1) * (np.float32(0.5) + np.float32(0.5) * side)
    if course.joint is not None:
        gap = _out_of(course.joint, gap, width_px, rng)
    stony = np.clip(np.float32(0.5) + bumps(height, width, 15, rng), 0, 1.5)
    stone = stones.value - stones.away_px * np.float32(rng.uniform(0.2, 0.8))
    lumps = stony * stone * np.float32(rng.uniform(0.3, 1.3))
    lumps += np.float32(rng.uniform(0.3, 1)) * bumps(height, width, 6, rng)
    rounded = gap + np.float32(width_px * rng.uniform(0.0, 0.7)) * np.maximum(side, 0)
    return Break(gap, rounded, gap + bulge + 2 * chips * (bulge > 0), lumps)


def _out_of(joint: Points, gap: Plane, width_px: float, rng: np.random.Generator) -> Plane:
    """A straight joint out of which the gap [h, w] breaks here and there only."""
    height, width = gap.shape
    right, down = normal_of(joint)
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    away = np.abs((x - joint[0, 0]) * right + (y - joint[0, 1]) * down)
    whole = bumps(height, width, 30, rng) + np.float32(rng.uniform(-0.3, 0.8))
    sound = np.float32(0.6 * width_px) * np.minimum(0, whole)
    return np.asarray(np.maximum(gap + sound, np.float32(rng.uniform(0.06, 0.2) * width_px) - away), np.float32)


def _signed_distance(height: int, width: int, shapes: list[Points]) -> Plane:
    """How far inside the union of outlines each place [h, w] is, px."""
    mask = np.zeros((height, width), np.uint8)
    for shape in shapes:
        cv2.fillPoly(mask, [np.round(shape * 8).astype(np.int32)], 255, shift=3)
    inside, outside = (cv2.distanceTransform(each, cv2.DIST_L2, 3) for each in (mask, 255 - mask))
    return plane(np.clip(inside - outside, -999, 999))  # without a border the distance to it is infinite
