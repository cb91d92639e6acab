"""What a crack of the target width would have met in each tile: it would have been seen, or why not. Pure."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from crackmap.messages import Flag, Reason
from crackmap.visible_widths import px_from_bytes

Corners = npt.NDArray[np.float64]


class Sight(StrEnum):
    """Best first: where several frames show one place, the first of these holds there."""

    SHOWN = "shown"  # a crack of the target width would have been seen
    NOT_KNOWN = "not_known"  # no target width was set, or nothing tells how narrow a crack would be seen
    BLURRED = "blurred"  # blur or rough texture would have hidden it
    TOO_FAR = "too_far"  # it is narrower than a pixel there
    OUT_OF_RANGE = "out_of_range"  # the model was not made for the frame's scale
    BRIGHT = "bright"
    DARK = "dark"
    OBSTRUCTED = "obstructed"
    DROPPED = "dropped"
    MODEL_FAILED = "model_failed"
    MASKED = "masked"  # something known is there, which a crack would not be told from
    NEVER_SEEN = "never_seen"  # within the surface's boundary, but in no photograph


ORDER = tuple(Sight)
OF_REASON = {reason: Sight(reason.value) for reason in Reason}


def sights(
    *,
    corners_m: Corners,
    tile_px: int,
    visible_widths: bytes | None,
    unscored: Sequence[Mapping[str, Any]],
    flags: Sequence[str],
    target_width_mm: float | None,
) -> npt.NDArray[np.intp]:
    """For each tile the place of its sight in ORDER (n,).

    `corners_m` (n, 4, 2) are on the chart. Seen obliquely, a pixel is as wide as its longer side: a crack may run
    across that.
    """
    count = len(corners_m)
    if target_width_mm is None or visible_widths is None:
        found = np.full(count, ORDER.index(Sight.NOT_KNOWN))
    else:
        sides_m = np.linalg.norm(corners_m - np.roll(corners_m, 1, axis=1), axis=2)
        mm_per_px = 1000 * sides_m.max(axis=1) / tile_px
        width_mm = px_from_bytes(np.frombuffer(visible_widths, np.uint8)) * mm_per_px
        found = np.select(
            [np.isnan(width_mm), width_mm <= target_width_mm, mm_per_px > target_width_mm],
            [ORDER.index(Sight.NOT_KNOWN), ORDER.index(Sight.SHOWN), ORDER.index(Sight.TOO_FAR)],
            ORDER.index(Sight.BLURRED),
        )
    if Flag.OUT_OF_RANGE in flags:
        found[:] = ORDER.index(Sight.OUT_OF_RANGE)
    for group in unscored:
        found[list(group["tiles"])] = ORDER.index(OF_REASON[Reason(group["reason"])])
    return found
