"""Pictures inside a page, and maps laid over tiles."""

import base64
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from crackmap_models.data.tiles import Pixels

QUALITY = 76
HEAT = cv2.COLORMAP_INFERNO
FOR, AGAINST = (196, 30, 20), (20, 80, 200)
STRONGEST = 0.62  # how much of a tile the strongest colour covers: the crack under it stays visible
SIGNED_FROM = 0.3  # the part of the scale from which a cell also carries a sign, for print and colour blindness


@dataclass(frozen=True, slots=True)
class Picture:
    """An image file's bytes as a data URI, its size, and what it shows for those who do not see it."""

    uri: str
    width_px: int
    height_px: int
    alt: str


def jpeg(pixels: Pixels, alt: str) -> Picture:
    """RGB [h, w, 3] as a JPEG."""
    options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    _, content = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)
    return Picture(_uri("jpeg", content.tobytes()), pixels.shape[1], pixels.shape[0], alt)


def png(path: Path, alt: str) -> Picture:
    """A PNG file as it is."""
    content = path.read_bytes()
    width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))  # of the IHDR chunk
    return Picture(_uri("png", content), width, height, alt)


def with_heat(tile: Pixels, heat: npt.NDArray[np.float64]) -> Pixels:
    """`heat` [h, w] ≥ 0 over a tile in grey, smoothly enlarged; its own highest value is brightest."""
    height, width = tile.shape[:2]
    smooth = cv2.resize(heat / (heat.max() or 1.0), (width, height), interpolation=cv2.INTER_LINEAR)
    levels = np.round(np.clip(smooth, 0, 1) * 255).astype(np.uint8)
    colours = cv2.cvtColor(cv2.applyColorMap(levels, HEAT), cv2.COLOR_BGR2RGB)
    return _blend(_grey(tile), colours, STRONGEST * np.clip(smooth, 0, 1))


def with_evidence(tile: Pixels, added: npt.NDArray[np.float64], scale: float) -> Pixels:
    """`added` [h, w] over a tile in grey, a cell for each position: red speaks for a crack, blue against.

    `scale` is the value of the strongest colour; strong cells carry + or −.
    """
    height, width = tile.shape[:2]
    share = np.clip(added / scale, -1, 1)
    cells = np.asarray(cv2.resize(share, (width, height), interpolation=cv2.INTER_NEAREST), np.float64)
    colours = np.where(cells[..., None] > 0, FOR, AGAINST).astype(np.uint8)
    drawn = _blend(_grey(tile), colours, STRONGEST * np.abs(cells))
    cell_height, cell_width = height / added.shape[0], width / added.shape[1]
    arm_px = max(2, round(min(cell_height, cell_width) / 6))
    for row, column in np.argwhere(np.abs(share) >= SIGNED_FROM):
        x, y = round((column + 0.5) * cell_width), round((row + 0.5) * cell_height)
        cv2.line(drawn, (x - arm_px, y), (x + arm_px, y), (255, 255, 255), 2)
        if share[row, column] > 0:
            cv2.line(drawn, (x, y - arm_px), (x, y + arm_px), (255, 255, 255), 2)
    return drawn


def _grey(tile: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(cv2.cvtColor(tile, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)


def _blend(under: Pixels, over: npt.ArrayLike, share: npt.ArrayLike) -> Pixels:
    """`share` [h, w] of `over`, the rest of `under`."""
    part = np.asarray(share, np.float64)[..., None]
    return np.round(under * (1 - part) + np.asarray(over) * part).astype(np.uint8)


def _uri(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
