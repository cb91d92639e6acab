"""What a photograph of the card proves: its scale, and which lines are found in it. Pure, but for the model."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from crackmap import scores
from crackmap.manifest import VisibleWidth
from crackmap.tile_grid import TileGrid
from crackmap.visible_widths import px_from_bytes
from crackmap_robot.cameras.camera import Pixels
from crackmap_robot.classifier import Classifier
from crackmap_robot.poses.transform import FloatArray
from crackmap_robot.proving.card import HEIGHT_MM, LIKE_A_CRACK, WIDTH_MM, Card
from crackmap_robot.proving.scale import SeenCard
from crackmap_robot.quality.visible import visible_widths

SHIFTS = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))
SHIFT_SHARE = 0.1
"""A line is looked at in five tiles, that far apart in parts of one; the middle score counts."""
SIGMAS = 2.0


@dataclass(frozen=True)
class LineSeen:
    """One line of the card, or a blank (no width), and what the model says of it.

    `like_a_crack_mm` is how wide a crack is that looks like it. `found` is None where it is not wholly in the picture.
    """

    width_mm: float | None
    like_a_crack_mm: float | None
    probability: float | None
    found: bool | None


@dataclass(frozen=True)
class Scale:
    """mm per px as the card shows it, and as pose and calibration, or the operator, say it."""

    mm_per_px: float
    sigma_mm_per_px: float
    stated_mm_per_px: float | None
    most_off_percent: float

    @property
    def off_percent(self) -> float | None:
        """By how much the stated one is too large."""
        return None if self.stated_mm_per_px is None else 100 * (self.stated_mm_per_px / self.mm_per_px - 1)

    @property
    def holds(self) -> bool | None:
        """Whether it is off by no more than is allowed, two sigmas of the measurement granted; None: nothing stated."""
        if self.off_percent is None:
            return None
        granted = SIGMAS * 100 * self.sigma_mm_per_px / self.mm_per_px
        return abs(self.off_percent) <= self.most_off_percent + granted


@dataclass(frozen=True)
class Widths:
    """Which lines are found, and what was claimed. `claimed_mm` is NaN where sharpness cannot be told, infinite where
    no crack is claimed to show."""

    lines: tuple[LineSeen, ...]
    claimed_mm: float

    @property
    def narrowest_found_mm(self) -> float | None:
        """As a crack: the narrowest of which all that are wider are found, too; None where the widest is not."""
        narrowest = None
        for line in sorted(self._judged(), key=lambda line: -(line.width_mm or 0)):
            if not line.found:
                break
            narrowest = line.like_a_crack_mm
        return narrowest

    @property
    def false_alarms(self) -> int:
        """Blanks in which the model finds something."""
        return sum(line.width_mm is None and line.found is True for line in self.lines)

    @property
    def holds(self) -> bool | None:
        """Whether every line is found that is as wide as claimed, and nothing where nothing is; None: not known."""
        if self.false_alarms:
            return False
        if math.isnan(self.claimed_mm) or not self._judged():
            return None
        return all(line.found for line in self._judged() if (line.like_a_crack_mm or 0) >= self.claimed_mm)

    def shows(self, width_mm: float) -> bool | None:
        """Whether lines are found that look like cracks of this width and more; None: the card has none so narrow."""
        alike = [line for line in self._judged() if (line.like_a_crack_mm or 0) <= width_mm]
        narrowest = self.narrowest_found_mm
        return None if not alike else narrowest is not None and narrowest <= width_mm

    def _judged(self) -> list[LineSeen]:
        return [line for line in self.lines if line.width_mm is not None and line.found is not None]


def widths_of(pixels: Pixels, card: Card, seen: SeenCard, classifier: Classifier) -> Widths:
    """Of a photograph (h, w, 3) that shows the card there."""
    lowest = scores.byte_at_least(classifier.manifest.threshold)
    lines = []
    for line in card.lines:
        like = None if line.width_mm is None else line.width_mm * LIKE_A_CRACK
        score = _score(pixels, seen.pixels_px(np.array([line.middle_mm]))[0], classifier)
        found = None if score is None else score >= lowest
        lines.append(LineSeen(line.width_mm, like, None if score is None else scores.probability(score), found))
    promise = classifier.manifest.visible_width
    return Widths(tuple(lines), _claimed_mm(pixels, seen, classifier.manifest.tile_px, promise))


def _score(pixels: Pixels, middle_px: FloatArray, classifier: Classifier) -> int | None:
    """The middle one of five scores around a place; None where a tile would not be in the picture."""
    side = classifier.manifest.tile_px
    found = []
    for across, down in SHIFTS:
        left, top = (np.round(middle_px - (side - 1) / 2 + np.array([across, down]) * SHIFT_SHARE * side)).astype(int)
        if left < 0 or top < 0 or left + side > pixels.shape[1] or top + side > pixels.shape[0]:
            return None
        tile = np.ascontiguousarray(pixels[top : top + side, left : left + side])
        found.append(int(classifier.score(tile, TileGrid(side, side, side, side))[0]))
    score = sorted(found)[len(found) // 2]
    return None if score == scores.NOT_SCORED else score


def _claimed_mm(pixels: Pixels, seen: SeenCard, tile_px: int, promise: VisibleWidth | None) -> float:
    """How narrow a crack half of the tiles on the card are claimed to show (decision 17)."""
    corners = seen.pixels_px(np.array([[0, 0], [WIDTH_MM, 0], [WIDTH_MM, HEIGHT_MM], [0, HEIGHT_MM]]))
    left, top = np.maximum(np.ceil(corners.min(axis=0)), 0).astype(int)
    right, bottom = np.minimum(np.floor(corners.max(axis=0)) + 1, pixels.shape[1::-1]).astype(int)
    cut = np.ascontiguousarray(pixels[top:bottom, left:right])
    if promise is None or min(cut.shape[:2]) < tile_px:
        return math.nan
    widths = visible_widths(cut, TileGrid(cut.shape[1], cut.shape[0], tile_px, tile_px), promise)
    assert widths is not None
    px = px_from_bytes(widths)
    known = px[~np.isnan(px)]
    return float(np.median(known)) * seen.mm_per_px if 2 * len(known) >= len(px) else math.nan
