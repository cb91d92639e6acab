"""Shipped files and run folders answer the same question the same way; what is neither is named."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

scorers = pytest.importorskip(
    "crackmap_models.evaluation.scorers", reason="the models part is not installed: make test-models"
)
from crackmap.errors import InputError  # noqa: E402 - only where the part is installed
from crackmap_models.errors import RunError  # noqa: E402 - only where the part is installed

SHIPPED = Path(__file__).parents[3] / "models" / "shipped"


def test_a_shipped_file_has_name_size_and_threshold() -> None:
    scorer = scorers.open_scorer(SHIPPED / "crack-227.tflite")
    assert (scorer.name, scorer.tile_px) == ("crack-227", 227)
    promised = json.loads((SHIPPED / "crack-227.json").read_text())["threshold"]
    assert 1 / (1 + np.exp(-scorer.threshold_logit)) == pytest.approx(promised)
    plain = np.full((227, 227, 3), 150, np.uint8)
    logits = scorer.logits([plain, plain])
    assert logits.shape == (2,)
    assert logits[0] == logits[1] < scorer.threshold_logit


def test_tiles_are_changed_fitted_and_answered_in_order(dark_lines: Any, tiles_on_disk: list[Any]) -> None:
    plain = scorers.logits_of(dark_lines, tiles_on_disk, say=lambda _: None)
    assert len(plain) == len(tiles_on_disk) > scorers.BATCH
    backwards = scorers.logits_of(dark_lines, tiles_on_disk[::-1], say=lambda _: None)
    assert plain.tolist() == backwards[::-1].tolist()
    halved = scorers.logits_of(dark_lines, tiles_on_disk, lambda pixels: pixels[:32, :32] // 2, say=lambda _: None)
    assert not np.allclose(halved, plain)


def test_a_run_folder_answers_as_its_network_does(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras", reason="TensorFlow is not installed: make test-models")
    keras.utils.set_random_seed(3)
    pixels = keras.Input((64, 64, 3))
    x = keras.layers.Conv2D(3, 5, strides=4)(keras.layers.Rescaling(1 / 255)(pixels))
    model = keras.Model(pixels, keras.layers.Dense(1)(keras.layers.GlobalMaxPooling2D()(x)))
    model.save(tmp_path / "best.keras")
    (tmp_path / "settings.json").write_text('{"canvas_px": 64}')
    scorer = scorers.open_scorer(tmp_path)
    assert (scorer.name, scorer.tile_px, scorer.threshold_logit) == (tmp_path.name, 64, None)
    tiles = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3)).astype(np.uint8)
    assert scorer.logits(list(tiles)) == pytest.approx(model.predict_on_batch(tiles.astype(np.float32))[:, 0], abs=1e-5)


def test_what_is_no_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the model cannot be read"):
        scorers.open_scorer(tmp_path / "nothing.tflite")
    pytest.importorskip("keras", reason="TensorFlow is not installed: make test-models")
    with pytest.raises(RunError, match="not a training run"):
        scorers.open_scorer(tmp_path)
