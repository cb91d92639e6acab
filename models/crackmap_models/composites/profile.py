"""How wide a crack is along its path, and its two broken edges."""

from dataclasses import dataclass

import numpy as np

from crackmap_models.composites.fields import Plane, Points, curves
from crackmap_models.composites.path import SPACING_PX, Paths


@dataclass(frozen=True, slots=True)
class Opening:
    """A crack's mean width and how it varies by `uneven`, each edge alone by `ragged`; `gone`: pinched off."""

    width_px: float
    uneven: float
    ragged: float
    gone: float


def widths_px(paths: Paths, opening: Opening, rng: np.random.Generator) -> Plane:
    """Widths [m, n] at every point of m paths; 0 where a crack is pinched off."""
    lines, count = paths.points.shape[:2]
    knots = max(2, round(count * SPACING_PX / 60))
    width = np.float32(opening.width_px) * np.exp(np.float32(opening.uneven) * curves(lines, count, knots, rng, 4))
    width *= paths.share[:, None]
    if opening.gone > 0:
        hidden = curves(lines, count, 2 * knots, rng)
        width[hidden < np.quantile(hidden, opening.gone, axis=1, keepdims=True)] = 0
    if opening.width_px < 4 and rng.random() < 0.3:  # pores that the crack runs through
        pores = rng.random((lines, count)) < 0.012
        width *= 1 + pores * rng.uniform(1, 3, (lines, count))
    along = np.linspace(0.0, 2.0, count, dtype=np.float32)
    if paths.taper_start:
        width *= np.minimum(1, along) ** np.float32(0.7)
    if paths.taper_end:
        width *= np.minimum(1, 2 - along) ** np.float32(0.7)
    return np.asarray(width, np.float32)


def outlines(
    points: Points, width_px: Plane, ragged: float = 0.0, rng: np.random.Generator | None = None
) -> list[Points]:
    """Closed outlines [k, 2] of the open stretches of lines [m, n, 2] of widths [m, n].

    With a generator each edge breaks out on its own, by about `ragged` of the width, less of a wide one's.
    """
    lines, count = width_px.shape
    span = 1 + min(8, int(width_px.max() / 4))  # the edges of a wide gap do not follow every turn of its middle
    at = np.arange(count)
    ahead = points[:, np.minimum(at + span, count - 1)] - points[:, np.maximum(at - span, 0)]
    length = np.maximum(np.float32(1e-6), np.hypot(ahead[..., 0], ahead[..., 1]))
    side = ahead[..., ::-1] * np.array([-1, 1], np.float32) / length[..., None]
    half = np.stack([width_px / 2] * 2)
    if rng is not None:
        rough = curves(2 * lines, count, max(2, count // 6), rng).reshape(2, lines, count)
        reach = np.float32(ragged) * np.minimum(width_px, 1.5 + 0.4 * width_px)
        half = np.maximum(np.float32(0.16) * half, half + reach * rough)
    left, right = points + side * half[0, ..., None], points - side * half[1, ..., None]
    if width_px.all():
        return list(np.concatenate([left, right[:, ::-1]], axis=1))
    shapes = []
    for line, is_open in enumerate(width_px > 0):
        edges = np.flatnonzero(np.diff(is_open, prepend=False, append=False)).tolist()
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            if last - first > 1:
                shapes.append(np.concatenate([left[line, first:last], right[line, first:last][::-1]]))
    return shapes
