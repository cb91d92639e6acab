"""How narrow a crack a tile would show, as one byte: sixteenths of a pixel of its frame.

byte 0        not known
byte 1..254   the narrowest crack that would be seen is byte / 16 px wide
byte 255      none narrower than 15.9 px would be seen
"""

import numpy as np
import numpy.typing as npt

UNKNOWN = 0
STEPS_PER_PX = 16


def bytes_from_px(widths_px: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Widths in px of any shape, NaN where not known → bytes, rounded up: never finer than it is."""
    values = np.asarray(widths_px, np.float64)
    steps = np.clip(np.ceil(np.nan_to_num(values, nan=0.0) * STEPS_PER_PX), 1, 255)
    return np.asarray(np.where(np.isnan(values), UNKNOWN, steps), np.uint8)


def px_from_bytes(widths: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Bytes → widths in px; NaN where not known, infinite where nothing narrow would be seen."""
    found = widths.astype(np.float64) / STEPS_PER_PX
    found[widths == UNKNOWN] = np.nan
    found[widths == 255] = np.inf
    return found
