"""Random curves and surfaces that everything drawn is made of, and small filters on planes [h, w]."""

import cv2
import numpy as np
import numpy.typing as npt

from crackmap_models.data.tiles import Pixels

Plane = npt.NDArray[np.float32]
Points = npt.NDArray[np.float32]


def curves(lines: int, count: int, knots: int, rng: np.random.Generator, octaves: int = 3) -> Plane:
    """Piecewise linear noise [lines, count] of about unit deviation: `knots` random values, twice as many of half …"""
    total = np.zeros((lines, count), np.float32)
    for octave in range(octaves):
        values = rng.standard_normal((lines, max(2, knots) << octave), np.float32) / np.float32(1 << octave)
        total += plane(cv2.resize(values, (count, lines)))
    return total


def cloud(height: int, width: int, knots: int, rng: np.random.Generator) -> Plane:
    """A smooth surface [height, width] of about unit deviation with some `knots` bumps from side to side."""
    knots = max(2, knots)
    grid = rng.standard_normal((knots, knots), np.float32)
    smooth = cv2.resize(grid, (4 * knots, 4 * knots), interpolation=cv2.INTER_CUBIC)
    return plane(cv2.resize(smooth, (width, height)))  # from there on linear is as good, and eight times as fast


def bumps(height: int, width: int, across_px: float, rng: np.random.Generator) -> Plane:
    """A surface [height, width] of about unit deviation with bumps `across_px` apart, as wide as high, with creases.

    Unlike a cloud it looks the same in a narrow strip as on a whole tile.
    """
    step = max(1.0, across_px)
    angle = rng.uniform(0, np.pi / 2)
    right, down = np.cos(angle) / step, np.sin(angle) / step
    rows, columns = int(width * down + height * right) + 3, int(width * right + height * down) + 3
    grid = np.float32(1.5) * rng.standard_normal((rows, columns), np.float32)
    move = np.array([[right, down, rng.uniform(0, 1)], [-down, right, width * down + rng.uniform(0, 1)]])
    return plane(cv2.warpAffine(grid, move, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP))


def blurred(image: Plane, sigma_px: float) -> Plane:
    """Gaussian blur; below 0.2 px nothing happens, wide ones are done on a smaller plane."""
    if sigma_px < 0.2:
        return image
    coarser = int(min(sigma_px / 1.5, min(image.shape) / 8))
    if coarser < 2:
        return plane(cv2.GaussianBlur(image, (0, 0), sigma_px))
    height, width = image.shape
    small = cv2.resize(image, (-(-width // coarser), -(-height // coarser)), interpolation=cv2.INTER_AREA)
    return plane(cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma_px / coarser), (width, height)))


def shifted(image: Plane, right_px: float, down_px: float) -> Plane:
    """The plane moved by a fraction of pixels; what comes in over the border is the border's value."""
    height, width = image.shape
    move = np.array([[1, 0, right_px], [0, 1, down_px]], np.float32)
    return plane(cv2.warpAffine(image, move, (width, height), borderMode=cv2.BORDER_REPLICATE))


def grey_of(pixels: Pixels) -> Plane:
    """RGB [h, w, 3] → luma [h, w], 0..255."""
    return plane(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))


def brightness(pixels: Pixels) -> float:
    """The mean of all channels, 0..255."""
    return float(np.mean(cv2.mean(pixels)[:3]))


def log_uniform(low: float, high: float, rng: np.random.Generator) -> float:
    """A value between low and high, each factor as likely as any other."""
    return float(low * (high / low) ** rng.random())


def plane(image: cv2.typing.MatLike) -> Plane:
    """As float32."""
    return np.asarray(image, np.float32)
