"""Scores against hand-computed ones, whatever the number types and the number of threads; models that do not fit."""

import hashlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crackmap.errors import InputError, SettingError
from crackmap.manifest import Manifest, read_manifest
from crackmap.tile_grid import TileGrid
from crackmap_robot.classifier import (
    Classifier,
    Tensor,
    bytes_from_model,
    check_tensors,
    chosen_model,
    filling,
    shipped_model,
)
from crackmap_robot.runtimes import Runtime, interpreter_maker
from crackmap_robot.tiles import tiles

KINDS = ("int8", "uint8", "float32", "bytes")


def by_hand(frame: np.ndarray, grid: TileGrid) -> np.ndarray:
    """The score bytes that the tiny models must give: logit = (128 − mean) / 10, saturated."""
    logits = np.array([(128 - view.mean()) / 10 for view in tiles(frame, grid)])
    return np.clip(np.rint(10 * logits) + 128, 1, 255)


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_what_a_hand_computes(models: Path, runtime: Runtime, draw, kind: str) -> None:
    frame = draw(7)
    frame[:32, :32], frame[:32, 32:64] = 0, 255
    grid = TileGrid(150, 100, 32, 20)
    with Classifier(models / f"darkness-{kind}.tflite", 1, runtime) as classifier:
        found = classifier.score(frame, grid)
    assert found.dtype == np.uint8
    # One step of the quantised mean may fall to either side.
    assert np.abs(found.astype(int) - by_hand(frame, grid)).max() <= 1
    assert found[0] == 255
    assert found.min() >= 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("threads", [2, 3, 50])
def test_scores_do_not_depend_on_the_number_of_threads(
    models: Path, runtime: Runtime, draw, kind: str, threads: int
) -> None:
    frame, grid = draw(8), TileGrid(150, 100, 32, 16)
    path = models / f"darkness-{kind}.tflite"
    with Classifier(path, 1, runtime) as one, Classifier(path, threads, runtime) as many:
        assert np.array_equal(one.score(frame, grid), many.score(frame, grid))
        # A frame with fewer tiles than threads, and twice in a row.
        small = TileGrid(32, 32, 32, 32)
        assert np.array_equal(one.score(frame[:32, :32], small), many.score(frame[:32, :32], small))


def test_a_tile_that_the_model_answers_with_nan_is_not_scored(models: Path, runtime: Runtime) -> None:
    frame = np.full((32, 64, 3), 200, np.uint8)
    frame[:, :32] = 3
    with Classifier(models / "nan-float32.tflite", 1, runtime) as classifier:
        left, right = classifier.score(frame, TileGrid(64, 32, 32, 32))
    assert left == 0
    assert right == 128 - 72


def test_sure_logits_saturate_and_nan_is_zero() -> None:
    logits = np.array([-np.inf, -1e300, -12.7, 0.0, 12.7, 1e300, np.inf, np.nan])
    assert bytes_from_model(logits).tolist() == [1, 1, 1, 128, 255, 255, 255, 0]


@given(st.sampled_from(["int8", "uint8"]), st.floats(0.1, 10), st.integers(-128, 255))
def test_filling_rounds_and_clips_for_any_quantisation(dtype: str, scale: float, zero_point: int) -> None:
    limits = np.iinfo(dtype)
    zero_point = int(np.clip(zero_point, limits.min, limits.max))
    view = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)
    target = np.zeros(view.shape, dtype)
    filling(Tensor(0, (1, 8, 8, 3), dtype, scale, zero_point))(view, target)
    wanted = np.clip(np.rint(view / scale) + zero_point, limits.min, limits.max)
    assert np.array_equal(target, wanted)


@pytest.mark.parametrize(("dtype", "zero_point"), [("int8", -128), ("uint8", 0)])
def test_the_quick_fillings_are_exact(dtype: str, zero_point: int) -> None:
    view = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)[:, ::-1]
    target = np.zeros(view.shape, dtype)
    filling(Tensor(0, (1, 8, 8, 3), dtype, 1.0, zero_point))(view, target)
    assert np.array_equal(target.astype(int) - zero_point, view)


def test_a_frame_of_another_size_is_a_programming_error(classifier: Classifier) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        classifier.score(np.zeros((100, 150, 3), np.uint8), TileGrid(151, 100, 32, 32))


# --------------------------------------------------------------------------------------------- models that do not fit


@pytest.fixture
def copied(models: Path, tmp_path: Path) -> Path:
    for suffix in (".tflite", ".json"):
        shutil.copy(models / f"darkness-int8{suffix}", tmp_path / f"model{suffix}")
    return tmp_path / "model.tflite"


def promise(path: Path, **changed: object) -> None:
    """Change the manifest beside a model; its hash always fits the model."""
    manifest = json.loads(path.with_suffix(".json").read_text())
    manifest["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".json").write_text(json.dumps(manifest | changed))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"tile_px": 227}, "input shape is (1, 32, 32, 3), its manifest promises (1, 227, 227, 3)"),
        ({"input_dtype": "float32"}, "input type is int8, its manifest promises float32"),
        ({"output_dtype": "uint8"}, "output type is int8, its manifest promises uint8"),
    ],
)
def test_a_model_that_its_manifest_does_not_describe(copied: Path, runtime: Runtime, changed, words: str) -> None:
    promise(copied, **changed)
    with pytest.raises(InputError) as refused:
        Classifier(copied, 1, runtime)
    assert words in str(refused.value)
    assert str(copied) in str(refused.value)


def test_a_model_that_was_changed(copied: Path, runtime: Runtime) -> None:
    copied.write_bytes(copied.read_bytes()[:-1] + b"\1")
    with pytest.raises(InputError, match=r"SHA-256 is .* promises"):
        Classifier(copied, 1, runtime)


@pytest.mark.parametrize("content", [b"", b"not a model at all", b"\x1c\0\0\0TFL3" + b"\0" * 40])
def test_a_file_that_is_no_model(copied: Path, runtime: Runtime, content: bytes) -> None:
    copied.write_bytes(content)
    promise(copied)
    with pytest.raises(InputError, match="the runtime cannot load it"):
        Classifier(copied, 1, runtime)


def test_a_model_without_manifest_and_a_manifest_without_model(copied: Path, runtime: Runtime) -> None:
    copied.with_suffix(".json").unlink()
    with pytest.raises(InputError, match=r"model\.json: the manifest cannot be read"):
        Classifier(copied, 1, runtime)
    with pytest.raises(InputError, match="the model cannot be read"):
        Classifier(copied.with_name("other.tflite"), 1, runtime)


def test_integers_without_a_scale_mean_nothing(models: Path) -> None:
    manifest, _ = read_manifest(models / "darkness-int8.tflite")
    good = Tensor(0, (1, 32, 32, 3), "int8", 1.0, -128)
    check_tensors(good, Tensor(1, (1, 1), "int8", 0.1, 0), manifest, Path("m.tflite"))
    with pytest.raises(InputError, match="without a scale"):
        check_tensors(good, Tensor(1, (1, 1), "int8", 0.0, 0), manifest, Path("m.tflite"))
    with pytest.raises(InputError, match="number of answers is 2"):
        check_tensors(good, Tensor(1, (1, 2), "int8", 0.1, 0), manifest, Path("m.tflite"))


# ------------------------------------------------------------------------------------------------------------ runtime


def test_tflite_runtime_under_numpy_2_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("numpy.__version__", "2.4.6")
    with pytest.raises(SettingError, match="needs NumPy 1"):
        interpreter_maker(Runtime.TFLITE)


def test_a_runtime_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(SettingError, match="Install ai-edge-litert"):
        interpreter_maker(Runtime.LITERT)


def test_no_thread_classifies_nothing(model: Path, runtime: Runtime) -> None:
    with pytest.raises(SettingError, match="at least one"):
        Classifier(model, 0, runtime)


@pytest.mark.needs("model")
@pytest.mark.parametrize("side", [227, 256])
def test_the_shipped_models_load_and_take_their_pixels_exactly(runtime: Runtime, side: int) -> None:
    path = shipped_model(f"crack-{side}.tflite")
    with Classifier(path, 1, runtime) as classifier:
        manifest: Manifest = classifier.manifest
        assert manifest.tile_px == side
        scores = classifier.score(np.full((side, side, 3), 128, np.uint8), TileGrid(side, side, side, side))
    assert scores.shape == (1,)
    assert scores[0] > 0


def test_a_shipped_model_is_chosen_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert chosen_model(Path("crack-256")) == shipped_model("crack-256.tflite")
    assert chosen_model(Path("crack-1000")) == Path("crack-1000")
    assert chosen_model(Path("folder/crack-256")) == Path("folder/crack-256")
    Path("crack-256").touch()
    assert chosen_model(Path("crack-256")) == Path("crack-256")
