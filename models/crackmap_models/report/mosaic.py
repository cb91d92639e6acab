"""All channels of a layer in one picture."""

import math

import cv2
import numpy as np
import numpy.typing as npt

from crackmap_models.data.tiles import Pixels
from crackmap_models.report.feature_maps import Maps

WIDTH_PX = 440
GAP_PX = 2
# Cividis (Nuñez, Anderton, Renslow, PLOS ONE 13, 2018) looks the same to people with colour blindness, and in print.
COLOURS = cv2.COLORMAP_CIVIDIS
GAP_GREY, SILENT_GREY = 255, 208
Range = npt.NDArray[np.float32]


def ranges(maps: Maps) -> tuple[Range, Range]:
    """The lowest and highest answer [channels] in maps [n, h, w, channels], without the outermost half percent.

    Over all n tiles together, so that a channel's colours mean the same on each of them.
    """
    low, high = np.percentile(maps, (0.5, 99.5), axis=(0, 1, 2)).astype(np.float32)
    flat = high <= low
    return np.where(flat, maps.min(axis=(0, 1, 2)), low), np.where(flat, maps.max(axis=(0, 1, 2)), high)


def cell_px(height: int, width: int, channels: int) -> tuple[int, int]:
    """Height and width that one map is drawn with: whole multiples of its size, or smaller when the layer is large."""
    columns = math.ceil(math.sqrt(channels))
    most = WIDTH_PX // columns - GAP_PX
    if width <= most:
        return height * (most // width), width * (most // width)
    return max(1, round(height * most / width)), max(1, most)


def mosaic(maps: Maps, low: Range, high: Range) -> Pixels:
    """One tile's maps [h, w, channels] side by side in rows, in the order of the channels → RGB.

    `low` [channels] is the darkest colour and `high` [channels] the brightest; a channel without any range is grey.
    """
    height, width = cell_px(*maps.shape)
    channels = maps.shape[2]
    columns = math.ceil(math.sqrt(channels))
    rows = math.ceil(channels / columns)
    sheet = np.full((rows * (height + GAP_PX) - GAP_PX, columns * (width + GAP_PX) - GAP_PX, 3), GAP_GREY, np.uint8)
    for channel in range(channels):
        top, left = (channel // columns) * (height + GAP_PX), (channel % columns) * (width + GAP_PX)
        cell = sheet[top : top + height, left : left + width]
        span = high[channel] - low[channel]
        cell[:] = _drawn((maps[..., channel] - low[channel]) / span, height, width) if span > 0 else SILENT_GREY
    return sheet


def _drawn(values: Maps, height: int, width: int) -> Pixels:
    """Values [h, w], 0 dark and 1 bright → RGB [height, width, 3]."""
    larger = height >= values.shape[0]
    sized = cv2.resize(values, (width, height), interpolation=cv2.INTER_NEAREST if larger else cv2.INTER_AREA)
    grey = np.round(np.clip(sized, 0, 1) * 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(grey, COLOURS), cv2.COLOR_BGR2RGB), np.uint8)
