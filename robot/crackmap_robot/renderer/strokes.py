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


def pixel_share(distance_px: SmallFloatArray, normal: SmallFloatArray) -> SmallFloatArray:
    """Share of a unit pixel that lies below a straight edge at signed ``distance_px`` from its centre.

    ``normal`` (…, 2) is the edge's unit normal. Exact: the distribution of a unit square projected on a line is a
    trapezoid; this is its integral.
    """
    a, b = np.abs(normal[..., 0]), np.abs(normal[..., 1])
    wide, narrow = np.maximum(a, b), np.maximum(np.minimum(a, b), np.float32(1e-6))
    flat, reach = (wide - narrow) / 2, (wide + narrow) / 2
    d = np.abs(distance_px)
    upper = np.where(d <= flat, 0.5 + d / wide, 1 - np.clip(reach - d, 0, None) ** 2 / (2 * wide * narrow))
    result: SmallFloatArray = np.where(distance_px < 0, 1 - upper, upper)
    return result


def coverage(stroke: Stroke, shape: tuple[int, int]) -> Coverage:
    """The pixels of a (rows, columns) raster under ``stroke``; where segments meet, the nearest one counts."""
    start, end = stroke.points_px[:-1], stroke.points_px[1:]
    half = np.maximum(stroke.left_px, stroke.right_px)
    reach = np.maximum(half[:-1], half[1:]) + 1.0
    low = np.floor(np.minimum(start, end) - reach[:, None]).astype(np.int64)
    need = np.ceil(np.max(np.maximum(start, end) + reach[:, None] - low, axis=1)).astype(np.int64) + 1
    on_raster = np.all((low + need[:, None] > 0) & (low < np.array(shape[::-1])), axis=1)
    found: list[tuple[npt.NDArray[np.int64], SmallFloatArray, SmallFloatArray]] = []
    step = 4
    for size in np.unique(-(-need[on_raster] // step) * step):
        members = np.flatnonzero(on_raster & (-(-need // step) * step == size))
        chunk = max(1, PATCHES_AT_ONCE // int(size) ** 2)
        groups = (members[first : first + chunk] for first in range(0, len(members), chunk))
        found += [_patches(stroke, group, low, int(size), shape) for group in groups]
    if not found:
        return Coverage(np.empty(0, np.int64), np.empty(0, np.float32))
    index, distance, share = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((distance, index))
    nearest = order[np.r_[True, np.diff(index[order]) > 0]] if len(order) else order
    return Coverage(index[nearest], share[nearest])


def _patches(
    stroke: Stroke, segments: npt.NDArray[np.int64], low: npt.NDArray[np.int64], size: int, shape: tuple[int, int]
) -> tuple[npt.NDArray[np.int64], SmallFloatArray, SmallFloatArray]:
    """(flat index, distance, share) of all pixels near the segments, square patches of ``size`` pixels."""
    offsets = np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=-1).reshape(-1, 2)
    corner = low[segments]
    # Single precision is enough inside a patch, and places relative to its corner are small numbers.
    start = (stroke.points_px[segments] - corner).astype(np.float32)[:, None]
    along = (stroke.points_px[segments + 1] - stroke.points_px[segments]).astype(np.float32)[:, None]
    length2 = np.maximum(np.sum(along**2, axis=-1), np.float32(1e-12))
    x, y = offsets[:, 0] - start[..., 0], offsets[:, 1] - start[..., 1]
    along_x, along_y = along[..., 0], along[..., 1]
    t = np.clip((x * along_x + y * along_y) / length2, 0, 1)
    distance = np.hypot(x - t * along_x, y - t * along_y)
    left, right = _between(stroke.left_px, segments, t), _between(stroke.right_px, segments, t)
    pixels = corner[:, None, :] + offsets
    inside = np.all((pixels >= 0) & (pixels < np.array(shape[::-1])), axis=-1)
    near = inside & (distance < np.maximum(left, right) + 0.75)
    # Rows grow downwards, so this cross product is positive to the left of the walking direction.
    signed = np.where(along_y * x - along_x * y >= 0, distance, -distance)[near]
    normal = np.broadcast_to(along / np.sqrt(length2)[..., None], pixels.shape)[near][:, ::-1]
    share = pixel_share(left[near] - signed, normal) - pixel_share(-right[near] - signed, normal)
    seen = share > 1e-3
    index = (pixels[..., 1] * shape[1] + pixels[..., 0])[near][seen]
    return index, distance[near][seen], share[seen]


def _between(values: FloatArray, segments: npt.NDArray[np.int64], t: SmallFloatArray) -> SmallFloatArray:
    """``values`` of the vertices at shares ``t`` (segments, pixels) of their segments."""
    first, last = values[segments, None].astype(np.float32), values[segments + 1, None].astype(np.float32)
    result: SmallFloatArray = first + t * (last - first)
    return result


def darken(texture: Picture, area: Coverage, factor: tuple[float, float, float]) -> None:
    """Multiply linear values by ``factor`` (per channel) where ``area`` covers a pixel wholly, by less elsewhere."""
    pixels = texture.reshape(-1, 3)
    values = pixels[area.index].astype(np.float32)
    values *= 1 + area.share[:, None] * (np.array(factor, np.float32) - 1)
    pixels[area.index] = np.clip(values + 0.5, 0, 255).astype(np.uint8)
