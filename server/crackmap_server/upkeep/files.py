"""Files that are there whole or not at all, and their SHA-256."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crackmap.errors import StorageError
from crackmap_server.storage import flush_folder


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """A file to write to; it gets its name when it is whole and on the disk. Raises StorageError."""
    beside = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.unlink(missing_ok=True)
        yield beside
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.rename(path)
        flush_folder(path.parent)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise StorageError(
            f"{path}: cannot be written ({error.strerror}). Make room, or choose another folder."
        ) from None


def copy_file(source: Path, target: Path) -> None:
    """Raises StorageError."""
    with appearing(target) as beside:
        shutil.copyfile(source, beside)


def file_sha256(path: Path) -> str:
    """Of the file's content. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
