"""Labelled tiles on disk, as typed rows, and their pixels."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from crackmap_models.errors import EmptyClass, OneClassSet, UnreadableImage

Split = Literal["train", "val", "test"]
Source = Literal["metu", "sdnet2018", "rendered", "folder"]
Surface = Literal["unstated", "walls", "decks", "pavements", "rendered"]
Pixels = npt.NDArray[np.uint8]

# Markers of ITU-T T.81. In a scan's data, 0xFF is always followed by 0 or a restart number: none of them occurs there.
JPEG_START, JPEG_SCAN, JPEG_END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"


@dataclass(frozen=True, slots=True)
class LabelledTile:
    """One image file with what a person said about it. `group` holds tiles that may show the same spot.

    `looked_at`: `crack` is what was seen when the tile was looked at again, not its published label.
    `name`: what a folder of one's own is called in figures (source "folder").
    """

    path: Path
    crack: bool
    source: Source
    surface: Surface
    group: str
    split: Split
    looked_at: bool = False
    name: str = ""

    @property
    def photo(self) -> str:
        """The photograph that the tile was cut from (`7069-101.jpg` → 7069); one without a "-" stands alone."""
        return self.path.stem.rpartition("-")[0] or self.path.stem

    @property
    def data(self) -> str:
        """As 'metu' or 'sdnet2018 walls': what figures are reported for. Of a folder, its name."""
        if self.source == "folder":
            return self.name
        return f"{self.source} {self.surface}" if self.source == "sdnet2018" else self.source


def decode(path: Path, content: bytes) -> Pixels:
    """The bytes of an image file → RGB pixels [height, width, 3]. `path` is for the message only.

    Raises UnreadableImage, also for a JPEG file that ends too early: OpenCV 4 fills what is missing with grey.
    """
    if content.startswith(JPEG_START) and content.rfind(JPEG_END) < content.rfind(JPEG_SCAN):
        raise UnreadableImage(f"{path}: the JPEG file ends too early ({len(content)} bytes). Copy the file again.")
    bgr = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
    if bgr is None:
        raise UnreadableImage(f"{path}: does not decode as a picture ({len(content)} bytes). Copy the file again.")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def read_bytes(path: Path) -> bytes:
    """The file's bytes. Raises UnreadableImage."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableImage(f"{path}: cannot be read ({error.strerror}).") from error


def of_split(tiles: Iterable[LabelledTile], split: Split) -> list[LabelledTile]:
    """The tiles of one split, in order."""
    return [tile for tile in tiles if tile.split == split]


def by_data(tiles: Iterable[LabelledTile]) -> dict[str, list[LabelledTile]]:
    """Tiles by data set and surface kind, in order of first appearance."""
    groups: dict[str, list[LabelledTile]] = {}
    for tile in tiles:
        groups.setdefault(tile.data, []).append(tile)
    return groups


def check_trainable(tiles: Iterable[LabelledTile]) -> None:
    """Raises EmptyClass unless tiles of both classes are there."""
    count = Counter(tile.crack for tile in tiles)
    if not (count[True] and count[False]):
        raise EmptyClass(
            f"the training rows hold {count[True]} crack and {count[False]} no_crack tiles; both classes are needed."
        )


def check_evaluable(cracks: npt.NDArray[np.bool_], data: str) -> None:
    """Raises OneClassSet unless labels [n] of both classes are there."""
    if cracks.all() or not cracks.any():
        raise OneClassSet(
            f"{data}: {int(cracks.sum())} crack and {int((~cracks).sum())} no_crack tiles; a figure needs both. On one "
            "class alone, accuracy is high for a model that always says the same, and says nothing: 80 to 90 % beside "
            "a loss of 1.5 once hid such a set. Point to images of both classes in this split."
        )
