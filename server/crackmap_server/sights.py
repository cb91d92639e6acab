"""What a crack of the target width would have met in each tile: it would have been seen, or why not. Pure."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from crackmap.messages import Flag, Reason
from crackmap.pixel_sizes import pixel_sizes
from crackmap.visible_widths import px_from_bytes

Corners = npt.NDArray[np.float64]


class Sight(StrEnum):
    """Best first: where several frames show one place, the first of these holds there."""

    SHOWN = "shown"  # a crack of the target width would have been seen
    NOT_KNOWN = "not_known"  # no target width was set, or nothing tells how narrow a crack would be seen
    TOO_OBLIQUE = "too_oblique"  # seen squarely from there it would have shown
    BLURRED = "blurred"  # blur or rough texture would have hidden it
    TOO_FAR = "too_far"  # it is narrower than a pixel there, even across the tilt
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

    `corners_m` (n, 4, 2) are on the chart. Seen obliquely, a pixel is as wide as it is long along the tilt: a crack may
    run across that.
    """
    count = len(corners_m)
    if target_width_mm is None or visible_widths is None:
        found = np.full(count, ORDER.index(Sight.NOT_KNOWN))
    else:
        sizes = pixel_sizes(corners_m, tile_px)
        seen_mm, square_mm = sizes.narrowest_mm(px_from_bytes(np.frombuffer(visible_widths, np.uint8)))
        cases = {
            Sight.NOT_KNOWN: np.isnan(seen_mm),
            Sight.SHOWN: seen_mm <= target_width_mm,
            Sight.TOO_OBLIQUE: square_mm <= target_width_mm,
            Sight.TOO_FAR: sizes.across_mm > target_width_mm,
        }
        found = np.select(list(cases.values()), [ORDER.index(sight) for sight in cases], ORDER.index(Sight.BLURRED))
    if Flag.OUT_OF_RANGE in flags:
        found[:] = ORDER.index(Sight.OUT_OF_RANGE)
    for group in unscored:
        found[list(group["tiles"])] = ORDER.index(OF_REASON[Reason(group["reason"])])
    return found
