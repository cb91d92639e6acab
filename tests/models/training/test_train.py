"""A training on drawn cracks: it says where they are, goes on where it stopped, and ships without that part."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: make test-models")
from crackmap_models.networks.crack_net import crack_net
from crackmap_models.training.batches import Mix
from crackmap_models.training.losses import bootstrapped, where_known
from crackmap_models.training.run import best_model
from crackmap_models.training.train import train


@pytest.fixture(scope="module")
def photographed(tiles: list[Any]) -> list[Any]:
    return [replace(tile, source="metu", surface="unstated") for tile in tiles]


@pytest.fixture(scope="module")
def drawing(settings: Any) -> Any:
    return replace(settings, mix=Mix(metu_crack=48, metu_no_crack=48, drawn_crack=16, drawn_look_alike=16), epochs=2)


@pytest.fixture(scope="module")
def run(photographed: list[Any], drawing: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawing")
    train(photographed, folder, drawing, say=lambda _: None)
    return folder


def history(run: Path) -> list[dict[str, float]]:
    """Without the times, which differ."""
    kept: list[dict[str, float]] = json.loads((run / "state.json").read_text())["history"]
    return [{name: value for name, value in row.items() if name != "took_s"} for row in kept]


def test_what_ships_answers_only_whether_there_is_a_crack(run: Path) -> None:
    shipped = best_model(run)
    assert len(shipped.outputs) == 1
    assert [w.shape for w in shipped.weights] == [w.shape for w in crack_net().weights]
    assert (run / "curves.png").stat().st_size > 10_000


def test_a_stopped_training_goes_on_as_if_it_had_not_been(
    run: Path, photographed: list[Any], drawing: Any, tmp_path: Path
) -> None:
    def stop(text: str) -> None:
        if text.startswith("epoch 1"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(photographed, tmp_path, drawing, say=stop)
    train(photographed, tmp_path, drawing, say=lambda _: None)
    for resumed, straight in zip(history(tmp_path), history(run), strict=True):
        assert resumed == pytest.approx(straight, abs=5e-3)


def test_only_known_cells_are_learnt_from() -> None:
    logits = np.zeros((2, 2, 2, 1), np.float32)
    targets = np.array([[[[1], [0]], [[1], [np.nan]]], [[[np.nan]] * 2] * 2], np.float32).reshape(2, 2, 2, 1)
    np.testing.assert_allclose(where_known(targets, logits), [0.75 * np.log(2), 0.0], rtol=1e-5)


def test_bootstrapping_asks_less_where_the_network_is_sure_of_something_else() -> None:
    targets, logits = np.array([[1.0], [1.0]], np.float32), np.array([[0.0], [-6.0]], np.float32)
    plain = np.log1p(np.exp(-logits[:, 0]))
    softened = np.asarray(bootstrapped(targets, logits))
    assert softened[0] == pytest.approx(plain[0], rel=1e-5)
    assert softened[1] == pytest.approx(0.8 * plain[1] + 0.2 * (1 / (1 + np.exp(6.0))) * 6, rel=0.05)
