"""Keras to .tflite: the contract of each kind of file, and answers that stay those of the network."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: make test-models")
from crackmap_models.conversion.convert import representative_tiles
from crackmap_models.conversion.graph import read_graph
from crackmap_models.conversion.lite import LiteModel, check_contract
from crackmap_models.errors import RunError

Files = dict[str, bytes]


def test_int8_takes_decoded_bytes_and_gives_one_int8_logit(converted: Files) -> None:
    lite = LiteModel(converted["int8"])
    check_contract(lite)
    assert (lite.tile_px, lite.input.dtype, lite.input.scale, lite.input.zero_point) == (71, "uint8", 1.0, 0)
    assert (lite.output.dtype, lite.output.shape) == ("int8", (1, 1))


@pytest.mark.parametrize("numbers", ["float16", "float32"])
def test_float_files_are_no_int8_files(converted: Files, numbers: str) -> None:
    lite = LiteModel(converted[numbers])
    assert (lite.input.dtype, lite.output.dtype) == ("float32", "float32")
    with pytest.raises(RunError, match="the input is float32"):
        check_contract(lite)


def test_each_file_answers_as_the_network_does(converted: Files, network: Any, fitted: list[np.ndarray]) -> None:
    exact = network.predict_on_batch(np.stack(fitted).astype(np.float32))[:, 0]
    spread = np.ptp(exact)
    assert spread > 0.1
    for numbers, share in {"float32": 1e-4, "float16": 0.01, "int8": 0.05}.items():
        lite = LiteModel(converted[numbers])
        apart = np.abs(exact - [lite.logit(pixels) for pixels in fitted])
        assert apart.mean() < share * spread + lite.output.scale, numbers


def test_int8_is_a_quarter_and_float16_half_as_large(converted: Files) -> None:
    sizes = {numbers: len(content) for numbers, content in converted.items()}
    assert sizes["int8"] < 0.5 * sizes["float32"]
    assert sizes["float16"] < 0.6 * sizes["float32"]


def test_parameters_are_counted_in_the_file_whatever_its_numbers(converted: Files) -> None:
    counts = {read_graph(content).parameters for content in converted.values()}
    assert len(counts) == 1
    assert counts.pop() > 1000


def test_what_is_no_model_is_said() -> None:
    for read in (LiteModel, read_graph):
        with pytest.raises(RunError, match="not a TensorFlow Lite model"):
            read(b"no model")


def test_too_few_tiles_to_measure_ranges_on(tiles: list[Any]) -> None:
    with pytest.raises(RunError, match="20 representative tiles"):
        representative_tiles(tiles[:20], 64, 600, seed=1)
