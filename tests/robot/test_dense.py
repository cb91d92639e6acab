"""Overlapping tiles in one pass: the scores of a hand, whatever the blocks, the threads and the sizes of frames."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from crackmap import ids, scores
from crackmap.errors import InputError, SettingError
from crackmap.manifest import dense_path
from crackmap.tile_grid import TileGrid
from crackmap_robot import blocks as cutting
from crackmap_robot.classifier import Classifier, shipped_model
from crackmap_robot.dense import DenseClassifier, open_classifier
from crackmap_robot.headers import analysis, recording
from crackmap_robot.runtimes import Runtime

STRIDE_PX = 16
SIZES = [(150, 100), (32, 32), (160, 128), (33, 97)]


def patches(size: tuple[int, int]) -> np.ndarray:
    """(height, width, 3) of grey patches of 20 px."""
    grey = np.random.default_rng(3).integers(40, 216, (8, 10, 1)).astype(np.uint8)
    return np.ascontiguousarray(np.kron(grey, np.ones((20, 20, 3), np.uint8))[: size[1], : size[0]])


@pytest.fixture
def dense_model(models: Path) -> Path:
    return models / "darkness-bytes.tflite"


@pytest.mark.parametrize("largest_px", [32, 70, 1300])
def test_scores_are_those_of_each_tile_by_itself(
    dense_model: Path, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, largest_px: int
) -> None:
    """The tiny model has no convolutions that see over the edge, so nothing may differ but a rounded mean."""
    monkeypatch.setattr(cutting, "LARGEST_BLOCK_PX", largest_px)
    with Classifier(dense_model, 1, runtime) as single, DenseClassifier(dense_model, 1, runtime) as dense:
        for size in SIZES:
            frame, grid = patches(size), TileGrid(*size, 32, STRIDE_PX)
            found, wanted = dense.score(frame, grid), single.score(frame, grid)
            assert found.dtype == np.uint8
            assert found.shape == wanted.shape == (grid.rows * grid.columns,)
            assert np.abs(found.astype(int) - wanted).max() <= 1
            assert np.ptp(found) > 20 or size == (32, 32), "tiles are told apart"


def test_threads_and_earlier_frames_change_nothing(dense_model: Path, runtime: Runtime) -> None:
    with DenseClassifier(dense_model, 3, runtime) as many:
        for size in (*SIZES, *SIZES):
            frame, grid = patches(size), TileGrid(*size, 32, STRIDE_PX)
            with DenseClassifier(dense_model, 1, runtime) as fresh:
                assert np.array_equal(many.score(frame, grid), fresh.score(frame, grid))


def test_a_grid_of_another_stride_or_size_is_a_programming_error(dense_model: Path, runtime: Runtime, draw) -> None:
    with DenseClassifier(dense_model, 1, runtime) as dense:
        for grid in (TileGrid(150, 100, 32, 32), TileGrid(151, 100, 32, STRIDE_PX), TileGrid(150, 100, 16, STRIDE_PX)):
            with pytest.raises(ValueError, match="do not fit"):
                dense.score(draw(1), grid)


def test_its_scores_are_an_analysis_of_their_own(dense_model: Path, runtime: Runtime) -> None:
    """The same tiles asked one by one have other scores, so they must have another id."""
    scan = recording("bridge", "north", "2026", None)
    found = [
        analysis(scan, open_classifier(dense_model, 1, runtime, overlap=overlap).manifest, STRIDE_PX, 0.5)
        for overlap in (False, True)
    ]
    assert found[0].analysis_id != found[1].analysis_id
    assert [one.model for one in found] == ["darkness-bytes", "darkness-bytes.dense"]
    promised = json.loads(dense_model.with_suffix(".json").read_text())["dense"]["sha256"]
    assert found[1].analysis_id == ids.analysis_id(scan.scan_id, promised, 32, STRIDE_PX, 1)


# ------------------------------------------------------------------------------------------------ what does not belong


@pytest.fixture
def copied(dense_model: Path, tmp_path: Path) -> Path:
    for path in (dense_model, dense_model.with_suffix(".json"), dense_path(dense_model)):
        shutil.copy(path, tmp_path / path.name)
    return tmp_path / dense_model.name


def test_a_model_without_a_dense_file_says_what_to_do(model: Path, runtime: Runtime) -> None:
    with pytest.raises(SettingError, match=r"darkness-int8.*one pass. Instead of --overlap give --stride 16"):
        DenseClassifier(model, 1, runtime)


def test_a_dense_file_that_is_missing_or_another(copied: Path, runtime: Runtime) -> None:
    dense_path(copied).write_bytes(dense_path(copied).read_bytes() + b"\0")
    with pytest.raises(InputError, match=r"darkness-bytes\.dense\.tflite: SHA-256 is .* promises"):
        DenseClassifier(copied, 1, runtime)
    dense_path(copied).unlink()
    with pytest.raises(InputError, match=r"dense\.tflite: the file for overlapping tiles cannot be read"):
        DenseClassifier(copied, 1, runtime)
    with Classifier(copied, 1, runtime) as single:
        assert single.manifest.dense is not None, "without --overlap it is not needed"


def test_a_dense_file_of_other_tiles(copied: Path, runtime: Runtime) -> None:
    manifest = json.loads(copied.with_suffix(".json").read_text())
    copied.with_suffix(".json").write_text(json.dumps(manifest | {"output_dtype": "uint8"}))
    with pytest.raises(InputError, match="its output type is int8, its manifest promises uint8"):
        DenseClassifier(copied, 1, runtime)


def test_no_thread_classifies_nothing(dense_model: Path, runtime: Runtime) -> None:
    with pytest.raises(SettingError, match="at least one"):
        DenseClassifier(dense_model, 0, runtime)


# --------------------------------------------------------------------------------------------------- the shipped models


@pytest.mark.needs("model")
@pytest.mark.parametrize("side_px", [227, 256])
def test_every_tile_of_a_plain_surface_scores_alike(runtime: Runtime, side_px: int) -> None:
    """Also at the seams of blocks and in the tiles that are pulled back to the edge."""
    with DenseClassifier(shipped_model(f"crack-{side_px}.tflite"), 2, runtime) as dense:
        grid = TileGrid(1700, 700, side_px, dense.stride_px)
        found = dense.score(np.full((700, 1700, 3), 140, np.uint8), grid)
        assert scores.NOT_SCORED not in found
        assert found.max() < scores.byte_at_least(dense.manifest.threshold)
        assert np.ptp(found.astype(int)) <= 10


@pytest.mark.needs("model", "data")
@pytest.mark.parametrize(("side_px", "photograph"), [(227, "walls-7118"), (256, "pavements-090"), (256, "decks-7046")])
def test_how_far_it_is_from_the_tiles_by_themselves(
    runtime: Runtime, data: Path, side_px: int, photograph: str
) -> None:
    """The tolerance of decision 18, on a part of a real photograph."""
    import cv2

    path = data / "photos" / f"{photograph}.jpg"
    frame = np.ascontiguousarray(cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)[500:2500, 700:2900])
    model = shipped_model(f"crack-{side_px}.tflite")
    with Classifier(model, 1, runtime) as single, DenseClassifier(model, 1, runtime) as dense:
        grid = TileGrid(2200, 2000, side_px, dense.stride_px)
        one_by_one, in_one_pass = single.score(frame, grid).astype(int), dense.score(frame, grid).astype(int)
    lowest = scores.byte_at_least(dense.manifest.threshold)
    logits = (in_one_pass - one_by_one) / 10
    equal = ((in_one_pass >= lowest) == (one_by_one >= lowest)).mean()
    print(f"mean {logits.mean():+.2f}, within 2: {(np.abs(logits) <= 2).mean():.1%}, decided alike: {equal:.1%}")
    assert abs(logits.mean()) < 0.5
    assert (np.abs(logits) <= 2).mean() > 0.94
    assert equal > 0.94
