"""Evening out the channels between a depthwise and a pointwise convolution, before int8.

int8 has one scale for all channels of an activation, so a channel that stays small is left with a few steps. Nothing
but a linear layer follows our depthwise convolutions: multiplying channel c there and dividing the pointwise weights
that read it by the same number changes no answer. The number is the square root of how much larger the largest
channel is, which shares the burden between activation and weights (Nagel et al. 2019, "Data-Free Quantization
Through Weight Equalization and Bias Correction", with measured ranges in place of assumed ones).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from crackmap_models.data.tiles import Pixels

BATCH = 50


def equalised(model: Any, representative: Sequence[Pixels]) -> Any:
    """A keras.Model with the same answers as `model`, ready for int8; `representative` tiles show the ranges.

    A network without depthwise convolutions that a pointwise one alone follows comes back as it is.
    """
    import keras  # noqa: PLC0415

    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    pairs = [
        (layer, following[0])
        for layer in copy.layers
        if isinstance(layer, keras.layers.DepthwiseConv2D)
        and len(following := [node.operation for node in layer._outbound_nodes]) == 1  # noqa: SLF001 - no public way
        and _is_pointwise(following[0])
        and layer.activation is keras.activations.linear
    ]
    if not pairs:
        return model
    probe = keras.Model(copy.input, [depthwise.output for depthwise, _ in pairs])
    for (depthwise, pointwise), largest in zip(pairs, _largest(probe, representative), strict=True):
        factor = np.sqrt(largest.max() / np.maximum(largest, largest.max() * 1e-4))
        first, *bias = depthwise.get_weights()
        depthwise.set_weights([first * factor[:, None], *[values * factor for values in bias]])
        second, *rest = pointwise.get_weights()
        pointwise.set_weights([second / factor[:, None], *rest])
    return copy


def _is_pointwise(layer: Any) -> bool:
    return getattr(layer, "kernel_size", None) == (1, 1) and type(layer).__name__ == "Conv2D"


def _largest(probe: Any, tiles: Sequence[Pixels]) -> list[Any]:
    """For each output of `probe`, the largest magnitude of each channel over `tiles`."""
    found: list[list[Any]] = []
    for start in range(0, len(tiles), BATCH):
        answers = probe.predict_on_batch(np.stack(tiles[start : start + BATCH]).astype(np.float32))
        answers = answers if isinstance(answers, list) else [answers]
        found.append([np.abs(answer).max(axis=(0, 1, 2)) for answer in answers])
    return [np.maximum.reduce(ranges) for ranges in zip(*found, strict=True)]
