"""Files named by their SHA-256.

A file appears under its name only when it is whole, checked and on the disk: it is written into a folder of this
machine, flushed, and then given to its storage.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Generic, TypeVar

from crackmap.errors import StorageError
from crackmap.failpoints import failpoint
from crackmap_server.errors import BadRequest, DiskFull, ServerError, StorageFailed, TooLarge
from crackmap_server.storage import Storage
from crackmap_server.writer import disk_is_full

_INCOMING = "incoming"
Checked = TypeVar("Checked")


class HashedFiles(Generic[Checked]):
    """Files of one kind. Its failpoint is `<failpoint>.after_write`."""

    kind = "file"
    plural = "files"
    flag = ""
    failpoint = "file"
    changed: type[ServerError] = BadRequest
    """Raised when a body is not what its name says."""

    def __init__(self, storage: Storage, folder: Path, limit_bytes: int, check: Callable[[Path], Checked]) -> None:
        """Files are on their way in or out in `folder`, which is the storage's own where that is a folder.

        `check` looks at a whole file before it gets its name, and raises a ServerError that refuses it.
        """
        self._storage = storage
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._check = check

    def open(self) -> None:
        """Make the folder, and clear what a kill left half written. Raises StorageError."""
        try:
            incoming = self._folder / _INCOMING
            incoming.mkdir(parents=True, exist_ok=True)
            for left in incoming.iterdir():
                _clear(left)
        except OSError as error:
            raise StorageError(
                f"{self._folder}: the folder for {self.plural} cannot be used ({error.strerror}). "
                f"Choose one that can be written with {self.flag}."
            ) from None
        self._storage.open()

    def holds(self, sha256: str) -> bool:
        """Whether the file is there. This and what follows raise StorageFailed."""
        return self.size_bytes(sha256) is not None

    def size_bytes(self, sha256: str) -> int | None:
        """None: it is not there."""
        return self._storage.size_bytes(sha256)

    def held(self, sha256s: Collection[str]) -> set[str]:
        """Those that are there."""
        return self._storage.held(sha256s)

    def listed(self) -> dict[str, int]:
        """Size of all that are there, by SHA-256."""
        return dict(self._storage.listed())

    def local(self, sha256: str) -> Path | None:
        """The file itself, where it lies on this machine; it may be missing."""
        return self._storage.local(sha256)

    def remove(self, sha256: str) -> None:
        """Also where it is gone already."""
        self._storage.remove(sha256)

    def digest(self, sha256: str) -> str:
        """What the SHA-256 of its content really is. Raises FileNotFoundError."""
        digest = hashlib.sha256()
        for part in self._storage.parts(sha256):
            digest.update(part)
        return digest.hexdigest()

    def parts(self, sha256: str) -> Iterator[bytes]:
        """The content; one that is not what its name says ends short. Raises FileNotFoundError."""
        digest, last = hashlib.sha256(), b""
        for part in self._storage.parts(sha256):
            digest.update(part)
            if last:
                yield last
            last = part
        if digest.hexdigest() != sha256:
            raise StorageFailed(f"{self.kind} {sha256} was damaged where it is kept")
        yield last

    @contextmanager
    def reading(self, sha256: str) -> Iterator[Path]:
        """It as a file: the very one, or a copy that was compared with its name. Raises FileNotFoundError."""
        path = self._storage.local(sha256)
        if path is not None:
            yield path
            return
        with self._named_disk_full(), self._temporary() as (temporary, file):
            for part in self.parts(sha256):
                file.write(part)
            file.flush()
            yield temporary

    def adopt(self, source: Path, sha256: str) -> None:
        """A copy of a file that was checked before, as from a backup. Raises DiskFull."""
        with self._named_disk_full(), self._temporary() as (temporary, file):
            with source.open("rb") as content:
                shutil.copyfileobj(content, file)
            file.flush()
            os.fsync(file.fileno())
            self._storage.keep(temporary, sha256)

    @contextmanager
    def arriving(self, sha256: str) -> Iterator["Arrival[Checked]"]:
        """A file that is being received; what is not finished leaves nothing behind."""
        with self._named_disk_full(), self._temporary() as (_, file):
            yield Arrival(self, sha256, file)

    def write(self, file: IO[bytes], part: bytes, size_bytes: int) -> None:
        """Raises TooLarge, DiskFull."""
        if size_bytes > self._limit_bytes:
            raise TooLarge(f"the {self.kind} has more than {self._limit_bytes} bytes")
        with self._named_disk_full():
            file.write(part)

    def keep(self, file: IO[bytes], sha256: str) -> Checked:
        """Check the file and give it its name, for good. Raises DiskFull and what the check raises."""
        with self._named_disk_full():
            file.flush()
            os.fsync(file.fileno())
            temporary = Path(file.name)
            found = self._check(temporary)
            self._storage.keep(temporary, sha256)
        failpoint(f"{self.failpoint}.after_write")
        return found

    @contextmanager
    def _temporary(self) -> Iterator[tuple[Path, IO[bytes]]]:
        """Locked, so that another server that starts in this folder leaves it alone."""
        incoming = self._folder / _INCOMING
        incoming.mkdir(parents=True, exist_ok=True)  # commands open nothing
        while True:
            with tempfile.NamedTemporaryFile(dir=incoming, delete=False) as wrapper:
                file = wrapper.file
                fcntl.flock(file, fcntl.LOCK_EX)
                if os.fstat(file.fileno()).st_nlink == 0:
                    continue  # cleared in the moment before
                temporary = Path(file.name)
                try:
                    yield temporary, file
                finally:
                    temporary.unlink(missing_ok=True)
                return

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


def _clear(left: Path) -> None:
    """What a kill left half written; not what another process of this folder is writing."""
    with suppress(FileNotFoundError), left.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        left.unlink(missing_ok=True)
