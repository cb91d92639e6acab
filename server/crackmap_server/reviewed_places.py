"""Which reviews are of the place of a tile: in the same picture by pixels, in others by metres on the surface. Pure.

Two tiles are of one place when the middle of one lies inside the other. So a review finds a tile in every other grid of
tiles, however it is shifted.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt
import shapely

from crackmap_server.opinions import Opinion

Rectangles = npt.NDArray[np.int64]  # (n, 4): x, y, width, height in px
Corners = npt.NDArray[np.float64]  # (n, 4, 2) on the chart, in metres


@dataclass(frozen=True)
class Reviewed:
    """A review and its place."""

    opinion: Opinion
    rectangle_px: tuple[int, int, int, int]
    corners_m: Sequence[Sequence[float]] | None


class ReviewedPlaces:
    """The reviews of one surface in one inspection, to be found by place."""

    def __init__(self, reviews: Sequence[Reviewed], around_m: float | None = None) -> None:
        self._opinions = [each.opinion for each in reviews]
        self._in_frame: defaultdict[UUID, list[int]] = defaultdict(list)
        for index, each in enumerate(reviews):
            self._in_frame[each.opinion.frame_id].append(index)
        self._rectangles = np.array([each.rectangle_px for each in reviews], np.int64).reshape(-1, 4)
        placed = [index for index, each in enumerate(reviews) if each.corners_m is not None]
        corners = np.array([reviews[index].corners_m for index in placed]).reshape(-1, 4, 2)
        turns = (0.0,) if around_m is None else (-around_m, 0.0, around_m)  # what lies at a seam has two names
        self._placed = np.tile(np.array(placed, np.int64), len(turns))
        turned = np.concatenate([corners + np.array([turn, 0.0]) for turn in turns])
        self._shapes = shapely.polygons(turned)
        self._middles = turned.mean(axis=1)
        self._tree = shapely.STRtree(self._shapes)

    @property
    def empty(self) -> bool:
        return not self._opinions

    def of_tiles(
        self, frame_id: UUID, analysis_id: UUID, rectangles_px: Rectangles, corners_m: Corners | None
    ) -> list[list[Opinion]]:
        """For each tile of a frame the reviews of its place; without corners only those of the same frame.

        Where the very analysis was reviewed, a review is of its own tile only, and not of one that lies over it.
        """
        found: list[set[int]] = [set() for _ in rectangles_px]
        if not self._opinions:
            return [[] for _ in found]
        own = np.array(self._in_frame.get(frame_id, ()), np.int64)
        theirs = self._rectangles[own][None]
        itself = (rectangles_px[:, None] == theirs).all(axis=-1)
        another = np.array([self._opinions[index].analysis_id != analysis_id for index in own.tolist()], bool)
        same = itself | (same_pixels(rectangles_px[:, None], theirs) & another)
        for tile, review in np.argwhere(same).tolist():
            found[tile].add(int(own[review]))
        if corners_m is not None and len(self._shapes):
            self._add_placed(found, corners_m, set(own.tolist()))
        return [[self._opinions[index] for index in sorted(each)] for each in found]

    def _add_placed(self, found: list[set[int]], corners_m: Corners, own: set[int]) -> None:
        tiles = shapely.polygons(corners_m)
        middles = corners_m.mean(axis=1)
        for tile, review in self._tree.query(tiles, predicate="intersects").T.tolist():
            index = int(self._placed[review])
            if index in own:  # in its own picture pixels decide
                continue
            if shapely.contains_xy(tiles[tile], *self._middles[review]) or shapely.contains_xy(
                self._shapes[review], *middles[tile]
            ):
                found[tile].add(index)


def same_pixels(one: Rectangles, other: Rectangles) -> npt.NDArray[np.bool_]:
    """Whether the middle of one rectangle lies inside the other; broadcasts over all but the last axis.

    Its left and upper edges are inside where the sizes differ, so that a grid of other tiles has one for every middle.
    In a grid of the same tiles they are not, or a tile would be of one place with a neighbour that it half overlaps.
    """
    edges = (one[..., 2:] != other[..., 2:]).any(axis=-1, keepdims=True)
    return _holds(one, other, edges) | _holds(other, one, edges)


def _holds(outer: Rectangles, inner: Rectangles, edges: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    twice = 2 * inner[..., :2] + inner[..., 2:]
    low, high = 2 * outer[..., :2], 2 * (outer[..., :2] + outer[..., 2:])
    return np.asarray((((low < twice) | (edges & (low == twice))) & (twice < high)).all(axis=-1))
