"""How narrow a crack each tile of a frame would show. Pure."""

import numpy as np
import numpy.typing as npt

from crackmap.manifest import VisibleWidth
from crackmap.messages import NoPose, Report
from crackmap.tile_grid import TileGrid
from crackmap.visible_widths import bytes_from_px, px_from_bytes
from crackmap_robot.quality.sharpness import sharpness


def narrowest_mm(report: Report) -> float | None:
    """How narrow a crack half of a frame's tiles would show, in mm; None where most do not know, or the scale is not.

    Infinite where most would show none.
    """
    if isinstance(report.placement, NoPose) or not report.score_map.visible_widths:
        return None
    widths = px_from_bytes(np.frombuffer(report.score_map.visible_widths, np.uint8))
    known = widths[~np.isnan(widths)]
    return float(np.median(known)) * report.placement.mm_per_px if 2 * len(known) >= len(widths) else None


def visible_widths(
    pixels: npt.NDArray[np.uint8], grid: TileGrid, promise: VisibleWidth | None
) -> npt.NDArray[np.uint8] | None:
    """A byte for each tile (`crackmap.visible_widths`) of a frame (h, w, 3); None where the model promises nothing."""
    if promise is None:
        return None
    found = sharpness(pixels, grid)
    return bytes_from_px(promise.px(found.blur_px, found.texture))
