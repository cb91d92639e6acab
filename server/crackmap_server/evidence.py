"""Pictures as files, named by their SHA-256: <folder>/ab/cdef….

A file appears under its name only when it is whole, checked and on the disk: it is written beside, flushed, renamed,
and the folder flushed.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from crackmap.errors import StorageError
from crackmap.failpoints import failpoint
from crackmap_server.errors import DiskFull, NotAPicture, TooLarge
from crackmap_server.pictures import Picture, checked
from crackmap_server.settings import Settings
from crackmap_server.writer import disk_is_full

_INCOMING = "incoming"


class EvidenceFolder:
    """The folder of the pictures."""

    def __init__(self, folder: Path, picture_bytes: int, picture_pixels: int) -> None:
        self._folder = folder
        self._picture_bytes = picture_bytes
        self._picture_pixels = picture_pixels

    def open(self) -> None:
        """Make the folder, and clear what a kill left half written. Raises StorageError."""
        try:
            incoming = self._folder / _INCOMING
            incoming.mkdir(parents=True, exist_ok=True)
            for left in incoming.iterdir():
                left.unlink()
        except OSError as error:
            raise StorageError(
                f"{self._folder}: the folder for pictures cannot be used ({error.strerror}). "
                "Choose one that can be written with --evidence."
            ) from None

    def path(self, sha256: str) -> Path:
        """Where the picture is, or would be."""
        return picture_path(self._folder, sha256)

    def holds(self, sha256: str) -> bool:
        """Whether the picture is there."""
        return self.path(sha256).exists()

    @contextmanager
    def arriving(self, sha256: str) -> Iterator["Arrival"]:
        """A picture that is being received; what is not finished leaves nothing behind."""
        with _named_disk_full():
            incoming = self._folder / _INCOMING
            with tempfile.NamedTemporaryFile(dir=incoming, delete=False) as wrapper:
                file = wrapper.file
                temporary = Path(file.name)
                try:
                    yield Arrival(sha256, self.path(sha256), file, self._picture_bytes, self._picture_pixels)
                finally:
                    temporary.unlink(missing_ok=True)


def picture_path(folder: Path, sha256: str) -> Path:
    """Where a folder of pictures has that one."""
    return folder / sha256[:2] / sha256[2:]


def evidence_folder(settings: Settings) -> EvidenceFolder:
    """The folder that the settings name; not opened."""
    return EvidenceFolder(settings.evidence_folder, settings.picture_bytes, settings.picture_pixels)


class Arrival:
    """One picture on its way in."""

    def __init__(self, sha256: str, path: Path, file: IO[bytes], limit_bytes: int, limit_pixels: int) -> None:
        self._sha256 = sha256
        self._path = path
        self._file = file
        self._limit_bytes = limit_bytes
        self._limit_pixels = limit_pixels
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    def write(self, part: bytes) -> None:
        """Raises TooLarge, DiskFull."""
        self.size_bytes += len(part)
        if self.size_bytes > self._limit_bytes:
            raise TooLarge(f"the picture has more than {self._limit_bytes} bytes")
        with _named_disk_full():
            self._digest.update(part)
            self._file.write(part)

    def finish(self) -> Picture:
        """Check the picture and give it its name, for good. Raises NotAPicture, DiskFull."""
        found = self._digest.hexdigest()
        if found != self._sha256:
            raise NotAPicture(f"the body's SHA-256 is {found}, not {self._sha256}; it was changed on its way")
        with _named_disk_full():
            self._file.flush()
            os.fsync(self._file.fileno())
            temporary = Path(self._file.name)
            picture = checked(temporary, self._limit_pixels)
            self._path.parent.mkdir(exist_ok=True)
            temporary.rename(self._path)
            flush_folder(self._path.parent)
            flush_folder(self._path.parent.parent)  # another request may have made the folder a moment ago
        failpoint("evidence.after_write")
        return picture


def flush_folder(folder: Path) -> None:
    """Makes names that were given or taken in the folder last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _named_disk_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if disk_is_full(error):
            raise DiskFull(
                "the server's disk is full; the picture was not kept, send it again when there is room"
            ) from None
        raise
