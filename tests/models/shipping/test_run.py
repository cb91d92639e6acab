"""models/run is the training that the files in models/shipped were converted from."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: make test-models")
from crackmap.manifest import read_manifest
from crackmap_models.conversion.lite import LiteModel
from crackmap_models.data.fit import fit
from crackmap_models.data.tiles import Pixels, decode, read_bytes
from crackmap_models.training.run import Settings, best_model, read_state

MODELS = Path(__file__).parents[3] / "models"
RUN = MODELS / "run"
SIDES = (227, 256)


def pixels(data: Path, side: int) -> list[Pixels]:
    """Real tiles of all sorts."""
    paths = [path for folder in ("metu/test", "sdnet2018/test") for path in sorted((data / folder).rglob("*.jpg"))]
    return [fit(decode(path, read_bytes(path)), side) for path in paths[:: len(paths) // 60]]


@pytest.mark.needs("data")
@pytest.mark.parametrize("side", SIDES)
def test_shipped_files_answer_as_its_network(data: Path, side: int) -> None:
    manifest, content = read_manifest(MODELS / "shipped" / f"crack-{side}.tflite")
    lite, tiles = LiteModel(content), pixels(data, side)
    rounded = np.array([lite.logit(tile) for tile in tiles])
    exact = best_model(RUN, side).predict_on_batch(np.stack(tiles).astype(np.float32))[:, 0]
    promised = {f.measure: f.value for f in manifest.figures if f.data.startswith("sdnet2018 pavements val")}
    assert np.abs(exact - rounded).mean() < 2 * promised["mean change of logit by conversion"]
    assert len(np.unique(rounded)) > 20, "the tiles are not alike, and neither are the answers"


def test_it_is_a_whole_training_with_the_settings_of_today() -> None:
    settings, state = json.loads((RUN / "settings.json").read_text()), read_state(RUN)
    patience_ended = state.epochs - state.best_epoch >= settings["patience"]
    assert state.epochs == settings["epochs"] or patience_ended
    assert settings.keys() == Settings.__dataclass_fields__.keys()
    assert not settings["begin_from"]
