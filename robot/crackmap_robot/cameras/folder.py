"""Photographs in a folder, or one photograph."""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crackmap.errors import InputError
from crackmap_robot.cameras.camera import Photo, Refused
from crackmap_robot.cameras.photograph import LARGEST_PX, read_header

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff"})
LARGEST_BYTES = 3 * LARGEST_PX
"""Of one file, which is read whole: what the largest photograph takes without any compression."""


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts img2 before img10: runs of digits count as numbers. Ties are broken by the name itself."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return (*((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts), (2, 0, name))


@dataclass(frozen=True)
class Folder:
    """The photographs of one folder in natural order of their names; sub-folders are not entered.

    A link to a photograph counts as that photograph, under the link's name.
    """

    photographs: tuple[Path, ...]
    left_out: tuple[str, ...]
    """What else lies in the folder, for people: names of other files, sub-folders with a slash at the end."""

    def frames(self) -> Iterator[Photo | Refused]:
        """Each photograph, read and hashed, or why it is refused."""
        for path in self.photographs:
            try:
                yield read_photo(path)
            except InputError as error:
                yield Refused(path.name, error)


def open_folder(source: Path) -> Folder:
    """One photograph or a folder of them.

    Raises InputError when there is no such thing, it cannot be read, or it holds no photograph.
    """
    try:
        if not source.is_dir():
            source.stat()
            return Folder((source,), ())
        entries = sorted(os.scandir(source), key=lambda entry: natural_key(entry.name))
    except OSError as error:
        raise InputError(
            f"{source}: cannot be read ({error.strerror}). Give a photograph or a folder that holds photographs."
        ) from error
    folders = {entry.name for entry in entries if entry.is_dir()}
    chosen = tuple(Path(entry) for entry in entries if entry.name not in folders and is_photograph(entry.name))
    taken = {path.name for path in chosen}
    rest = tuple(
        f"{entry.name}/" if entry.name in folders else entry.name for entry in entries if entry.name not in taken
    )
    if not chosen:
        inside = f" It holds the sub-folders {', '.join(sorted(folders))}: give one of them." if folders else ""
        raise InputError(f"{source}: holds no photograph ({', '.join(sorted(SUFFIXES))}).{inside}")
    return Folder(chosen, rest)


def is_photograph(name: str) -> bool:
    """By the name's ending; hidden files, as some cameras and computers leave them, are none."""
    return Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")


def read_photo(path: Path) -> Photo:
    """The whole file and its header.

    Raises InputError when it cannot be read or is not a photograph that can be scanned.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # asked first: to open a pipe blocks
            raise InputError(f"{path}: is not a file. Take it out of the folder.")
        if found.st_size > LARGEST_BYTES:
            raise InputError(
                f"{path}: has {found.st_size:,} bytes; at most {LARGEST_BYTES:,} are read. Cut it into parts."
            )
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from error
    image, capture = read_header(content, path.name)
    return Photo(
        label=label_of(path),
        path=path.absolute(),
        image=image,
        capture=capture,
        content=content,
    )


def label_of(path: Path) -> str:
    """A photograph's name. Old cards hold names that are not UTF-8; a label travels, and must be."""
    return os.fsencode(path.name).decode(errors="replace")
