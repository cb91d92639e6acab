"""Which model is used is written down whole or not at all, and the one before it stays."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crackmap.errors import InputError, StorageError
from crackmap_robot.registry.followed import NAME, Followed
from crackmap_robot.registry.kept_models import model_path, write_model

OWN = Path("own.tflite")


def kept(folder: Path, models: Path, name: str) -> str:
    """A model of the tests, kept under its hash."""
    from crackmap.manifest import read_manifest

    manifest, content = read_manifest(models / f"{name}.tflite")
    write_model(folder, manifest.sha256, (models / f"{name}.json").read_bytes(), content)
    return manifest.sha256


def test_the_model_before_stays_and_older_ones_go(tmp_path: Path, models: Path) -> None:
    followed = Followed(tmp_path)
    assert followed.candidates(OWN) == [(None, OWN)]
    (tmp_path / "notes.txt").write_text("a person's")
    (tmp_path / f"{'e' * 64}.tflite.part").write_bytes(b"half")
    a, b, c = (kept(tmp_path, models, f"darkness-{kind}") for kind in ("int8", "uint8", "float32"))
    for sha256 in (a, b, b, c):
        followed.adopt(sha256)
    d = kept(tmp_path, models, "darkness-bytes")
    followed.tidy(d)
    assert (followed.current, followed.previous) == (c, b)
    assert followed.candidates(OWN) == [(c, model_path(tmp_path, c)), (b, model_path(tmp_path, b)), (None, OWN)]
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"{c}.tflite", f"{c}.json", f"{b}.tflite", f"{b}.json", "notes.txt", NAME} | {
        f"{d}.tflite",
        f"{d}.json",
    }
    followed.adopt(None)
    assert Followed(tmp_path).candidates(OWN)[0][0] == c
    assert Followed(tmp_path).current is None


@given(st.binary(max_size=200))
def test_whatever_stands_in_its_file_something_can_be_tried(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes
) -> None:
    folder = tmp_path_factory.mktemp("models")
    (folder / NAME).write_bytes(junk)
    assert Followed(folder).candidates(OWN)[-1] == (None, OWN)


def test_a_model_that_was_changed_on_its_way_is_named(tmp_path: Path, models: Path) -> None:
    content = (models / "darkness-int8.tflite").read_bytes()
    with pytest.raises(InputError, match="SHA-256"):
        write_model(tmp_path, "a" * 64, (models / "darkness-int8.json").read_bytes(), content[:-1] + b"!")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(StorageError, match="cannot be written"):
        Followed(tmp_path / "models").adopt("a" * 64)
