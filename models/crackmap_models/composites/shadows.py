"""Cast shadows: straight and curved edges, bars, branches, leaves; hard near the thing that casts them, else soft."""

import numpy as np

from crackmap_models.composites.fields import Plane, blurred, log_uniform
from crackmap_models.composites.growth import branching, leaf
from crackmap_models.composites.lines import bent, half_plane, normal_of, straight
from crackmap_models.composites.paint import filled, shade, stroked
from crackmap_models.composites.profile import outlines
from crackmap_models.data.tiles import Pixels


def draw_shadow(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """One cast shadow: of an edge, bars, a wire, branches or leaves; a little blue, as sky light is."""
    height, width = pixels.shape[:2]
    kind = rng.integers(5)
    if kind == 0:
        dark = _edge(height, width, rng)
    elif kind == 1:
        dark = _bars(height, width, rng)
    elif kind == 2:
        dark = stroked(height, width, [bent(height, width, rng, 0.15)], log_uniform(1.5, 12, rng))
    elif kind == 3:
        shoots = branching(height, width, log_uniform(3, 16, rng), rng)
        dark = filled(height, width, [part for line, wide in shoots for part in outlines(line[None], wide[None])])
    else:
        dark = filled(height, width, [leaf(height, width, rng) for _ in range(rng.integers(1, 9))])
    dark = blurred(dark, log_uniform(1.0 if kind == 3 else 0.5, 8, rng))
    light = 1 - np.float32(rng.uniform(0.12, 0.65)) * dark
    return shade(pixels, light, (1.0, rng.uniform(0.93, 1.0), rng.uniform(0.8, 1.0)))


def _edge(height: int, width: int, rng: np.random.Generator) -> Plane:
    if rng.random() < 0.5:
        return filled(height, width, [half_plane(straight(height, width, rng))])
    line = bent(height, width, rng, 0.2)
    far = normal_of(line) * np.float32(1500)
    return filled(height, width, [np.concatenate([line, line[::-1] + far])])


def _bars(height: int, width: int, rng: np.random.Generator) -> Plane:
    ends = straight(height, width, rng)
    spacing = log_uniform(14, 90, rng)
    count = int(np.ceil((height + width) / spacing / 2)) if rng.random() < 0.7 else 1
    steps = np.arange(-count, count + 1) * spacing
    lines = (ends + normal_of(ends) * steps[:, None, None]).astype(np.float32)
    return stroked(height, width, lines, spacing * rng.uniform(0.12, 0.6))
