"""From a run to shipped files that belong together, and what verify says when they do not."""

import io
import json
import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: make test-models")
from crackmap.errors import InputError
from crackmap.manifest import Manifest, dense_path, read_dense, read_manifest
from crackmap_models.conversion import convert
from crackmap_models.conversion.dense import to_dense
from crackmap_models.errors import BrokenPromise, PrecisionLost, RunError
from crackmap_models.shipping import parity
from crackmap_models.shipping.card import card, card_path
from crackmap_models.shipping.dense import add_dense
from crackmap_models.shipping.failures import MOST_BYTES
from crackmap_models.shipping.ship import failures_path, ship
from crackmap_models.shipping.verify import verify

SIDE = 71


def quiet(_: str) -> None: ...


@pytest.fixture(scope="module")
def shipped(run: Path, tiles: list[Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file with manifest, card and sheet beside it."""
    folder = tmp_path_factory.mktemp("shipped")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convert, "FEWEST_REPRESENTATIVE_TILES", 100)
        patch.setattr(parity.check_precision, "__defaults__", (1.0,))  # hardly trained: a step of int8 costs much
        ship(run, tiles, SIDE, folder, say=quiet)
    return folder / f"crack-{SIDE}.tflite"


@pytest.fixture
def copied(shipped: Path, tmp_path: Path) -> Path:
    for path in shipped.parent.iterdir():
        shutil.copy(path, tmp_path)
    return tmp_path / shipped.name


def test_files_belong_together(shipped: Path) -> None:
    manifest, content = read_manifest(shipped)
    assert (manifest.tile_px, manifest.input_dtype, manifest.output_dtype) == (SIDE, "uint8", "int8")
    assert manifest.size_bytes == len(content)
    figures = {(figure.data, figure.measure): figure for figure in manifest.figures}
    assert figures["rendered test", "AUROC"].count == 80
    assert figures["rendered val", "AUROC lost by conversion"].count == 80
    text = card_path(shipped).read_text()
    assert text == card(manifest)
    assert manifest.sha256 in text
    assert f"{manifest.threshold:.4f}" in text
    assert "Mendeley" not in text, "only the data that was used is credited"


def test_the_dense_file_is_shipped_with_the_model(shipped: Path, copied: Path) -> None:
    manifest = read_manifest(shipped)[0]
    assert manifest.dense is not None
    assert read_dense(shipped, manifest.dense) == to_dense(shipped.read_bytes())
    assert manifest.dense.sha256 in card_path(shipped).read_text()
    assert "the dense file is made of the model" in verify(shipped).checked
    for path in (dense_path(copied), copied.with_suffix(".json"), card_path(copied)):
        before = path.read_bytes()
        path.unlink() if path == dense_path(copied) else write(copied, manifest.model_copy(update={"dense": None}))
        add_dense(copied)
        assert path.read_bytes() == before, "as `convert` wrote it"


def test_a_dense_file_of_other_weights_is_found(copied: Path) -> None:
    other = bytearray(dense_path(copied).read_bytes())
    other[len(other) // 2] ^= 1
    dense_path(copied).write_bytes(other)
    with pytest.raises(InputError, match=r"dense\.tflite: SHA-256 is"):
        verify(copied)
    manifest = read_manifest(copied)[0]
    assert manifest.dense is not None
    promised = manifest.dense.model_copy(update={"sha256": sha256(other).hexdigest(), "stride_px": 64})
    write(copied, manifest.model_copy(update={"dense": promised}))
    words = r"dense stride_px: promised 64, found 32[\s\S]*made of the model: promised True, found False"
    with pytest.raises(BrokenPromise, match=words):
        verify(copied)


def test_the_sheet_of_mistakes_is_a_small_picture(shipped: Path) -> None:
    content = failures_path(shipped).read_bytes()
    assert len(content) <= MOST_BYTES
    assert Image.open(io.BytesIO(content)).size[0] > 1000
    assert failures_path(shipped).name in card_path(shipped).read_text()


def test_every_stored_figure_comes_out_again(shipped: Path, tiles: list[Any], run: Path) -> None:
    findings = verify(shipped, tiles, run=run, say=quiet)
    assert not findings.not_checked
    for figure in read_manifest(shipped)[0].figures:
        assert f"{figure.data} {figure.measure}" in findings.checked
    assert "threshold" in findings.checked


def test_without_data_it_is_said_what_was_not_checked(shipped: Path) -> None:
    findings = verify(shipped)
    assert "parameters" in findings.checked
    assert any("figures" in line for line in findings.not_checked)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("size_bytes", 7, "size_bytes: promised 7, found"),
        ("tile_px", 227, "tile_px: promised 227, found 71"),
        ("input_dtype", "int8", "input_dtype: promised int8, found uint8"),
        ("parameters", 1, "parameters: promised 1, found"),
        ("threshold", 0.9999, r"crack-71.md line \d+: promised Threshold: probability 0.9999"),
    ],
)
def test_a_changed_manifest_is_named(copied: Path, key: str, value: Any, words: str) -> None:
    change(copied, **{key: value})
    with pytest.raises(BrokenPromise, match=words):
        verify(copied)


def test_changed_figures_and_threshold_are_found_by_measuring(copied: Path, tiles: list[Any]) -> None:
    manifest = read_manifest(copied)[0]
    better = [figure.model_copy(update={"value": 1.0, "high": 1.0}) for figure in manifest.figures[:1]]
    changed = manifest.model_copy(update={"figures": (*better, *manifest.figures[1:]), "threshold": 0.0123})
    write(copied, changed)
    with pytest.raises(BrokenPromise) as refused:
        verify(copied, tiles, say=quiet)
    assert "threshold: promised 0.0123, found" in str(refused.value)
    assert "rendered test AUROC: promised 1 (" in str(refused.value)


def test_a_file_a_card_or_a_sheet_of_another_model(copied: Path) -> None:
    card_path(copied).write_text(card_path(copied).read_text().replace("## Use", "## Abuse"))
    failures_path(copied).unlink()
    with pytest.raises(
        BrokenPromise, match=r"promised ## Use, found ## Abuse[\s\S]*failures.jpg is there: promised True"
    ):
        verify(copied)
    copied.write_bytes(copied.read_bytes() + b"\0")
    with pytest.raises(InputError, match="SHA-256 is"):
        verify(copied)


def test_nothing_is_written_when_int8_costs_too_much(
    run: Path, tiles: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "FEWEST_REPRESENTATIVE_TILES", 100)
    monkeypatch.setattr(parity.check_precision, "__defaults__", (-1.0,))
    with pytest.raises(PrecisionLost, match="rendered: conversion costs"):
        ship(run, tiles, SIDE, tmp_path, say=quiet)
    assert not list(tmp_path.iterdir())


def test_tiles_of_ones_own_are_measured_and_named(
    run: Path, tiles: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "FEWEST_REPRESENTATIVE_TILES", 100)
    monkeypatch.setattr(parity.check_precision, "__defaults__", (1.0,))
    own = [replace(tile, source="folder", surface="unstated", name="mill bridge") for tile in tiles]
    manifest = ship(run, own, SIDE, tmp_path, say=quiet)
    assert manifest.training_data == ("tiles of the folder “mill bridge”, its train part",)
    assert {figure.data for figure in manifest.figures} == {"mill bridge test", "mill bridge val"}


def test_a_folder_that_is_no_run(tmp_path: Path, tiles: list[Any]) -> None:
    with pytest.raises(RunError, match="not a training run"):
        ship(tmp_path, tiles, 64, tmp_path)


def change(model: Path, **keys: Any) -> None:
    """The manifest says something else; everything else stays."""
    path = model.with_suffix(".json")
    path.write_text(json.dumps(json.loads(path.read_text()) | keys))


def write(model: Path, manifest: Manifest) -> None:
    """Another manifest, with the card that belongs to it."""
    model.with_suffix(".json").write_text(manifest.model_dump_json(indent=1) + "\n")
    card_path(model).write_text(card(manifest))
