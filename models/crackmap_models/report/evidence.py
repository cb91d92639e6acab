"""What each position of the last feature map adds to the logit: exact for a network that pools it and adds up.

With F[p, c] the last feature map over P positions, our network's logit is

    b + Σ_c a[c] · mean_p F[p, c] + Σ_c m[c] · max_p F[p, c]

so position p adds Σ_c a[c] F[p, c] / P through the average, and through the maximum m[c] F[p, c] for every channel c
whose maximum it holds (shared equally where several positions hold it). Over all positions this sums to logit − b:
nothing is approximated, unlike Grad-CAM. A position stands for its receptive field, which is wider than its cell.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from crackmap_models.data.tiles import Pixels
from crackmap_models.report.feature_maps import as_input

PerPosition = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What each position adds to the logits of n tiles through either pooling [n, height, width], and the bias."""

    average: PerPosition
    maximum: PerPosition
    bias: float

    @property
    def total(self) -> PerPosition:
        """What each position adds [n, height, width]; above 0 speaks for a crack. Sums to logit − bias."""
        return self.average + self.maximum


def evidence(model: Any, tiles: Sequence[Pixels]) -> Evidence | None:
    """The evidence of `tiles` (of the model's size), or None when `model` does not end in pooling and one sum."""
    import keras  # noqa: PLC0415 - seconds, for those who have a network
    from keras import layers  # noqa: PLC0415

    head = _head(model)
    if head is None:
        return None
    pools, dense = head
    features = keras.Model(model.input, pools[0].input)(as_input(tiles), training=False).numpy().astype(np.float64)
    weights = np.split(dense.kernel.numpy().astype(np.float64)[:, 0], len(pools))
    average = maximum = np.zeros(features.shape[:3])
    for pool, weight in zip(pools, weights, strict=True):
        if isinstance(pool, layers.GlobalAveragePooling2D):
            average = average + features @ weight / np.prod(features.shape[1:3])
        else:
            holds = features == features.max(axis=(1, 2), keepdims=True)
            shares = features * holds / holds.sum(axis=(1, 2), keepdims=True)
            maximum = maximum + shares @ weight
    return Evidence(average, maximum, float(dense.bias.numpy()[0]))


def _head(model: Any) -> tuple[list[Any], Any] | None:
    """The poolings of one feature map and the sum (Dense) over them, when that is how `model` ends."""
    from keras import layers  # noqa: PLC0415

    maker = {id(layer.output): layer for layer in model.layers}
    dense = maker[id(model.output)]
    if not isinstance(dense, layers.Dense) or dense.units != 1 or dense.activation.__name__ != "linear":
        return None
    joined = maker[id(dense.input)]
    while isinstance(joined, layers.Dropout):
        joined = maker[id(joined.input)]
    pools = [maker[id(one)] for one in joined.input] if isinstance(joined, layers.Concatenate) else [joined]
    pooling = layers.GlobalAveragePooling2D | layers.GlobalMaxPooling2D
    one_map = len({id(pool.input) for pool in pools}) == 1
    return (pools, dense) if one_map and all(isinstance(pool, pooling) for pool in pools) else None
