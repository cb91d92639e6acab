"""Files named by their SHA-256: <folder>/ab/cdef….

A file appears under its name only when it is whole, checked and on the disk: it is written beside, flushed, renamed,
and the folder flushed.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Generic, TypeVar

from crackmap.durable_files import flush_folder
from crackmap.errors import StorageError
from crackmap.failpoints import failpoint
from crackmap_server.errors import BadRequest, DiskFull, ServerError, TooLarge
from crackmap_server.writer import disk_is_full

_INCOMING = "incoming"
Checked = TypeVar("Checked")


def path_in(folder: Path, sha256: str) -> Path:
    """Where a folder of such files has that one."""
    return folder / sha256[:2] / sha256[2:]


class HashedFiles(Generic[Checked]):
    """A folder of files of one kind. Its failpoint is `<failpoint>.after_write`."""

    kind = "file"
    plural = "files"
    flag = ""
    failpoint = "file"
    changed: type[ServerError] = BadRequest
    """Raised when a body is not what its name says."""

    def __init__(self, folder: Path, limit_bytes: int, check: Callable[[Path], Checked]) -> None:
        """`check` looks at a whole file before it gets its name, and raises a ServerError that refuses it."""
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._check = check

    def open(self) -> None:
        """Make the folder, and clear what a kill left half written. Raises StorageError."""
        try:
            incoming = self._folder / _INCOMING
            incoming.mkdir(parents=True, exist_ok=True)
            for left in incoming.iterdir():
                left.unlink()
        except OSError as error:
            raise StorageError(
                f"{self._folder}: the folder for {self.plural} cannot be used ({error.strerror}). "
                f"Choose one that can be written with {self.flag}."
            ) from None

    def path(self, sha256: str) -> Path:
        """Where the file is, or would be."""
        return path_in(self._folder, sha256)

    def holds(self, sha256: str) -> bool:
        """Whether the file is there."""
        return self.path(sha256).exists()

    @contextmanager
    def arriving(self, sha256: str) -> Iterator["Arrival[Checked]"]:
        """A file that is being received; what is not finished leaves nothing behind."""
        with self._named_disk_full():
            incoming = self._folder / _INCOMING
            with tempfile.NamedTemporaryFile(dir=incoming, delete=False) as wrapper:
                file = wrapper.file
                temporary = Path(file.name)
                try:
                    yield Arrival(self, sha256, file)
                finally:
                    temporary.unlink(missing_ok=True)

    def write(self, file: IO[bytes], part: bytes, size_bytes: int) -> None:
        """Raises TooLarge, DiskFull."""
        if size_bytes > self._limit_bytes:
            raise TooLarge(f"the {self.kind} has more than {self._limit_bytes} bytes")
        with self._named_disk_full():
            file.write(part)

    def keep(self, file: IO[bytes], sha256: str) -> Checked:
        """Check the file and give it its name, for good. Raises DiskFull and what the check raises."""
        path = self.path(sha256)
        with self._named_disk_full():
            file.flush()
            os.fsync(file.fileno())
            temporary = Path(file.name)
            found = self._check(temporary)
            path.parent.mkdir(exist_ok=True)
            temporary.rename(path)
            flush_folder(path.parent)
            flush_folder(path.parent.parent)  # another request may have made the folder a moment ago
        failpoint(f"{self.failpoint}.after_write")
        return found

    @contextmanager
    def _named_disk_full(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if disk_is_full(error):
                raise DiskFull(
                    f"the server's disk is full; the {self.kind} was not kept, send it again when there is room"
                ) from None
            raise


class Arrival(Generic[Checked]):
    """One file on its way in."""

    def __init__(self, files: HashedFiles[Checked], sha256: str, file: IO[bytes]) -> None:
        self._files = files
        self._sha256 = sha256
        self._file = file
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    def write(self, part: bytes) -> None:
        """Raises TooLarge, DiskFull."""
        self.size_bytes += len(part)
        self._files.write(self._file, part, self.size_bytes)
        self._digest.update(part)

    def finish(self) -> Checked:
        """Keep it under its name. Raises the folder's `changed`, DiskFull and what its check raises."""
        found = self._digest.hexdigest()
        if found != self._sha256:
            raise self._files.changed(f"the body's SHA-256 is {found}, not {self._sha256}; it was changed on its way")
        return self._files.keep(self._file, self._sha256)
