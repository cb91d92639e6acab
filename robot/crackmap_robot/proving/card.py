"""The card: four tags at known distances, and lines of known width on speckled paper. Millimetres, from its top left.

A line that is printed black reflects less than a crack does, for which a model's visible width is said (40 % of what is
around it), so it shows like a wider crack: in proportion to the light that is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from crackmap_robot.poses.tag_layout import FAMILIES, Tag, TagLayout
from crackmap_robot.poses.transform import FloatArray

WIDTH_MM, HEIGHT_MM = 297.0, 210.0
FAMILY, TAG_MM, TAG_EDGE_MM = "apriltag_36h11", 24.0, 6.0
FIRST_TAG = 570
"""The family's last numbers: a layout on the surface begins with the first."""
WIDTHS_MM = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
COLUMNS, ROWS, STEP_U_MM, STEP_V_MM = 6, 2, 45.0, 84.0
BLANK = (5, 11)
"""Places of the grid without a line: what is found there is a false alarm."""
LINE_MM, WANDER_MM, JOINT_MM = 62.0, 1.2, 2.0
SPECKLES_PER_MM2, SPECKLE_MM = 1.2, (0.1, 0.3)
QUIET_MM = 4.0
PRINTED_REFLECTS, CRACK_REFLECTS = 0.05, 0.4
LIKE_A_CRACK = (1 - PRINTED_REFLECTS) / (1 - CRACK_REFLECTS)
"""How much wider a crack is that looks like a printed line."""


@dataclass(frozen=True)
class Line:
    """One line, `points_mm` (n, 2) long, around `middle_mm`; None for a width: nothing is printed there."""

    middle_mm: tuple[float, float]
    width_mm: float | None
    points_mm: FloatArray


@dataclass(frozen=True)
class Card:
    """All that is on it; always the same."""

    @cached_property
    def tags_mm(self) -> dict[int, tuple[float, float]]:
        """Middles of the tags by number."""
        left = top = TAG_EDGE_MM + TAG_MM / 2
        places = [(x, y) for y in (top, HEIGHT_MM - top) for x in (left, WIDTH_MM - left)]
        return {FIRST_TAG + number: place for number, place in enumerate(places)}

    @property
    def layout(self) -> TagLayout:
        """The tags with u to the right and v up from the card's top left, in metres."""
        tags = {
            number: Tag(number, (x_mm / 1000, -y_mm / 1000), TAG_MM / 1000, 0.0)
            for number, (x_mm, y_mm) in self.tags_mm.items()
        }
        return TagLayout("", FAMILIES[FAMILY], None, tags)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """By places of the grid, row by row: they wander as cracks do, and are as wide as is said everywhere."""
        rng = np.random.default_rng(20)
        widths = iter(WIDTHS_MM)
        found = []
        for place in range(COLUMNS * ROWS):
            row, column = divmod(place, COLUMNS)
            middle = (
                WIDTH_MM / 2 + (column - (COLUMNS - 1) / 2) * STEP_U_MM,
                HEIGHT_MM / 2 + (row - (ROWS - 1) / 2) * STEP_V_MM,
            )
            along = np.arange(-LINE_MM / 2, LINE_MM / 2 + 0.1, JOINT_MM)
            aside = np.cumsum(rng.normal(0, WANDER_MM / 2, len(along)))
            points = np.column_stack([aside - aside.mean(), along]) + middle
            found.append(Line(middle, None if place in BLANK else next(widths), points))
        return tuple(found)

    @cached_property
    def speckles_mm(self) -> FloatArray:
        """(n, 3): middle and side of black squares, by which sharpness can be told; none near tags."""
        rng = np.random.default_rng(21)
        count = round(SPECKLES_PER_MM2 * WIDTH_MM * HEIGHT_MM)
        places = rng.uniform((0, 0), (WIDTH_MM, HEIGHT_MM), (count, 2))
        sides = rng.uniform(*SPECKLE_MM, count)
        near = np.zeros(count, bool)
        for middle in self.tags_mm.values():
            near |= (np.abs(places - middle) < TAG_MM / 2 + QUIET_MM).all(axis=1)
        return np.column_stack([places, sides])[~near]
