"""Things on a tile that are taken for cracks and are none."""

from collections.abc import Callable

import numpy as np

from crackmap_models.composites.cables import draw_cable
from crackmap_models.composites.holes import draw_bug_holes, draw_tie_hole
from crackmap_models.composites.joints import (
    draw_board_grain,
    draw_board_line,
    draw_grooves,
    draw_joint,
    draw_masonry,
    draw_plane_edge,
)
from crackmap_models.composites.plants import draw_grass, draw_leaves, draw_twig
from crackmap_models.composites.scratches import draw_broom, draw_pencil, draw_scratches
from crackmap_models.composites.shadows import draw_shadow
from crackmap_models.composites.signs import draw_letters, draw_tape
from crackmap_models.composites.stains import draw_drips, draw_wet_patch
from crackmap_models.data.tiles import Pixels

Draw = Callable[[Pixels, np.random.Generator], Pixels]
SHARES: dict[Draw, float] = {  # from the surface outwards, which is the order of drawing: a pipe hides a joint
    draw_board_grain: 1,
    draw_broom: 1.5,
    draw_grooves: 1,
    draw_masonry: 1.5,
    draw_board_line: 4,
    draw_joint: 2,
    draw_plane_edge: 2,
    draw_bug_holes: 2,
    draw_tie_hole: 1.5,
    draw_scratches: 2,
    draw_wet_patch: 2,
    draw_drips: 2,
    draw_pencil: 2,
    draw_letters: 2,
    draw_tape: 0.7,
    draw_shadow: 3,
    draw_leaves: 1,
    draw_cable: 1.5,
    draw_twig: 1.5,
    draw_grass: 0.7,
}
_DRAWS = tuple(SHARES)
_ODDS = np.array([*SHARES.values()]) / sum(SHARES.values())


def draw_look_alike(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """RGB [h, w, 3] → RGB [h, w, 3] with one to three things on it that are not cracks, one most often."""
    count = rng.choice([1, 2, 3], p=[0.65, 0.25, 0.1])
    for kind in np.sort(rng.choice(len(_DRAWS), count, p=_ODDS)):
        pixels = _DRAWS[kind](pixels, rng)
    return pixels
