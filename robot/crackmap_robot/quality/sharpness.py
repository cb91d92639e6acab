"""How blurred a frame is, and how rough its surface, from the frame itself. Pure.

Both are measured on patches of the frame that lie in the middles of some of its tiles: blur comes from lens, focus and
movement and changes little from tile to tile.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from crackmap.tile_grid import TileGrid

FloatArray = npt.NDArray[np.float64]
Plane = npt.NDArray[np.float32]

PATCH_PX = 96
MOST_PATCHES = 4
"""Along each side of the frame."""
FINE_PX, COARSE_PX = 1.0, 2.0
"""Sigmas of the two Gaussians whose gradients are compared."""
WINDOW_PX, EVERY_PX = 11, 3
"""Over which the energy is averaged, and how far from one window to the next."""
MARGIN_PX = 12
"""Of a patch, not looked at: there the neighbours in the stack reach."""
STRONGEST, SHARPEST = 0.75, 0.9
"""Quantiles: windows with the most gradient, and of these the sharpest."""
OVER_NOISE = 4.0
LEAST_NOISE = 0.3
"""Grey levels: 8 bits alone make 0.29."""
LEAST_SHARE = 0.02
MOST_BLUR_PX = 8.0
TEXTURE_PX = (0.8, 2.0)
"""Between these two Gaussians lies the texture that a hairline is lost in."""


@dataclass(frozen=True)
class Sharpness:
    """For each tile of a frame; NaN where the patch has nothing to tell by, as a smooth painted wall.

    blur_px  (n,) sigma of the Gaussian blur that the fine detail of the surface went through
    texture  (n,) deviation of the surface's fine texture, as a share of its brightness
    """

    blur_px: FloatArray
    texture: FloatArray


def sharpness(pixels: npt.NDArray[np.uint8], grid: TileGrid) -> Sharpness:
    """Of a frame (h, w, 3).

    Blur: for white texture under a Gaussian of sigma s, the energies of the gradient after two more Gaussians a and b
    have the ratio R = ((s² + b²) / (s² + a²))², so s² = (b² − a² √R) / (√R − 1). Where the surface is coarser than
    white, as all are, the estimate is high; the sharpest windows are the nearest to white. The noise of the sensor is
    taken off both energies (Immerkær, Fast noise variance estimation, 1996, by the median). On photographs of concrete
    with a known blur of 1.5 to 4 px added it is right to 0.5 px (decision 17).
    """
    rows, columns = _spread(grid.rows), _spread(grid.columns)
    side = min(PATCH_PX, grid.tile_px)
    patches = np.concatenate([_patch(pixels, grid, row, column, side) for row in rows for column in columns])
    shape = len(rows), len(columns)
    blur_px = _smoothed(_blurs(patches, side).reshape(shape))
    texture = _textures(patches, side).reshape(shape)
    nearest = np.ix_(_nearest(grid.rows, rows), _nearest(grid.columns, columns))
    return Sharpness(blur_px[nearest].ravel(), texture[nearest].ravel())


def _spread(count: int) -> npt.NDArray[np.int64]:
    """Some of `count` rows or columns, evenly."""
    return np.unique(np.linspace(0, count - 1, min(count, MOST_PATCHES)).round().astype(np.int64))


def _nearest(count: int, chosen: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    return np.asarray(np.abs(np.arange(count)[:, None] - chosen).argmin(axis=1))


def _patch(pixels: npt.NDArray[np.uint8], grid: TileGrid, row: int, column: int, side: int) -> Plane:
    x, y = grid.origin_px(row * grid.columns + column)
    left, top = x + (grid.tile_px - side) // 2, y + (grid.tile_px - side) // 2
    grey = cv2.cvtColor(pixels[top : top + side, left : left + side], cv2.COLOR_RGB2GRAY)
    return np.asarray(grey, np.float32)


def _blurs(patches: Plane, side: int) -> FloatArray:
    """Sigma of each patch's blur (n,); `patches` (n × side, side) are stacked."""
    noise = np.maximum(_noises(patches, side), LEAST_NOISE)[:, None].astype(np.float32)
    fine = _inner(_energy(patches, FINE_PX), side, EVERY_PX) - _noise_energy(noise, FINE_PX)
    coarse = _inner(_energy(patches, COARSE_PX), side, EVERY_PX) - _noise_energy(noise, COARSE_PX)
    telling = (fine >= np.quantile(fine, STRONGEST, axis=1, keepdims=True)) & (
        fine > OVER_NOISE * _noise_energy(noise, FINE_PX)
    )
    ratios = np.where(telling & (coarse > 0), fine / np.maximum(coarse, 1e-6), np.nan)
    known = np.isfinite(ratios).mean(axis=1) >= LEAST_SHARE
    blurs = np.full(len(ratios), np.nan)
    if known.any():
        root = np.sqrt(np.nanquantile(ratios[known], SHARPEST, axis=1))
        squares = (COARSE_PX**2 - FINE_PX**2 * root) / np.maximum(root - 1, 1e-6)
        blurs[known] = np.sqrt(np.clip(squares, 0, MOST_BLUR_PX**2))
    return blurs


def _textures(patches: Plane, side: int) -> FloatArray:
    """(n,) deviation of the texture over the brightness."""
    low, high = (cv2.GaussianBlur(patches, (0, 0), sigma) for sigma in TEXTURE_PX)
    deviation = np.maximum(_inner(np.asarray(low - high, np.float32), side).std(axis=1), LEAST_NOISE)
    return np.asarray(deviation / np.maximum(_inner(patches, side).mean(axis=1), 1.0), np.float64)


def _energy(patches: Plane, sigma_px: float) -> Plane:
    """The squared gradient after a Gaussian, mean of a window."""
    smooth = cv2.GaussianBlur(patches, (0, 0), sigma_px)
    across, down = smooth[:-1, 1:] - smooth[:-1, :-1], smooth[1:, :-1] - smooth[:-1, :-1]
    energy = np.zeros_like(patches)
    energy[:-1, :-1] = across * across + down * down
    return np.asarray(cv2.blur(energy, (WINDOW_PX, WINDOW_PX)), np.float32)


def _noise_energy(noise: Plane, sigma_px: float) -> Plane:
    """What white noise of deviation `noise` adds to the energy: 2 × 2 n² / (4 π s²) × (1 − exp(−1 / (4 s²)))."""
    square = sigma_px * sigma_px
    return np.asarray(noise**2 / (np.pi * square) * (1 - np.exp(-1 / (4 * square))), np.float32)


def _noises(patches: Plane, side: int) -> FloatArray:
    """Deviation of the white noise in each patch (n,)."""
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    found = _inner(np.asarray(np.abs(cv2.filter2D(patches, -1, kernel)), np.float32), side)
    return np.asarray(np.median(found, axis=1) / (0.6745 * 6), np.float64)


def _inner(stack: Plane, side: int, every: int = 1) -> Plane:
    """(n, pixels): each patch without its margin, every so many pixels of it."""
    margin = min(MARGIN_PX, side // 4)
    inner = stack.reshape(-1, side, stack.shape[1])[:, margin:-margin:every, margin:-margin:every]
    return np.asarray(inner.reshape(len(inner), -1), np.float32)


def _smoothed(values: FloatArray) -> FloatArray:
    """The median of each value and its neighbours in the grid; NaN where all are."""
    padded = np.pad(values, 1, constant_values=np.nan)
    rows, columns = values.shape
    around = np.stack([padded[y : y + rows, x : x + columns] for y in range(3) for x in range(3)])
    known = np.isfinite(around).any(axis=0)
    result = np.full(values.shape, np.nan)
    result[known] = np.nanmedian(around[:, known], axis=0)
    return result
