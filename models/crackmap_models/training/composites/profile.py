"""How wide a crack is along its path, and its two broken edges."""

from dataclasses import dataclass

import numpy as np

from crackmap_models.training.composites.fields import Plane, Points, curve
from crackmap_models.training.composites.path import SPACING_PX, Path


@dataclass(frozen=True, slots=True)
class Opening:
    """A crack's mean width and how it varies: by `uneven`, each edge alone by `ragged`; `gone`: pinched off."""

    width_px: float
    uneven: float
    ragged: float
    gone: float


def widths_px(path: Path, opening: Opening, rng: np.random.Generator) -> Plane:
    """Width [n] at every point of a path; 0 where the crack is pinched off."""
    count = len(path.points)
    knots = max(2, round(count * SPACING_PX / 60))
    width = opening.width_px * path.share * np.exp(opening.uneven * curve(count, knots, rng, 4))
    if opening.gone > 0:
        hidden = curve(count, 2 * knots, rng)
        width = np.where(hidden < np.quantile(hidden, opening.gone), 0.0, width)
    along = np.linspace(0.0, 1.0, count)
    if path.taper_start:
        width = width * np.minimum(1.0, 2.0 * along) ** 0.7
    if path.taper_end:
        width = width * np.minimum(1.0, 2.0 * (1.0 - along)) ** 0.7
    return np.asarray(width, np.float32)


def outlines(path: Path, width_px: Plane, ragged: float, rng: np.random.Generator) -> list[Points]:
    """Closed outlines [m, 2] of the open stretches of a path; each edge breaks out by its own share of the width."""
    points, count = path.points, len(path.points)
    ahead = np.empty_like(points)
    ahead[1:-1] = points[2:] - points[:-2]
    ahead[0], ahead[-1] = points[1] - points[0], points[-1] - points[-2]
    ahead /= np.maximum(1e-6, np.hypot(ahead[:, 0], ahead[:, 1]))[:, None]
    side = ahead[:, ::-1] * np.array([-1, 1], np.float32)
    knots = max(2, count // 6)
    rough = np.stack([curve(count, knots, rng), curve(count, knots, rng)])
    reach = ragged * np.minimum(width_px, 1.5 + 0.4 * width_px)  # what breaks out of an edge grows slower than the gap
    half = np.maximum(0.08 * width_px, width_px / 2 + reach * rough)
    left, right = points + side * half[0][:, None], points - side * half[1][:, None]
    changes = np.flatnonzero(np.diff(width_px > 0)) + 1
    stretches = np.split(np.arange(count), changes)
    return [
        np.concatenate([left[stretch], right[stretch[::-1]]])
        for stretch in stretches
        if len(stretch) > 1 and width_px[stretch[0]] > 0
    ]
