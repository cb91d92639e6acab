"""A tiny training, from rendered-like tiles to shipped files: resumed, converted, measured, with named errors."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: make test-models")
from crackmap.manifest import read_manifest
from crackmap_models.conversion import convert
from crackmap_models.conversion.convert import representative_tiles, to_int8
from crackmap_models.conversion.lite import LiteModel
from crackmap_models.data.rendered import read_rendered
from crackmap_models.errors import RunError
from crackmap_models.networks.crack_net import Architecture, crack_net
from crackmap_models.shipping.ship import ship
from crackmap_models.training.batches import Mix
from crackmap_models.training.train import Settings, best_weights, train

TINY = Architecture(4, (8, 12), (1, 1), dropout=0.0)
SETTINGS = Settings(
    architecture=TINY,
    mix=Mix(rendered_crack=64, rendered_no_crack=64),
    canvas_px=64,
    batch_size=16,
    epochs=3,
    average_decay=0.8,
    threads=1,
)


def picture(rng: np.random.Generator, crack: bool) -> np.ndarray:
    """Grey noise [64, 64, 3], with a dark line across it when `crack`."""
    import cv2

    pixels = rng.integers(120, 200, (64, 64, 3)).astype(np.uint8)
    if crack:
        left, right = rng.integers(5, 59, 2).tolist()
        cv2.line(pixels, (left, 0), (right, 63), (20, 20, 20), 3)
    return pixels


@pytest.fixture(scope="module")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Pictures in the layout of `crackmap models render`, five to a wall."""
    import cv2

    folder, rng = tmp_path_factory.mktemp("rendered"), np.random.default_rng(0)
    for split, count in {"train": 250, "val": 40, "test": 40}.items():
        for name in ("crack", "no_crack"):
            (folder / split / name).mkdir(parents=True)
            for k in range(count):
                encoded = cv2.imencode(".jpg", picture(rng, name == "crack"))[1]
                (folder / split / name / f"{k // 5}-{k}.jpg").write_bytes(encoded.tobytes())
    return read_rendered(folder)


@pytest.fixture(scope="module")
def run(tiles: list[Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    train(tiles, folder, SETTINGS, say=lambda _: None)
    return folder


def history(run: Path) -> list[dict[str, float]]:
    """Without the times, which differ."""
    kept: list[dict[str, float]] = json.loads((run / "state.json").read_text())["history"]
    return [{name: value for name, value in row.items() if name != "took_s"} for row in kept]


def test_it_learns(run: Path) -> None:
    losses = [row["loss"] for row in history(run)]
    assert losses[-1] < losses[0]


def test_a_stopped_training_goes_on_as_if_it_had_not_been(run: Path, tiles: list[Any], tmp_path: Path) -> None:
    def stop(text: str) -> None:
        if text.startswith("epoch 1"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tiles, tmp_path, SETTINGS, say=stop)
    assert len(history(tmp_path)) == 1
    train(tiles, tmp_path, SETTINGS, say=lambda _: None)
    for resumed, straight in zip(history(tmp_path), history(run), strict=True):
        assert resumed == pytest.approx(straight, abs=2e-3)


def test_another_setting_does_not_go_on_with_a_run(run: Path, tiles: list[Any]) -> None:
    with pytest.raises(RunError, match=r"settings\.json.*other settings"):
        train(tiles, run, Settings(architecture=TINY, epochs=9), say=lambda _: None)


def test_a_run_can_refine_another(run: Path, tiles: list[Any], tmp_path: Path) -> None:
    gentle = replace(SETTINGS, epochs=1, warm_up_epochs=0, rate=1e-6, begin_from=str(run))
    train(tiles, tmp_path, gentle, say=lambda _: None)
    assert history(tmp_path)[0]["loss"] < history(run)[0]["loss"]
    with pytest.raises(RunError, match="not of the architecture"):
        best_weights(run, Architecture(4, (8, 16), (1, 1)))
    with pytest.raises(RunError, match="not a training run"):
        best_weights(tmp_path / "nowhere", TINY)


def test_shipping_writes_files_that_belong_together(
    run: Path, tiles: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "FEWEST_REPRESENTATIVE_TILES", 100)
    manifest = ship(run, tiles, 71, tmp_path, say=lambda _: None)
    path = tmp_path / "crack-71.tflite"
    assert read_manifest(path)[0] == manifest
    assert manifest.parameters == crack_net(TINY).count_params()
    figures = {figure.measure: figure for figure in manifest.figures}
    assert figures["AUROC"].data == "rendered test"
    assert figures["AUROC"].count == 80
    assert all(figure.low <= figure.value <= figure.high for figure in manifest.figures)
    card = path.with_suffix(".md").read_text()
    assert manifest.sha256 in card
    assert "CC BY" not in card, "only the data that was used is credited"
    assert f"{manifest.threshold:.4f}" in card


def test_int8_keeps_the_contract_and_stays_close(run: Path) -> None:
    import keras

    model = keras.models.load_model(run / "best.keras", compile=False)
    rng = np.random.default_rng(5)
    pictures = [picture(rng, k % 2 == 0) for k in range(60)]
    for side in (64, 71):
        fitted = [np.pad(p, ((0, side - 64), (0, side - 64), (0, 0)), "reflect") for p in pictures]
        lite = LiteModel(to_int8(model.get_weights(), TINY, side, fitted))
        assert lite.tile_px == side
        net = crack_net(TINY, side)
        net.set_weights(model.get_weights())
        exact = net.predict_on_batch(np.stack(fitted).astype(np.float32))[:, 0]
        rounded = np.array([lite.logit(p) for p in fitted])
        assert np.abs(exact - rounded).mean() < 0.05 * np.ptp(exact) + lite._output["quantization"][0]


def test_a_float_model_is_not_ours(tmp_path: Path) -> None:
    import tensorflow as tf

    crack_net(TINY, 64).export(tmp_path / "saved", verbose=False)
    content = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path / "saved")).convert()
    with pytest.raises(RunError, match="the input is float32"):
        LiteModel(content)
    with pytest.raises(RunError, match="not a TensorFlow Lite model"):
        LiteModel(b"no model")


def test_too_few_tiles_to_measure_ranges_on(tiles: list[Any]) -> None:
    with pytest.raises(RunError, match="20 representative tiles"):
        representative_tiles(tiles[:20], 64, 600, seed=1)


def test_a_folder_that_is_no_run(tmp_path: Path, tiles: list[Any]) -> None:
    with pytest.raises(RunError, match="not a training run"):
        ship(tmp_path, tiles, 64, tmp_path)
