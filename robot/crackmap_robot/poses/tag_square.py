"""The corners of a tag's black square, to a few hundredths of a pixel, and how exact they are. Pure.

A threshold finds them inside the black, and a search for corners more so: by 0.5 to 1.6 px (decision 33). So what the
picture shows around the four edges is fitted (edge_light.py), and corners are where the edges' lines meet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from crackmap.messages import Camera
from crackmap_robot.poses.edge_light import BLUR, BRIGHT, DARK, FIRST, OFFSET, TAIL, TAILS, EdgePixels, fitted, normal
from crackmap_robot.poses.transform import FloatArray
from crackmap_robot.projection.errors import NoView
from crackmap_robot.projection.lens import distorted, undistorted

Grey = npt.NDArray[np.uint8]

REACH_BLURS, REACH_PX, PAPER_CELLS, INK_CELLS = 4.0, 1.5, 0.7, 1.5
"""How far from an edge its picture is looked at: so many σ and pixels, but not beyond its paper and its ink."""
END_CELLS = 0.75
"""That far from the corners, which spreading rounds."""
SATURATED = 253
SMALLEST_CELL_PX = 3.0
LEAST_CONTRAST, MOST_SPREAD = 0.08, 0.1
"""What is fitted must differ by that much, of white; and pixels from it by no more than this share of it."""
FEWEST_PX, MOST_PX = 12, 800
"""Of one edge; more are thinned out."""
LARGEST_SIGMA_PX = 0.5
MODEL_SIGMA_PX = 0.01
"""How exact the formula is, for each edge."""
ROUNDS, SEARCHING, STEP = 12, 3, 1e-4
RELAXED = 0.7
"""Of each round's step: the spill of cells stays in a round where it was, so whole steps go too far, and back."""
ENOUGH_SIGMAS = 0.2
"""Of an edge: a round that moves corners by less is the last."""
_EDGES = np.diag([1.0, 0.0] * 4)


@dataclass(frozen=True)
class Square:
    """Corners (4, 2) in pixels, in the order in which they were given, and their covariance (8, 8) in px²."""

    corners_px: FloatArray
    covariance_px2: FloatArray


@dataclass(frozen=True)
class _Sides:
    """The four edges as they are thought to be, in a picture without distortion: from each corner to the next.

    middles, along, outward (4, 2), the last two of length 1; halves_px (4,).
    """

    corners: FloatArray

    @property
    def middles(self) -> FloatArray:
        return np.asarray((self.corners + np.roll(self.corners, -1, axis=0)) / 2)

    @property
    def halves_px(self) -> FloatArray:
        return np.asarray(np.linalg.norm(np.roll(self.corners, -1, axis=0) - self.corners, axis=1) / 2)

    @property
    def along(self) -> FloatArray:
        return np.asarray((np.roll(self.corners, -1, axis=0) - self.corners) / (2 * self.halves_px[:, None]))

    @property
    def outward(self) -> FloatArray:
        return np.asarray(self.along[:, ::-1] * (1, -1))

    def moved(self, lines: FloatArray) -> FloatArray:
        """Corners (4, 2) after edges (4, 2) were moved outwards by a + b s, s from -1 to 1 along each."""
        along, outward = self.along, self.outward
        direction = along * self.halves_px[:, None] + outward * lines[:, 1:]
        normal = direction[:, ::-1] * (1, -1)
        reach = (normal * (self.middles + outward * lines[:, :1])).sum(axis=1)
        both = np.stack([np.roll(normal, 1, axis=0), normal], axis=1)
        return np.asarray(np.linalg.solve(both, np.stack([np.roll(reach, 1), reach], axis=1)[:, :, None])[:, :, 0])


@dataclass(frozen=True)
class _Band:
    """Pixels near the edges: whose edge, where they would be without distortion (n, 2), their grey 0 to 1, shifted."""

    side: npt.NDArray[np.int64]
    ideal_px: FloatArray
    grey: FloatArray


def square(grey: Grey, rough_px: FloatArray, white: npt.NDArray[np.bool_], camera: Camera | None) -> Square | None:
    """The square of a tag whose cells (c, c) are white there, near `rough_px` (4, 2): top left, and on clockwise.

    The lens bends edges; without a camera they are taken to be straight. None where the edges tell nothing: too small,
    cut off, overexposed, or something lies on them.
    """
    try:
        start = sides = _Sides(_ideal(rough_px, camera))
        values, band = FIRST.copy(), None
        for turn in range(ROUNDS):
            if turn < SEARCHING or band is None:
                band = _band(grey, sides, len(white), values[BLUR], camera)
            if band is None:
                return None
            sample = _sample(band, sides, white, values)
            values, covariance, spread = fitted(sample, values, searching=turn < SEARCHING)
            before, lines = sides, RELAXED * values[:BLUR]
            sides = _Sides(sides.moved(lines.reshape(4, 2)))
            values[:BLUR] = 0.0  # from now on, edges are measured from where they were found
            moved_px = np.abs(sides.corners - before.corners).max()
            if not np.abs(sides.corners - start.corners).max() < _cell_px(start, len(white)):  # NaN is not
                return None
            if turn > SEARCHING and moved_px < ENOUGH_SIGMAS * math.sqrt(covariance[0, 0]):
                break
        slopes = _bend(sides.corners, camera) @ _corner_slopes(before, lines)
    except (NoView, np.linalg.LinAlgError):
        return None
    covariance_px2 = slopes @ (covariance[:BLUR, :BLUR] + MODEL_SIGMA_PX**2 * _EDGES) @ slopes.T
    contrast = values[BRIGHT] - values[DARK]
    if contrast < max(LEAST_CONTRAST, spread / MOST_SPREAD) or not np.diag(covariance_px2).max() < LARGEST_SIGMA_PX**2:
        return None
    return Square(_seen(sides.corners, camera), (covariance_px2 + covariance_px2.T) / 2)


def _band(grey: Grey, sides: _Sides, count: int, blur_px: float, camera: Camera | None) -> _Band | None:
    """None where an edge is not in the picture, or shows too little."""
    cell_px = _cell_px(sides, count)
    if cell_px < SMALLEST_CELL_PX:
        return None
    reach_px = REACH_BLURS * blur_px + REACH_PX
    out_px, in_px = min(reach_px, PAPER_CELLS * cell_px), INK_CELLS * cell_px
    seen = _Sides(_seen(sides.corners, camera))
    low = np.floor(seen.corners.min(axis=0) - out_px - 1).astype(int)
    high = np.ceil(seen.corners.max(axis=0) + out_px + 2).astype(int)
    if (low < 0).any() or (high > grey.shape[::-1]).any():
        return None
    rows, columns = np.mgrid[low[1] : high[1], low[0] : high[0]].reshape(2, -1)
    usable = grey[rows, columns] < SATURATED
    chosen = []
    for number in range(4):
        (x, y), (along_x, along_y), (out_x, out_y) = (part[number] for part in (seen.middles, seen.along, seen.outward))
        outward = (columns - x) * out_x + (rows - y) * out_y
        near = usable & (outward < out_px) & (outward > -in_px)
        near &= (outward > -reach_px) | (np.abs(outward + cell_px) < reach_px)
        along = np.abs((columns - x) * along_x + (rows - y) * along_y)
        there = np.nonzero(near & (along < seen.halves_px[number] * (1 - 2 * END_CELLS / count)))[0]
        if len(there) < FEWEST_PX:
            return None
        chosen.append(there[np.linspace(0, len(there) - 1, min(len(there), MOST_PX)).astype(int)])
    side = np.repeat(np.arange(4), [len(there) for there in chosen])
    pixels = np.concatenate(chosen)
    rows, columns = rows[pixels], columns[pixels]
    ideal_px = _ideal(np.stack([columns, rows], axis=1).astype(np.float64), camera)
    return _Band(side, ideal_px, (grey[rows, columns] / 255 + OFFSET) / (1 + OFFSET))


def _sample(band: _Band, sides: _Sides, white: npt.NDArray[np.bool_], values: FloatArray) -> EdgePixels:
    """How a band lies to edges."""
    side, away = band.side, band.ideal_px - sides.middles[band.side]
    place = (band.ideal_px - sides.corners.mean(axis=0)) / sides.halves_px.max()
    return EdgePixels(
        side,
        band.grey,
        (away * sides.along[side]).sum(axis=1) / sides.halves_px[side],
        (away * sides.outward[side]).sum(axis=1),
        np.column_stack([np.ones(len(side)), place]),
        _spill(band.ideal_px, sides, white, values[BLUR], values[TAILS]),
    )


def _spill(ideal: FloatArray, sides: _Sides, white: npt.NDArray[np.bool_], blur_px: float, tail: float) -> FloatArray:
    """(n,): the share of light that white cells inside the square add at these places."""
    count = len(white)
    target = np.array([[0, 0], [count, 0], [count, count], [0, count]], np.float32)
    to_cells = cv2.getPerspectiveTransform(sides.corners.astype(np.float32), target).astype(np.float64)

    def cells(places: FloatArray) -> FloatArray:
        flat = np.column_stack([places, np.ones(len(places))]) @ to_cells.T
        return np.asarray(flat[:, :2] / flat[:, 2:])

    middle = sides.corners.mean(axis=0)
    slopes = (cells(middle + np.eye(2)) - cells(middle - np.eye(2))) / 2  # [pixel axis, cell axis]
    edges = (cells(ideal)[:, :, None] - np.arange(count + 1)) / (blur_px * np.linalg.norm(slopes, axis=0)[:, None])
    total = np.zeros(len(ideal))
    for share, wider in ((1 - tail, 1.0), (tail, TAIL)):
        inside = -np.diff(normal(edges / wider), axis=2)
        total += share * np.einsum("nj,ij,ni->n", inside[:, 0], white.astype(np.float64), inside[:, 1])
    return total


def _corner_slopes(sides: _Sides, lines: FloatArray) -> FloatArray:
    """(8, 8): the corners' coordinates by the lines' a and b, by differences."""
    columns = [
        sides.moved((lines + e).reshape(4, 2)) - sides.moved((lines - e).reshape(4, 2)) for e in STEP * np.eye(8)
    ]
    return np.stack([column.ravel() for column in columns], axis=1) / (2 * STEP)


def _cell_px(sides: _Sides, count: int) -> float:
    """The smallest width of a row of cells: of the square's, between opposite edges."""
    across = np.abs(((np.roll(sides.middles, 2, axis=0) - sides.middles) * sides.outward).sum(axis=1))
    return float(across.min()) / count


def _ideal(pixels_px: FloatArray, camera: Camera | None) -> FloatArray:
    """Without the lens's distortion. Raises NoView."""
    if camera is None:
        return pixels_px
    focal, centre = (camera.fx_px, camera.fy_px), (camera.cx_px, camera.cy_px)
    return np.asarray(undistorted(pixels_px, camera) * focal + centre)


def _seen(ideal_px: FloatArray, camera: Camera | None) -> FloatArray:
    """The inverse of `_ideal`."""
    if camera is None:
        return ideal_px
    focal, centre = (camera.fx_px, camera.fy_px), (camera.cx_px, camera.cy_px)
    return np.asarray(distorted((ideal_px - centre) / focal, camera)[0] * focal + centre)


def _bend(ideal_px: FloatArray, camera: Camera | None) -> FloatArray:
    """(8, 8): coordinates in the picture by those without distortion."""
    whole = np.eye(8)
    if camera is None:
        return whole
    focal = np.array([camera.fx_px, camera.fy_px])
    slopes = distorted((ideal_px - (camera.cx_px, camera.cy_px)) / focal, camera)[1]
    for number in range(4):
        part = slice(2 * number, 2 * number + 2)
        whole[part, part] = focal[:, None] * slopes[number] / focal
    return whole
