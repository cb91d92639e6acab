"""Positions on a chart: cells of a grid for finding them, local frames of unplaced photographs, sizes of errors."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

CELL_M = 2.0
_COLUMNS = 2**24  # cells side by side; beyond ±16,000 km positions share the outermost cell
_MIDDLE = _COLUMNS // 2
MOST_CELLS = 4096  # that are worth asking for one by one


@dataclass(frozen=True)
class Box:
    """A closed rectangle on a chart, in metres."""

    low_u_m: float
    low_v_m: float
    high_u_m: float
    high_v_m: float

    def holds(self, points_m: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Which of the (n, 2) points lie in it."""
        u, v = points_m[:, 0], points_m[:, 1]
        return np.asarray((u >= self.low_u_m) & (u <= self.high_u_m) & (v >= self.low_v_m) & (v <= self.high_v_m))

    def cells(self) -> list[int] | None:
        """Cells that cover the box; None when they are too many to be asked for one by one."""
        return cells_over(np.array([[self.low_u_m, self.low_v_m]]), np.array([[self.high_u_m, self.high_v_m]]))


def cells(points_m: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """The grid cell of each of the (n, 2) points, as one integer: row × 2²⁴ + column."""
    steps = _steps(points_m)
    return np.asarray(steps[:, 1] * _COLUMNS + steps[:, 0])


def cells_over(low_m: npt.NDArray[np.float64], high_m: npt.NDArray[np.float64]) -> list[int] | None:
    """Cells that cover closed rectangles, (n, 2) corners each; None when they are too many to be asked for."""
    spans = np.unique(np.concatenate([_steps(low_m), _steps(high_m)], axis=1), axis=0)
    if (spans[:, 2:] - spans[:, :2] + 1).prod(axis=1).sum() > MOST_CELLS:
        return None
    found = {
        row * _COLUMNS + column
        for left, bottom, right, top in spans.tolist()
        for row in range(bottom, top + 1)
        for column in range(left, right + 1)
    }
    return sorted(found)


def _steps(points_m: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    steps = np.clip(np.floor(points_m / CELL_M), -_MIDDLE, _MIDDLE - 1)
    return np.asarray(steps, np.int64) + _MIDDLE


def local_corners_m(
    origins_px: npt.NDArray[np.int64], tile_px: int, height_px: int, mm_per_px: float
) -> npt.NDArray[np.float64]:
    """Corners of tiles in the picture's own frame, (n, 4, 2): u right, v up, metres, origin bottom left of the picture.

    `origins_px` are the tiles' first pixels (x, y), shape (n, 2). Pixel 0 reaches from −0.5 to 0.5 px, so that the
    picture's left edge is u = 0 and its lower edge v = 0. Order: top left, top right, bottom right, bottom left.
    """
    left = origins_px[:, 0].astype(np.float64)
    top = height_px - origins_px[:, 1].astype(np.float64)
    right, bottom = left + tile_px, top - tile_px
    corners = np.stack([left, top, right, top, right, bottom, left, bottom], axis=-1).reshape(-1, 4, 2)
    return np.asarray(corners * (mm_per_px / 1000.0))


def sigma_m(uu: float, uv: float, vv: float) -> float:
    """Root of the larger eigenvalue of the covariance [[uu, uv], [uv, vv]] in m²."""
    middle, spread = (uu + vv) / 2, ((uu - vv) ** 2 / 4 + uv**2) ** 0.5
    return float((middle + spread) ** 0.5)


def unpacked_m(offsets: bytes, origin_m: tuple[float, float]) -> npt.NDArray[np.float64]:
    """Packed float32 offsets of points from an origin → (n, 2) chart coordinates, as `TileGeometry` has them."""
    return np.frombuffer(offsets, "<f4").reshape(-1, 2).astype(np.float64) + origin_m
