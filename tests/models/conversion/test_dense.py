"""The dense file against NumPy: the same weights, and windows pooled as they should be."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: make test-models")
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from crackmap_models.conversion.convert import to_tflite
from crackmap_models.conversion.dense import CELL_PX, can_be_dense, dense_stride_px, to_dense
from crackmap_models.conversion.graph import Graph, read_graph
from crackmap_models.conversion.lite import LiteModel
from crackmap_models.errors import RunError

SIDE = 71
CELLS = 3  # what a tile of 71 px is at the end


@pytest.fixture(scope="module")
def itself(network: Any, fitted: list[np.ndarray]) -> bytes:
    """The network for tiles of 71 px as an int8 file; its last layer has a bias, as a trained one has."""
    import keras

    copy = keras.models.clone_model(network)
    copy.set_weights([*network.get_weights()[:-1], np.array([0.7], np.float32)])
    return to_tflite(copy, "int8", fitted)


@pytest.fixture(scope="module")
def dense(itself: bytes) -> bytes:
    return to_dense(itself)


def answers(content: bytes, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The features, real-valued [rows, columns, n], and the logits [rows, columns] of a picture."""
    graph = read_graph(content)
    interpreter = Interpreter(
        model_content=content,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,  # which keep no tensors between
    )
    interpreter.resize_tensor_input(graph.input.index, [1, *picture.shape])
    interpreter.allocate_tensors()
    interpreter.set_tensor(graph.input.index, (picture ^ 0x80).view(np.int8)[None])
    interpreter.invoke()
    features = next(step for step in graph.operators if step.name == "STRIDED_SLICE").inputs[0]
    found = [
        (interpreter.get_tensor(value.index)[0].astype(float) - value.zero_point) * value.scales[0]
        for value in (features, graph.output)
    ]
    return found[0], found[1][:, :, 0]


def weights(graph: Graph) -> list[np.ndarray]:
    return [value.constant for step in graph.operators for value in step.inputs if value.constant is not None]


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 4), (3, 2)])
def test_windows_are_pooled_whole_and_without_their_ring(itself: bytes, dense: bytes, rows: int, columns: int) -> None:
    shape = (SIDE + CELL_PX * (rows - 1), SIDE + CELL_PX * (columns - 1), 3)
    picture = np.random.default_rng(rows).integers(0, 256, shape).astype(np.uint8)
    features, logits = answers(dense, picture)
    assert features.shape[:2] == (CELLS + rows - 1, CELLS + columns - 1)
    assert logits.shape == (rows, columns)
    last = read_graph(itself).operators[-1]
    kernel, *biases = last.inputs[1:]
    weigh = kernel.constant.ravel() * kernel.scales[0]
    bias = sum(int(value.constant[0]) * value.scales[0] for value in biases)
    for (row, column), found in np.ndenumerate(logits):
        window = features[row : row + CELLS, column : column + CELLS]
        halves = [
            np.concatenate([cells.mean(axis=(0, 1)), cells.max(axis=(0, 1))]) @ weigh + bias
            for cells in (window, window[1:-1, 1:-1])
        ]
        # Means are rounded to a step of the features, 320 of them; the answer to a step of its own.
        assert found == pytest.approx(np.mean(halves), abs=0.6 * last.output.scales[0] + rounding(last, weigh))


def rounding(last: Any, weigh: np.ndarray) -> float:
    """Six deviations of what rounding each mean to a step adds up to."""
    means = weigh[: weigh.size // 2]
    return float(6 * last.inputs[0].scales[0] * np.sqrt((means**2).sum() / 12))


def test_windows_do_not_depend_on_what_is_far_away(dense: bytes) -> None:
    rng = np.random.default_rng(4)
    picture = rng.integers(0, 256, (SIDE, SIDE + 20 * CELL_PX, 3)).astype(np.uint8)
    changed = picture.copy()
    changed[:, 500:] = 255 - changed[:, 500:]
    before, after = answers(dense, picture)[1], answers(dense, changed)[1]
    assert np.array_equal(before[:, :5], after[:, :5])
    assert not np.array_equal(before, after)


def test_a_last_layer_without_a_bias(converted: dict[str, bytes]) -> None:
    """The converter leaves out a bias of 0, as an untrained network has."""
    assert len(read_graph(converted["int8"]).operators[-1].inputs) == 2
    picture = np.random.default_rng(5).integers(0, 256, (SIDE, SIDE + CELL_PX, 3)).astype(np.uint8)
    assert answers(to_dense(converted["int8"]), picture)[1].shape == (1, 2)


def test_no_weight_changes(itself: bytes, dense: bytes) -> None:
    model, made = read_graph(itself), read_graph(dense)
    stored = {constant.tobytes() for constant in weights(made)}
    kernel, *biases = (value.constant for value in model.operators[-1].inputs[1:])
    for constant in weights(model):
        if all(constant is not other for other in (kernel, *biases)) and constant.size > 2:  # two: the pooled axes
            assert constant.tobytes() in stored
    last = made.operators[-1]
    assert last.inputs[1].constant.tobytes() == 2 * kernel.tobytes(), "once for each half"
    assert last.inputs[1].scales[0] == model.operators[-1].inputs[1].scales[0] / 2
    (bias,) = biases
    assert last.inputs[2].constant.tolist() == (2 * bias).tolist()
    assert (last.output.scales, last.output.zero_point) == (model.output.scales, model.output.zero_point)


def test_it_is_made_of_the_model_alone(itself: bytes, dense: bytes) -> None:
    assert to_dense(itself) == dense
    lite = LiteModel(itself)
    graph = read_graph(dense)
    assert (graph.input.dtype, graph.input.scales, graph.input.zero_point) == ("int8", (1.0,), -128)
    assert graph.input.shape == (1, lite.tile_px, lite.tile_px, 3)


@pytest.mark.parametrize("numbers", ["float16", "float32"])
def test_only_int8_files_have_one(converted: dict[str, bytes], numbers: str) -> None:
    assert not can_be_dense(converted[numbers])
    with pytest.raises(RunError, match=r"begins with .* only int8 files of crackmap's own network"):
        to_dense(converted[numbers])


def test_a_network_that_is_not_fully_convolutional_has_none(pictures: list[np.ndarray]) -> None:
    import keras

    keras.utils.set_random_seed(1)
    pixels = keras.Input((64, 64, 3))
    x = keras.layers.Flatten()(keras.layers.Conv2D(4, 8, strides=8)(pixels))
    content = to_tflite(keras.Model(pixels, keras.layers.Dense(1)(x)), "int8", pictures)
    assert not can_be_dense(content)


def test_tiles_too_small_for_a_ring_have_none(pictures: list[np.ndarray]) -> None:
    import keras

    from crackmap_models.networks.crack_net import crack_net

    keras.utils.set_random_seed(1)
    with pytest.raises(RunError, match="tiles of 2 × 2 cells, of which no ring can be taken off"):
        to_dense(to_tflite(crack_net(64), "int8", pictures))


@pytest.mark.parametrize(("tile_px", "wanted"), [(227, 96), (256, 128), (71, 32), (64, 32), (40, 32)])
def test_stride_is_half_a_tile_or_a_little_less(tile_px: int, wanted: int) -> None:
    assert dense_stride_px(tile_px) == wanted
