"""Evened-out channels: no answer changes, and the channels are closer to each other than before."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: make test-models")
from crackmap_models.conversion.equalise import equalised


@pytest.fixture(scope="module")
def uneven() -> Any:
    """A depthwise convolution whose channels differ a thousandfold, and one that nobody may scale: ReLU follows."""
    import keras

    keras.utils.set_random_seed(1)
    pixels = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(8, 1)(pixels)
    x = keras.layers.DepthwiseConv2D(3, name="uneven")(x)
    x = keras.layers.Conv2D(8, 1)(x)
    x = keras.layers.DepthwiseConv2D(3, activation="relu", name="bent")(x)
    x = keras.layers.Conv2D(4, 1)(x)
    model = keras.Model(pixels, keras.layers.Dense(1)(keras.layers.GlobalMaxPooling2D()(x)))
    layer = model.get_layer("uneven")
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel * np.logspace(-2, 1, 8)[:, None], bias + 1.0])
    return model


def ranges(model: Any, tiles: list[np.ndarray]) -> np.ndarray:
    import keras

    probe = keras.Model(model.input, model.get_layer("uneven").output)
    return np.abs(probe.predict_on_batch(np.stack(tiles).astype(np.float32))).max(axis=(0, 1, 2))


def test_answers_stay_and_channels_come_closer(uneven: Any) -> None:
    rng = np.random.default_rng(0)
    tiles = list(rng.integers(0, 256, (60, 16, 16, 3)).astype(np.uint8))
    before = [weight.copy() for weight in uneven.get_weights()]
    even = equalised(uneven, tiles)
    pixels = np.stack(tiles).astype(np.float32)
    assert np.allclose(even.predict_on_batch(pixels), uneven.predict_on_batch(pixels), rtol=1e-3, atol=1e-2)
    wide, narrow = ranges(uneven, tiles), ranges(even, tiles)
    assert np.isclose(np.ptp(np.log(narrow)), np.ptp(np.log(wide)) / 2, rtol=0.01)
    assert all(np.array_equal(a, b) for a, b in zip(before, uneven.get_weights(), strict=True))
    assert np.array_equal(even.get_layer("bent").get_weights()[0], uneven.get_layer("bent").get_weights()[0])


def test_without_such_layers_nothing_is_done() -> None:
    import keras

    pixels = keras.Input((8, 8, 3))
    model = keras.Model(pixels, keras.layers.GlobalMaxPooling2D()(keras.layers.Conv2D(1, 3)(pixels)))
    assert equalised(model, [np.zeros((8, 8, 3), np.uint8)]) is model
