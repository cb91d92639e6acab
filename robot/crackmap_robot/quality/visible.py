"""How narrow a crack each tile of a frame would show. Pure."""

import numpy as np
import numpy.typing as npt

from crackmap.manifest import VisibleWidth
from crackmap.tile_grid import TileGrid
from crackmap.visible_widths import bytes_from_px
from crackmap_robot.quality.sharpness import sharpness


def visible_widths(
    pixels: npt.NDArray[np.uint8], grid: TileGrid, promise: VisibleWidth | None
) -> npt.NDArray[np.uint8] | None:
    """A byte for each tile (`crackmap.visible_widths`) of a frame (h, w, 3); None where the model promises nothing."""
    if promise is None:
        return None
    found = sharpness(pixels, grid)
    return bytes_from_px(promise.px(found.blur_px, found.texture))
