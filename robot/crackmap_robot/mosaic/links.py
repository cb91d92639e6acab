"""Which photographs show the same piece of the surface, and which of their features are the same."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from crackmap_robot.mosaic.features import Features
from crackmap_robot.mosaic.sightings import IntArray

VOTING = 256
"""Features of each photograph that are looked for in all others at once."""
VOTES = 3
"""Photographs that each of them votes for."""
QUERIES_AT_ONCE = 64
MOST_RIVALS, NEXT_IN_ORDER = 8, 2
"""Photographs that each one is compared with: those with the most votes, and those that were taken next."""
RATIO = 0.85
"""Of a match's distance to that of the second best: over it, either could be meant (Lowe, IJCV 60 (2004))."""
NEAR_PX = 2.5
LEAST_MATCHES = 20
MOST_MATCHES = 240
LEAST_AREA = 0.2
"""Of a piece of surface in one photograph, in parts of that in the other: more is a wrong match, or no use."""


@dataclass(frozen=True)
class Link:
    """Two photographs, by number, and the numbers of features (k,), (k,) that show the same places."""

    first: int
    second: int
    in_first: IntArray
    in_second: IntArray

    @property
    def matches(self) -> int:
        return len(self.in_first)


def candidates(features: Sequence[Features]) -> list[tuple[int, int]]:
    """Pairs of photographs that may overlap: those taken one after the other, and those that features vote for.

    Every photograph is looked for in all others, so that it matters neither in which order they were taken nor how far
    a way round had led.
    """
    pairs = {pair for step in range(1, NEXT_IN_ORDER + 1) for pair in zip(*_shifted(len(features), step), strict=True)}
    rows = [each.roots(VOTING) for each in features]
    whose = np.repeat(np.arange(len(rows)), [len(each) for each in rows])
    everything = np.concatenate([np.zeros((0, 128), np.float32), *rows])
    for number, own in enumerate(rows):
        votes = np.zeros(len(features), np.int64)
        for start in range(0, len(own), QUERIES_AT_ONCE):
            alike = own[start : start + QUERIES_AT_ONCE] @ everything.T
            alike[:, whose == number] = -1
            if alike.shape[1] > VOTES:
                nearest = np.argpartition(-alike, VOTES, axis=1)[:, :VOTES]
                votes += np.bincount(whose[nearest].ravel(), minlength=len(features))
        votes[number] = 0
        rivals = np.argsort(-votes, kind="stable")[:MOST_RIVALS]
        pairs |= {(min(number, int(k)), max(number, int(k))) for k in rivals if votes[k]}
    return sorted(pairs)


def link(features: Sequence[Features], first: int, second: int) -> Link | int:
    """What the two have in common; or how many features do, where those are too few for an overlap.

    Features match where each is the other's nearest by far, and where one homography takes them there.
    """
    one, two = features[first], features[second]
    in_first, in_second = _nearest(one, two)
    if len(in_first) < LEAST_MATCHES:
        return 0
    near = NEAR_PX * max(one.pixel, two.pixel)
    unit = 1 / near
    homography, mask = cv2.findHomography(
        one.rays[in_first] * unit, two.rays[in_second] * unit, cv2.RANSAC, 1.0, maxIters=5000, confidence=0.999
    )
    inside = np.flatnonzero(mask)  # none where there is no homography
    if len(inside) < LEAST_MATCHES:
        return len(inside)
    if not _possible(np.asarray(homography, np.float64), one.rays[in_first[inside]] * unit):
        return 0
    inside = inside[np.argsort(np.maximum(in_first[inside], in_second[inside]), kind="stable")][:MOST_MATCHES]
    return Link(first, second, in_first[inside], in_second[inside])


def _shifted(count: int, step: int) -> tuple[range, range]:
    return range(max(count - step, 0)), range(step, max(count, step))


def _nearest(one: Features, two: Features) -> tuple[IntArray, IntArray]:
    if min(len(one.rays), len(two.rays)) < 2:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    alike = one.roots() @ two.roots().T
    best, back = alike.argmax(axis=1), alike.argmax(axis=0)
    rows = np.arange(len(best))
    distance = 2 - 2 * alike[rows, best]
    alike[rows, best] = -1
    second = 2 - 2 * alike.max(axis=1)
    mutual: npt.NDArray[np.bool_] = (back[best] == rows) & (distance < RATIO**2 * second)
    return np.flatnonzero(mutual), best[mutual]


def _possible(homography: npt.NDArray[np.float64], places: npt.NDArray[np.float64]) -> bool:
    """Whether two cameras before one plane could see it so: not mirrored, and not much larger or smaller."""
    depths = np.column_stack([places, np.ones(len(places))]) @ homography[2]
    if np.linalg.det(homography) < 0:
        homography, depths = -homography, -depths
    areas = np.linalg.det(homography) / np.where(depths > 0, depths, np.nan) ** 3
    return bool(np.isfinite(areas).all() and areas.min() > LEAST_AREA**2 and areas.max() < 1 / LEAST_AREA**2)


def groups(count: int, links: Sequence[Link]) -> list[list[int]]:
    """Photographs by number that hang together by links, the largest group first."""
    ends = list(range(count))

    def end(number: int) -> int:
        while ends[number] != number:
            ends[number] = number = ends[ends[number]]
        return number

    for each in links:
        ends[end(each.second)] = end(each.first)
    members = sorted(range(count), key=lambda number: (end(number), number))
    found = [list(group) for _, group in itertools.groupby(members, key=end)]
    return sorted(found, key=lambda group: (-len(group), group[0]))
