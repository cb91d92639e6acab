"""Registered models as files of this machine: <sha256>.tflite with its manifest <sha256>.json beside it.

A file appears under its name only when it is whole, checked and on the disk.
"""

from pathlib import Path

from crackmap.durable_files import flush_folder, write_flushed
from crackmap.errors import StorageError
from crackmap.failpoints import failpoint
from crackmap.manifest import manifest_path, read_manifest

_HALF = ".part"
SHA256_LENGTH = 64


def model_path(folder: Path, sha256: str) -> Path:
    """Where a model is, or would be."""
    return folder / f"{sha256}.tflite"


def write_model(folder: Path, sha256: str, manifest: bytes, content: bytes) -> Path:
    """Keep a model, its manifest first, and check that they belong together.

    Raises InputError, and StorageError for a full disk.
    """
    path = model_path(folder, sha256)
    write_file(manifest_path(path), manifest)
    failpoint("model.half_written")
    write_file(path, content)
    read_manifest(path)
    return path


def write_file(path: Path, content: bytes) -> None:
    """Whole under its name and on the disk, or not at all. Raises StorageError."""
    half = path.with_name(path.name + _HALF)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_flushed(half, content)
        half.replace(path)
        flush_folder(path.parent)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error.strerror}). What was there before is whole.") from error


def tidy(folder: Path, keep: set[str]) -> None:
    """Remove half-written files, and models other than these."""
    for path in sorted(folder.glob("*")):
        ours = path.suffix in {".tflite", ".json"} and len(path.stem) == SHA256_LENGTH
        if path.name.endswith(_HALF) or (ours and path.stem not in keep):
            path.unlink(missing_ok=True)
