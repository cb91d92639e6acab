"""Six tiles that are drawn the same on every machine, byte for byte, so that a model's scores of them can be promised.

They hold what a classifier meets: smooth and rough concrete, a hairline, a wide crack, black and burned out. Only
integers and SHAKE-256 (FIPS 202) are used: no library's generator, decoder or rounding is in them.
"""

import hashlib

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.int64]

LEVELS = (170, 150, 170, 160, 4, 250)
ROUGHNESS = (10, 70, 16, 24, 4, 10)
CRACK_WIDTHS_PX = (0, 0, 2, 9, 0, 0)
COUNT = len(LEVELS)
PATCH_PX = 16
TURN_PX = 24


def drawn_tiles(tile_px: int) -> npt.NDArray[np.uint8]:
    """(6, tile_px, tile_px, 3) RGB."""
    return np.stack([_tile(number, tile_px) for number in range(COUNT)])


def _tile(number: int, tile_px: int) -> npt.NDArray[np.uint8]:
    fine = _noise(f"fine {number}", tile_px)
    fine = (fine + np.roll(fine, 1, 0) + np.roll(fine, 1, 1) + np.roll(fine, (1, 1), (0, 1))) // 4
    patches = -(-tile_px // PATCH_PX)
    coarse = np.kron(_noise(f"coarse {number}", patches), np.ones((PATCH_PX, PATCH_PX), np.int64))[:tile_px, :tile_px]
    grey = LEVELS[number] + (fine * ROUGHNESS[number]) // 128 + (coarse * ROUGHNESS[number]) // 512
    if CRACK_WIDTHS_PX[number]:
        rows, columns = np.mgrid[:tile_px, :tile_px]
        # A zigzag from top to bottom, around the middle.
        middle = tile_px // 2 + abs(rows % (2 * TURN_PX) - TURN_PX) - TURN_PX // 2
        grey = np.where(2 * abs(columns - middle) <= CRACK_WIDTHS_PX[number], grey * 3 // 8, grey)
    tints = np.array([2, 0, -4])
    return np.asarray(np.clip(grey[:, :, None] + tints, 0, 255), np.uint8)


def _noise(name: str, side: int) -> Plane:
    """(side, side) numbers from −128 to 127, each as likely."""
    content = hashlib.shake_256(f"crackmap drawn tile, {name}".encode()).digest(side * side)
    return np.frombuffer(content, np.uint8).astype(np.int64).reshape(side, side) - 128
