"""Grad-CAM and exact evidence, on networks whose answers are known and on ours."""

from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="the models part is not installed: make test-models")
from crackmap_models.networks.catalogue import NETWORKS  # noqa: E402 - only where the part is installed
from crackmap_models.report.evidence import evidence  # noqa: E402 - only where the part is installed
from crackmap_models.report.grad_cam import grad_cam  # noqa: E402 - only where the part is installed

BIAS = -0.75
SIDE = 4  # a map of SIDE × SIDE positions, each of CELL_PX × CELL_PX pixels
CELL_PX = 3


def red_against_green(average: tuple[float, float], maximum: tuple[float, float] | None = None) -> Any:
    """Two channels, the mean red and the mean green of each cell; average (and maximum) of each times its weight."""
    pixels = keras.Input((SIDE * CELL_PX, SIDE * CELL_PX, 3))
    x = keras.layers.Conv2D(2, CELL_PX, strides=CELL_PX, activation="relu")(pixels)
    pools = [keras.layers.GlobalAveragePooling2D()(x)]
    if maximum:
        pools.append(keras.layers.GlobalMaxPooling2D()(x))
    joined = keras.layers.Concatenate()(pools) if maximum else pools[0]
    model = keras.Model(pixels, keras.layers.Dense(1)(keras.layers.Dropout(0.5)(joined)))
    kernel = np.zeros((CELL_PX, CELL_PX, 3, 2), np.float32)
    kernel[..., 0, 0] = kernel[..., 1, 1] = 1 / CELL_PX**2
    weights = np.array([*average, *(maximum or ())], np.float32)[:, None]
    model.set_weights([kernel, np.zeros(2, np.float32), weights, np.array([BIAS], np.float32)])
    return model


def tile(red: dict[tuple[int, int], int], green: dict[tuple[int, int], int]) -> Any:
    """Cells (row, column) of so much red, and of so much green."""
    pixels = np.zeros((SIDE * CELL_PX, SIDE * CELL_PX, 3), np.uint8)
    for channel, cells in enumerate((red, green)):
        for (row, column), value in cells.items():
            top, left = row * CELL_PX, column * CELL_PX
            pixels[top : top + CELL_PX, left : left + CELL_PX, channel] = value
    return pixels


def test_grad_cam_lights_up_where_the_channel_that_counts_answers() -> None:
    model = red_against_green(average=(2.0, -1.0))
    heat = grad_cam(model, [tile({(1, 2): 80}, {(3, 0): 200}), tile({}, {(3, 0): 200})])
    wanted = np.zeros((2, SIDE, SIDE))
    wanted[0, 1, 2] = 2.0 / SIDE**2 * 80  # alpha is the weight over the number of positions; green is cut off at 0
    assert heat == pytest.approx(wanted, abs=1e-4)


def test_evidence_goes_to_the_position_that_gives_it() -> None:
    model = red_against_green(average=(2.0, -1.0), maximum=(0.5, 3.0))
    found = evidence(model, [tile({(1, 2): 80, (0, 0): 40}, {(3, 0): 200, (3, 3): 200})])
    assert found is not None
    average, maximum = np.zeros((2, 1, SIDE, SIDE))
    average[0, 1, 2], average[0, 0, 0], average[0, 3, 0], average[0, 3, 3] = 10, 5, -12.5, -12.5
    maximum[0, 1, 2], maximum[0, 3, 0], maximum[0, 3, 3] = 40, 300, 300  # equal ones share
    assert found.average == pytest.approx(average, abs=1e-3)
    assert found.maximum == pytest.approx(maximum, abs=1e-3)
    assert found.bias == BIAS


@pytest.mark.parametrize("tile_px", [64, 97, 240])
def test_all_positions_and_the_bias_are_the_logit_of_our_network(tile_px: int) -> None:
    keras.utils.set_random_seed(tile_px)
    model = NETWORKS["crack_net"].build(tile_px)
    random = np.random.default_rng(tile_px)
    # Trained weights of a size that matters, in place of zero biases and plain normalisation.
    model.set_weights([w + random.normal(0, 0.05, w.shape).astype(np.float32) for w in model.get_weights()])
    model.get_layer("logit").bias.assign([BIAS])
    tiles = list(random.integers(0, 256, (3, tile_px, tile_px, 3), np.uint8))
    found = evidence(model, tiles)
    assert found is not None
    logits = model.predict_on_batch(np.stack(tiles).astype(np.float32))[:, 0]
    assert np.abs(logits - BIAS).min() > 1e-3  # the sum has something to get wrong
    assert found.total.sum(axis=(1, 2)) == pytest.approx(logits - BIAS, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("name", ["cainvas", "blog3", "deeper"])
def test_a_network_that_flattens_has_grad_cam_and_no_exact_evidence(name: str) -> None:
    keras.utils.set_random_seed(3)
    model = NETWORKS[name].build(48)
    tiles = list(np.random.default_rng(3).integers(0, 256, (2, 48, 48, 3), np.uint8))
    heat = grad_cam(model, tiles)
    assert heat.shape[0] == 2
    assert (heat >= 0).all()
    assert evidence(model, tiles) is None


def test_a_sigmoid_at_the_end_has_no_exact_evidence() -> None:
    model = red_against_green(average=(1.0, 1.0))
    model.layers[-1].activation = keras.activations.sigmoid
    assert evidence(model, [tile({}, {})]) is None
