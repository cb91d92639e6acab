"""Grad-CAM: which part of a tile a late feature map answered to, weighted by what raises the logit.

Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra, "Grad-CAM: Visual explanations from deep networks via
gradient-based localization", ICCV 2017, equations 1 and 2. It works for every network with a convolution and is an
approximation: one weight for each channel stands for all positions, and what speaks against a crack is cut off.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from crackmap_models.data.tiles import Pixels
from crackmap_models.report.feature_maps import as_input, explained_map

BATCH = 16  # a tape keeps every map of every tile


def grad_cam(model: Any, tiles: Sequence[Pixels]) -> npt.NDArray[np.float64]:
    """Grad-CAM of "crack" for `tiles` (of the model's size) → [n, height, width] of its explained map, ≥ 0.

    With A[p, c] that map, y the logit and P the number of positions: α[c] = Σ_p ∂y/∂A[p, c] / P, and the
    map is max(0, Σ_c α[c] A[p, c]).
    """
    import keras  # noqa: PLC0415 - seconds, for those who have a network

    both = keras.Model(model.input, [explained_map(model).output, model.output])
    batches = [tiles[start : start + BATCH] for start in range(0, len(tiles), BATCH)]
    return np.concatenate([_of_batch(both, batch) for batch in batches])


def _of_batch(both: Any, tiles: Sequence[Pixels]) -> npt.NDArray[np.float64]:
    """`both` gives the explained map and the logits."""
    import tensorflow as tf  # noqa: PLC0415 - seconds, for those who have a network

    pixels = tf.constant(as_input(tiles))
    with tf.GradientTape() as tape:
        tape.watch(pixels)  # so that the map is recorded, whether or not weights are trainable
        features, logits = both(pixels, training=False)
    slopes = tape.gradient(logits, features).numpy().astype(np.float64)
    alphas = slopes.mean(axis=(1, 2))
    weighted = np.einsum("nc,nhwc->nhw", alphas, features.numpy().astype(np.float64))
    return np.asarray(np.maximum(0.0, weighted), np.float64)
