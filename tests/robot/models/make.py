"""Makes the tiny models beside it, once, with TensorFlow: `.venv-models/bin/python tests/robot/models/make.py`.

Their tiles are 32 px and their logit is (128 − mean brightness) / 10: dark tiles are "cracks", and every score can be
computed by hand. `darkness-bytes` takes and gives what shipped files do: decoded bytes, an int8 logit; it has a dense
file, with a tile every 16 px. `nan-float32` answers NaN for tiles whose mean brightness is under 10.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from crackmap_models.conversion.uint8_input import over_float32

HERE = Path(__file__).parent
TILE_PX = 32
DENSE_STRIDE_PX = 16


def darkness(tiles: tf.Tensor) -> tf.Tensor:
    """(1, 32, 32, 3) RGB 0..255 → (1, 1) logit."""
    mean = tf.reduce_mean(tiles, axis=(1, 2, 3), keepdims=False)
    return tf.reshape((128.0 - mean) / 10.0, (1, 1))


def darkness_of_windows(pixels: tf.Tensor) -> tf.Tensor:
    """(1, height, width, 3) RGB 0..255 → (1, rows, columns, 1) logits of the tiles every DENSE_STRIDE_PX."""
    means = tf.nn.avg_pool2d(pixels, TILE_PX, DENSE_STRIDE_PX, "VALID")
    kernel = tf.constant(np.full((1, 1, 3, 1), -1 / 30, np.float32))
    return tf.nn.conv2d(means, kernel, 1, "VALID") + 12.8


def sometimes_nan(tiles: tf.Tensor) -> tf.Tensor:
    """The same, but NaN where the mean brightness is under 10."""
    mean = tf.reduce_mean(tiles, axis=(1, 2, 3), keepdims=False)
    return tf.reshape((128.0 - mean) / 10.0 + 0.0 * tf.math.log(mean - 10.0), (1, 1))


def extremes():
    """Black, white and noise: so that the quantised input is 0..255 with scale 1."""
    yield [np.zeros((1, TILE_PX, TILE_PX, 3), np.float32)]
    yield [np.full((1, TILE_PX, TILE_PX, 3), 255, np.float32)]
    yield [np.random.default_rng(0).uniform(0, 255, (1, TILE_PX, TILE_PX, 3)).astype(np.float32)]


def convert(function, dtype: str, answer: str) -> bytes:
    """A .tflite file; `dtype` is that of the pixels, `answer` that of the logit."""
    signature = tf.function(function).get_concrete_function(tf.TensorSpec((1, TILE_PX, TILE_PX, 3), tf.float32))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([signature])
    if dtype != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = extremes
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.dtypes.as_dtype(dtype)
        converter.inference_output_type = tf.dtypes.as_dtype(answer)
    return over_float32(bytes(converter.convert()))


def write(name: str, function, dtype: str, answer: str = "", dense: bytes | None = None) -> None:
    """The model and its manifest; `answer` is the type of the logit when it is another than that of the pixels."""
    answer = answer or dtype
    content = convert(function, dtype, answer)
    (HERE / f"{name}.tflite").write_bytes(content)
    manifest = {
        "version": 1,
        "name": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_bytes": len(content),
        "tile_px": TILE_PX,
        "input_dtype": dtype,
        "output_dtype": answer,
        "threshold": 0.9,
        "threshold_rule": "logit over 2.2: a mean brightness under 106",
        "mm_per_px": {"low": 0.1, "high": 1.0},
        "surfaces": ["test"],
        "training_data": ["none: made by hand"],
        "parameters": 1,
        "licence": "Apache-2.0",
        "created_utc": "2026-11-20",
    }
    if dense is not None:
        (HERE / f"{name}.dense.tflite").write_bytes(dense)
        sha256 = hashlib.sha256(dense).hexdigest()
        manifest["dense"] = {"sha256": sha256, "size_bytes": len(dense), "stride_px": DENSE_STRIDE_PX}
    (HERE / f"{name}.json").write_text(json.dumps(manifest, indent=1) + "\n")


if __name__ == "__main__":
    for kind in ("int8", "uint8", "float32"):
        write(f"darkness-{kind}", darkness, kind)
    write("darkness-bytes", darkness, "uint8", "int8", convert(darkness_of_windows, "int8", "int8"))
    write("nan-float32", sometimes_nan, "float32")
