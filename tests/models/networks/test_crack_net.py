"""The network accepts any size with the same weights."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: make test-models")
from crackmap.errors import SettingError
from crackmap_models.networks.crack_net import SHIPPED, Architecture, crack_net


def test_the_shipped_network_is_compact_and_the_same_for_all_sizes() -> None:
    any_size = crack_net(SHIPPED)
    assert any_size.count_params() < 100_000
    rng = np.random.default_rng(0)
    for side in (32, 61, 227, 256):
        fixed = crack_net(SHIPPED, side)
        fixed.set_weights(any_size.get_weights())
        pixels = rng.integers(0, 256, (2, side, side, 3)).astype(np.float32)
        logits = fixed.predict_on_batch(pixels)
        assert logits.shape == (2, 1)
        np.testing.assert_allclose(logits, any_size.predict_on_batch(pixels), atol=1e-5)


def test_one_pass_over_a_larger_picture_sees_what_each_part_holds() -> None:
    """Up to the pooling, features depend on what is around them and not on where in the picture they are."""
    import keras

    net = crack_net(Architecture(4, (6, 8), (1, 1)), None)
    features = keras.Model(net.input, _before_pooling(net))
    rng = np.random.default_rng(1)
    large = rng.integers(0, 256, (1, 192, 192, 3)).astype(np.float32)
    whole = features.predict_on_batch(large)[0]
    part = features.predict_on_batch(large[:, 64:160, 64:160])[0]
    # Stride 8: 64 px are 8 features; three features at each border see the part's edge.
    np.testing.assert_allclose(
        part[3:-3, 3:-3], whole[8 + 3 : 8 + part.shape[0] - 3, 8 + 3 : 8 + part.shape[1] - 3], atol=1e-4
    )


def _before_pooling(net: object) -> object:
    import keras

    pooling = next(layer for layer in net.layers if isinstance(layer, keras.layers.GlobalAveragePooling2D))
    return pooling.input


@pytest.mark.parametrize(
    ("shape", "message"), [(((8, 8), (1,)), "same stages"), (((8, 0), (1, 1)), "at least 1"), (((), ()), "same stages")]
)
def test_shapes_that_are_none_are_refused(shape: tuple[tuple[int, ...], tuple[int, ...]], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Architecture(4, *shape)


def test_an_input_with_nothing_left_to_pool_is_refused() -> None:
    with pytest.raises(SettingError, match="16 px is too small"):
        crack_net(SHIPPED, 16)
