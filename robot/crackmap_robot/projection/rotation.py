"""A quaternion as a matrix."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def rotation(orientation_xyzw: tuple[float, float, float, float]) -> FloatArray:
    """(3, 3) matrix that turns vectors of the optical frame into the body frame."""
    x, y, z, w = orientation_xyzw
    n = x * x + y * y + z * z + w * w
    s = 2 / n
    return np.array(
        [
            [1 - s * (y * y + z * z), s * (x * y - z * w), s * (x * z + y * w)],
            [s * (x * y + z * w), 1 - s * (x * x + z * z), s * (y * z - x * w)],
            [s * (x * z - y * w), s * (y * z + x * w), 1 - s * (x * x + y * y)],
        ]
    )
