"""Files that outlive a power cut: their content is on the disk, and then their name in its folder."""

import os
from pathlib import Path


def write_flushed(path: Path, content: bytes) -> None:
    """The content is on the disk on return; its name is when `flush_folder` was called after it. Raises OSError."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Makes names that were given or taken in the folder last. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
