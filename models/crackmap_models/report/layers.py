"""What every convolution makes of a cracked tile and of one without a crack, side by side."""

from dataclasses import dataclass
from typing import Any

from crackmap_models.data.tiles import Pixels
from crackmap_models.report.feature_maps import responses
from crackmap_models.report.mosaic import mosaic, ranges
from crackmap_models.report.pictures import Picture, jpeg


@dataclass(frozen=True, slots=True)
class Layer:
    """One convolution: its name and kind, the size of its map, and all channels as one picture for either tile.

    `silent` channels answer the same everywhere on both tiles.
    """

    name: str
    about: str
    height: int
    width: int
    channels: int
    silent: int
    crack: Picture
    no_crack: Picture


def layers(model: Any, crack: Pixels, no_crack: Pixels) -> list[Layer]:
    """Every convolution of `model`, for two tiles of its size."""
    found = []
    for one in responses(model, [crack, no_crack]):
        low, high = ranges(one.maps)
        _, height, width, channels = one.maps.shape
        pictures = [
            jpeg(mosaic(maps, low, high), f"{channels} maps of {one.layer} for the tile {which} a crack")
            for maps, which in zip(one.maps, ("with", "without"), strict=True)
        ]
        silent = int((high <= low).sum())
        found.append(Layer(one.layer, one.about, height, width, channels, silent, pictures[0], pictures[1]))
    return found
