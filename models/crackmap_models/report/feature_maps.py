"""The maps inside a network: what each convolution answers to a tile, and the map that Grad-CAM explains."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from crackmap_models.data.tiles import Pixels

COARSEST_PX = 20
Maps = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Responses:
    """What one convolution answers to n tiles: maps [n, height, width, channels], with its activation if it has one.

    `about` says what it is, as "depthwise 3 × 3, stride 2".
    """

    layer: str
    about: str
    maps: Maps


def as_input(tiles: Sequence[Pixels]) -> npt.NDArray[np.float32]:
    """RGB [h, w, 3] each, all of the network's size → [n, h, w, 3], as a network takes them."""
    return np.stack(tiles).astype(np.float32)


def convolutions(model: Any) -> list[Any]:
    """The convolution layers of a keras.Model, in the order in which they work."""
    from keras import layers  # noqa: PLC0415 - a second's import, for those who have a network

    return [layer for layer in model.layers if isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D)]


def responses(model: Any, tiles: Sequence[Pixels]) -> list[Responses]:
    """The answer of every convolution of `model` to `tiles` (of its size)."""
    import keras  # noqa: PLC0415

    found = convolutions(model)
    maps = keras.Model(model.input, [layer.output for layer in found])(as_input(tiles), training=False)
    return [Responses(layer.name, _about(layer), one.numpy()) for layer, one in zip(found, maps, strict=True)]


def explained_map(model: Any) -> Any:
    """The layer whose map Grad-CAM explains: the last one whose positions are at most COARSEST_PX apart.

    In the plain networks that is the last convolution's. In ours it is the last before the last halving: on the very
    last map one weight for each channel would have to stand for its average and its maximum, which our network weighs
    with opposite signs, and Grad-CAM came out empty there for plain cracks. `model` has a fixed input size.
    """
    convolved = convolutions(model)
    fine = [
        layer.output.shape[1:3] for layer in convolved if COARSEST_PX * layer.output.shape[1] >= model.input.shape[1]
    ]
    kept = [layer for layer in model.layers if len(layer.output.shape) == 4 and layer.output.shape[1:3] == fine[-1]]
    return kept[-1]


def _about(layer: Any) -> str:
    from keras import layers  # noqa: PLC0415

    height, width = layer.kernel_size
    stride = f", stride {layer.strides[0]}" if layer.strides[0] > 1 else ""
    if isinstance(layer, layers.DepthwiseConv2D):
        return f"depthwise {height} × {width}{stride}"
    return ("pointwise" if height == width == 1 else f"{height} × {width}") + stride
