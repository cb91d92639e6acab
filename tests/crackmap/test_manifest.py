"""A model and its manifest belong together, or there is a named error."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from crackmap.errors import InputError
from crackmap.manifest import Dense, Manifest, dense_path, manifest_path, read_dense, read_manifest

MODEL = b"not really a model"
PROMISES: dict[str, Any] = {
    "name": "crack-227",
    "sha256": hashlib.sha256(MODEL).hexdigest(),
    "size_bytes": len(MODEL),
    "tile_px": 227,
    "input_dtype": "int8",
    "output_dtype": "int8",
    "threshold": 0.5,
    "threshold_rule": "by hand",
    "mm_per_px": {"low": 0.1, "high": 1.0},
    "surfaces": ["wall"],
    "training_data": ["metu train"],
    "parameters": 80_000,
    "licence": "Apache-2.0",
    "created_utc": "2026-11-20",
}


def pair(folder: Path, **changes: Any) -> Path:
    model = folder / "crack-227.tflite"
    model.write_bytes(MODEL)
    manifest_path(model).write_text(json.dumps(PROMISES | changes))
    return model


def test_a_model_with_its_manifest_is_read(tmp_path: Path) -> None:
    manifest, content = read_manifest(pair(tmp_path))
    assert content == MODEL
    assert manifest.tile_px == 227
    assert Manifest.model_validate_json(manifest.model_dump_json()) == manifest


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"threshold": 2}, "threshold"),
        ({"tile_px": 0}, "tile_px"),
        ({"mm_per_px": {"low": 2, "high": 1}}, "mm_per_px"),
        ({"labels": ["crack", "no_crack"]}, "labels"),
        ({"surfaces": []}, "surfaces"),
        ({"unknown": 1}, "unknown"),
        ({"version": 2}, "version"),
    ],
)
def test_a_promise_that_cannot_be_is_named(tmp_path: Path, changes: dict[str, Any], key: str) -> None:
    model = pair(tmp_path, **changes)
    with pytest.raises(InputError, match=rf"crack-227\.json: {key}"):
        read_manifest(model)


def test_a_manifest_that_is_no_json_is_named(tmp_path: Path) -> None:
    model = pair(tmp_path)
    manifest_path(model).write_text("{")
    with pytest.raises(InputError, match=r"crack-227\.json: the file"):
        read_manifest(model)


def test_a_model_of_another_manifest_is_refused(tmp_path: Path) -> None:
    model = pair(tmp_path)
    model.write_bytes(MODEL + b"!")
    with pytest.raises(InputError, match="promises"):
        read_manifest(model)


@pytest.mark.parametrize("missing", ["crack-227.tflite", "crack-227.json"])
def test_a_missing_file_is_named(tmp_path: Path, missing: str) -> None:
    model = pair(tmp_path)
    (tmp_path / missing).unlink()
    with pytest.raises(InputError, match=missing):
        read_manifest(model)


def test_the_dense_file_is_the_one_that_is_promised(tmp_path: Path) -> None:
    promised = {"sha256": hashlib.sha256(b"dense").hexdigest(), "size_bytes": 5, "stride_px": 96}
    model = pair(tmp_path, dense=promised)
    manifest, _ = read_manifest(model)
    assert manifest.dense == Dense(**promised)
    assert read_manifest(pair(tmp_path))[0].dense is None
    with pytest.raises(InputError, match=r"crack-227\.dense\.tflite: the file for overlapping tiles cannot be read"):
        read_dense(model, manifest.dense)
    dense_path(model).write_bytes(b"dense")
    assert read_dense(model, manifest.dense) == b"dense"
    dense_path(model).write_bytes(b"other")
    with pytest.raises(InputError, match=r"dense\.tflite: SHA-256 is .*, but crack-227\.json promises"):
        read_dense(model, manifest.dense)
