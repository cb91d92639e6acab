"""How narrow a crack each tile of a frame would show. Pure."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from crackmap.manifest import VisibleWidth
from crackmap.messages import NoPose, Placed, Placement
from crackmap.pixel_sizes import pixel_sizes
from crackmap.tile_grid import TileGrid
from crackmap.visible_widths import bytes_from_px, px_from_bytes
from crackmap_robot.quality.sharpness import sharpness


class Narrowest(NamedTuple):
    """How narrow a crack half of a frame's tiles would show, in mm; infinite where most would show none."""

    seen_mm: float
    square_mm: float
    """If the camera looked squarely, from as far away."""


def narrowest(placement: Placement, visible_widths: bytes | None, tile_px: int) -> Narrowest | None:
    """Of a frame; None where most tiles do not know, or the scale is not.

    Each placed tile counts with the size of its own pixels: an oblique view has another one in every corner.
    """
    if isinstance(placement, NoPose) or not visible_widths:
        return None
    widths_px = px_from_bytes(np.frombuffer(visible_widths, np.uint8))
    known = ~np.isnan(widths_px)
    if 2 * np.count_nonzero(known) < len(widths_px):
        return None
    if isinstance(placement, Placed):
        sizes = pixel_sizes(placement.tiles.corners_m()[known], tile_px)
        seen_mm, square_mm = sizes.narrowest_mm(widths_px[known])
    else:
        seen_mm = square_mm = widths_px[known] * placement.mm_per_px
    return Narrowest(float(np.median(seen_mm)), float(np.median(square_mm)))


def visible_widths(
    pixels: npt.NDArray[np.uint8], grid: TileGrid, promise: VisibleWidth | None
) -> npt.NDArray[np.uint8] | None:
    """A byte for each tile (`crackmap.visible_widths`) of a frame (h, w, 3); None where the model promises nothing."""
    if promise is None:
        return None
    found = sharpness(pixels, grid)
    return bytes_from_px(promise.px(found.blur_px, found.texture))
