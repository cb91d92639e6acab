"""The network accepts any size with the same weights."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: make test-models")
from crackmap.errors import SettingError
from crackmap_models.networks.crack_net import STAGES, crack_net


def test_the_shipped_network_is_compact_and_the_same_for_all_sizes() -> None:
    any_size = crack_net()
    assert any_size.count_params() < 250_000
    rng = np.random.default_rng(0)
    for side in (32, 61, 227, 256):
        fixed = crack_net(side)
        fixed.set_weights(any_size.get_weights())
        pixels = rng.integers(0, 256, (2, side, side, 3)).astype(np.float32)
        logits = fixed.predict_on_batch(pixels)
        assert logits.shape == (2, 1)
        np.testing.assert_allclose(logits, any_size.predict_on_batch(pixels), atol=1e-5)


def test_one_pass_over_a_larger_picture_sees_what_each_part_holds() -> None:
    """Up to the pooling, features depend on what is around them and not on where in the picture they are."""
    import keras

    net = crack_net()
    # Where eight pixels are one feature: deeper ones see further than this picture is wide.
    fine = [layer.output for layer in net.layers if layer.output.shape[-1] == STAGES[1][0]][-1]
    features = keras.Model(net.input, fine)
    rng = np.random.default_rng(1)
    large = rng.integers(0, 256, (1, 192, 192, 3)).astype(np.float32)
    whole = features.predict_on_batch(large)[0]
    part = features.predict_on_batch(large[:, 64:160, 64:160])[0]
    # 64 px are 8 features; five features at each border see the part's edge.
    side = part.shape[0]
    np.testing.assert_allclose(part[5:-5, 5:-5], whole[8 + 5 : 8 + side - 5, 8 + 5 : 8 + side - 5], atol=1e-4)


def test_an_input_with_nothing_left_to_pool_is_refused() -> None:
    with pytest.raises(SettingError, match="16 px is too small"):
        crack_net(16)
