"""What a network costs: its parameters, and the multiplications of one tile."""

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Cost:
    """Parameters (all that the file holds) and multiply-accumulates (MACs) of convolutions and dense layers."""

    parameters: int
    macs: int


def cost(model: Any) -> Cost:
    """Of a keras.Model with a fixed input size.

    A convolution multiplies each kernel weight once for every output position (a depthwise one likewise), a dense
    layer each weight once.
    """
    return Cost(model.count_params(), sum(_macs(layer) for layer in model.layers))


def _macs(layer: Any) -> int:
    from keras import layers  # noqa: PLC0415

    if isinstance(layer, layers.Dense):
        return int(math.prod(layer.kernel.shape))
    if isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D):
        _, height, width, _ = layer.output.shape
        return int(math.prod(layer.kernel.shape) * height * width)
    return 0
