"""The first step of a file over float32: the same answers, and kernels of XNNPACK only."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: make test-models")
from crackmap_models.conversion.graph import read_graph
from crackmap_models.conversion.lite import LiteModel
from crackmap_models.conversion.uint8_input import over_float32


@pytest.fixture(scope="module")
def direct() -> bytes:
    """A network of one convolution as the converter leaves it, with QUANTIZE from uint8 in front."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(3)
    pixels = keras.Input((16, 16, 3), batch_size=1)
    x = keras.layers.GlobalMaxPooling2D()(keras.layers.Conv2D(4, 3)(pixels))
    model = keras.Model(pixels, keras.layers.Dense(1)(x))
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([np.full((1, 16, 16, 3), v, np.float32)] for v in (0, 255))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type, converter.inference_output_type = tf.uint8, tf.int8
    return bytes(converter.convert())


def names(content: bytes) -> list[str]:
    return [step.name for step in read_graph(content).operators]


def test_one_step_becomes_two_that_xnnpack_has(direct: bytes) -> None:
    assert names(direct)[0] == "QUANTIZE"
    assert names(over_float32(direct)) == ["DEQUANTIZE", *names(direct)]


def test_no_answer_changes(direct: bytes) -> None:
    before, after = LiteModel(direct), LiteModel(over_float32(direct))
    rng = np.random.default_rng(0)
    for low, high in ((0, 256), (0, 2), (254, 256), (127, 130)):
        pixels = rng.integers(low, high, (16, 16, 3)).astype(np.uint8)
        assert before.logit(pixels) == after.logit(pixels)


def test_it_is_done_once(direct: bytes) -> None:
    once = over_float32(direct)
    assert over_float32(once) == once
