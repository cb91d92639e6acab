"""Thin strokes with exact pixel coverage: cracks and joints, down to a fraction of a pixel wide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crackmap_robot.renderer.arrays import FloatArray, Picture, SmallFloatArray

PATCHES_AT_ONCE = 2_000_000
"""Pixels worked on together: bounds the memory of long cracks."""


@dataclass(frozen=True, eq=False)
class Stroke:
    """A centre line with a width to each side, in texture pixels."""

    points_px: FloatArray
    """(n, 2): column, row; pixel centres are integers."""
    left_px: FloatArray
    """(n,): distance from the centre line to the left edge, walking from first to last point in a v-up picture."""
    right_px: FloatArray
    """(n,): the same to the right edge."""


@dataclass(frozen=True, eq=False)
class Coverage:
    """Which share of which pixels a shape covers."""

    index: npt.NDArray[np.int64]
    """(n,) flat pixel numbers, each at most once."""
    share: SmallFloatArray
    """(n,) covered share, over 0 up to 1."""


def pixel_share(distance_px: FloatArray, normal: FloatArray) -> FloatArray:
    """Share of a unit pixel that lies below a straight edge at signed ``distance_px`` from its centre.

    ``normal`` (…, 2) is the edge's unit normal. Exact: the distribution of a unit square projected on a line is a
    trapezoid; this is its integral.
    """
    a, b = np.abs(normal[..., 0]), np.abs(normal[..., 1])
    wide, narrow = np.maximum(a, b), np.maximum(np.minimum(a, b), 1e-9)
    flat, reach = (wide - narrow) / 2, (wide + narrow) / 2
    d = np.abs(distance_px)
    upper = np.where(d <= flat, 0.5 + d / wide, 1 - np.clip(reach - d, 0, None) ** 2 / (2 * wide * narrow))
    result: FloatArray = np.where(distance_px < 0, 1 - upper, upper)
    return result


def coverage(stroke: Stroke, shape: tuple[int, int]) -> Coverage:
    """The pixels of a (rows, columns) raster under ``stroke``; where segments meet, the nearest one counts."""
    start, end = stroke.points_px[:-1], stroke.points_px[1:]
    half = np.maximum(stroke.left_px, stroke.right_px)
    reach = np.maximum(half[:-1], half[1:]) + 1.0
    low = np.floor(np.minimum(start, end) - reach[:, None]).astype(np.int64)
    need = np.ceil(np.max(np.maximum(start, end) + reach[:, None] - low, axis=1)).astype(np.int64) + 1
    on_raster = np.all((low + need[:, None] > 0) & (low < np.array(shape[::-1])), axis=1)
    found: list[tuple[npt.NDArray[np.int64], FloatArray, FloatArray]] = []
    step = 4
    for size in np.unique(-(-need[on_raster] // step) * step):
        members = np.flatnonzero(on_raster & (-(-need // step) * step == size))
        chunk = max(1, PATCHES_AT_ONCE // int(size) ** 2)
        for first in range(0, len(members), chunk):
            found.append(_patches(stroke, members[first : first + chunk], low, int(size), shape))
    if not found:
        return Coverage(np.empty(0, np.int64), np.empty(0, np.float32))
    index, distance, share = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((distance, index))
    nearest = order[np.r_[True, np.diff(index[order]) > 0]] if len(order) else order
    return Coverage(index[nearest], share[nearest].astype(np.float32))


def _patches(
    stroke: Stroke, segments: npt.NDArray[np.int64], low: npt.NDArray[np.int64], size: int, shape: tuple[int, int]
) -> tuple[npt.NDArray[np.int64], FloatArray, FloatArray]:
    """(flat index, distance, share) of all pixels near the segments, square patches of ``size`` pixels."""
    offsets = np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=-1).reshape(-1, 2)
    pixels = low[segments, None, :] + offsets
    start = stroke.points_px[segments, None]
    along = stroke.points_px[segments + 1, None] - start
    length2 = np.maximum(np.sum(along**2, axis=-1), 1e-12)
    from_start = pixels - start
    t = np.clip(np.sum(from_start * along, axis=-1) / length2, 0, 1)
    from_foot = from_start - t[..., None] * along
    distance = np.hypot(from_foot[..., 0], from_foot[..., 1])
    # Rows grow downwards, so this cross product is positive to the left of the walking direction.
    side = np.where(along[..., 1] * from_start[..., 0] - along[..., 0] * from_start[..., 1] >= 0, 1.0, -1.0)
    left = (1 - t) * stroke.left_px[segments, None] + t * stroke.left_px[segments + 1, None]
    right = (1 - t) * stroke.right_px[segments, None] + t * stroke.right_px[segments + 1, None]
    inside = np.all((pixels >= 0) & (pixels < np.array(shape[::-1])), axis=-1)
    near = inside & (distance < np.maximum(left, right) + 0.75)
    signed = (distance * side)[near]
    normal = np.broadcast_to(along[..., ::-1] / np.sqrt(length2)[..., None], pixels.shape)[near]
    share = pixel_share(left[near] - signed, normal) - pixel_share(-right[near] - signed, normal)
    seen = share > 1e-3
    index = (pixels[..., 1] * shape[1] + pixels[..., 0])[near][seen]
    return index, distance[near][seen], share[seen]


def darken(texture: Picture, area: Coverage, factor: tuple[float, float, float]) -> None:
    """Multiply linear values by ``factor`` per channel where ``area`` covers a pixel wholly, in proportion elsewhere."""
    pixels = texture.reshape(-1, 3)
    values = pixels[area.index].astype(np.float32)
    values *= 1 + area.share[:, None] * (np.array(factor, np.float32) - 1)
    pixels[area.index] = np.clip(values + 0.5, 0, 255).astype(np.uint8)
