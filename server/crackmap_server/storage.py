"""Where files named by their SHA-256 lie: in a folder of this machine, or in an object store (`object_storage`).

In a folder: <folder>/ab/cdef…
"""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final, Protocol

from crackmap.durable_files import flush_folder

PART_BYTES: Final = 2**20


class Storage(Protocol):
    """Each file is there whole, or not at all."""

    def open(self) -> None:
        """Before the first file. Raises StorageError when it cannot be used."""

    def keep(self, whole: Path, sha256: str) -> None:
        """For good: a local file, which is whole and checked, and which it may take away."""

    def size_bytes(self, sha256: str) -> int | None:
        """None: it is not there."""

    def held(self, sha256s: Collection[str]) -> set[str]:
        """Those that are there."""

    def listed(self) -> Iterator[tuple[str, int]]:
        """SHA-256 and size of all that are there."""

    def local(self, sha256: str) -> Path | None:
        """The file itself, where it lies on this machine; it may be missing."""

    def parts(self, sha256: str) -> Iterator[bytes]:
        """Its content, as it is. Raises FileNotFoundError."""

    def remove(self, sha256: str) -> None:
        """Also where it is gone already."""


class FolderStorage:
    """A folder of this machine, or one that all servers of a log mount. Files and names are flushed to the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self) -> None:
        """Folders are made as files come."""

    def keep(self, whole: Path, sha256: str) -> None:
        """Rename it; it must lie on the same file system."""
        path = self.local(sha256)
        path.parent.mkdir(exist_ok=True)
        whole.rename(path)
        flush_folder(path.parent)
        flush_folder(path.parent.parent)  # another request may have made the folder a moment ago

    def size_bytes(self, sha256: str) -> int | None:
        """None: it is not there."""
        try:
            return self.local(sha256).stat().st_size
        except FileNotFoundError:
            return None

    def held(self, sha256s: Collection[str]) -> set[str]:
        """Those that are there."""
        return {sha256 for sha256 in sha256s if self.local(sha256).exists()}

    def listed(self) -> Iterator[tuple[str, int]]:
        """All files that are named like that."""
        for path in self._folder.glob("??/*"):
            yield path.parent.name + path.name, path.stat().st_size

    def local(self, sha256: str) -> Path:
        """Where it is, or would be."""
        return path_in(self._folder, sha256)

    def parts(self, sha256: str) -> Iterator[bytes]:
        """Raises FileNotFoundError."""
        with self.local(sha256).open("rb") as file:
            while part := file.read(PART_BYTES):
                yield part

    def remove(self, sha256: str) -> None:
        """Also where it is gone already."""
        self.local(sha256).unlink(missing_ok=True)


def path_in(folder: Path, sha256: str) -> Path:
    """Where a folder of such files has that one."""
    return folder / sha256[:2] / sha256[2:]
