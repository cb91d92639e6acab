"""Whole photographs with a label for each tile: `NAME.jpg` and `NAME.labels.csv`, a grid of 1 (crack) and 0 (none)."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crackmap_models.data.tiles import Pixels, decode, read_bytes
from crackmap_models.errors import PhotographError

LABELS = ".labels.csv"


@dataclass(frozen=True, slots=True)
class Photograph:
    """One photograph: where it is, and labels [rows, columns] of the square tiles that cover it."""

    path: Path
    labels: npt.NDArray[np.bool_]

    @property
    def name(self) -> str:
        """As walls-7118."""
        return self.path.stem

    @property
    def surface(self) -> str:
        """What stands before the dash: walls, decks, pavements."""
        return self.name.split("-")[0]

    def tiles(self) -> list[Pixels]:
        """The photograph cut into its tiles RGB [side, side, 3], row by row.

        Raises UnreadableImage, and PhotographError when the picture is not a grid of such squares.
        """
        pixels = decode(self.path, read_bytes(self.path))
        rows, columns = self.labels.shape
        side = pixels.shape[1] // columns
        if pixels.shape[:2] != (rows * side, columns * side):
            raise PhotographError(
                f"{self.path}: {pixels.shape[1]} × {pixels.shape[0]} px are not {columns} × {rows} square tiles, as "
                f"{labels_path(self.path).name} has them. Give the photograph that was labelled, at its full size."
            )
        return [
            pixels[top : top + side, left : left + side]
            for top in range(0, rows * side, side)
            for left in range(0, columns * side, side)
        ]


def labels_path(photograph: Path) -> Path:
    """`walls-7118.jpg` → `walls-7118.labels.csv`."""
    return photograph.with_name(photograph.stem + LABELS)


def read_photographs(folder: Path) -> list[Photograph]:
    """All labelled photographs of a folder, by name.

    Raises PhotographError when there are none, when one is without labels, or for a label that is neither 0 nor 1.
    """
    paths = sorted(folder.glob("*.jpg"))
    if not paths:
        raise PhotographError(f"{folder}: holds no .jpg. Expected NAME.jpg with NAME{LABELS} beside it.")
    return [Photograph(path, _read_labels(labels_path(path))) for path in paths]


def _read_labels(path: Path) -> npt.NDArray[np.bool_]:
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            lines = list(csv.reader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PhotographError(
            f"{path}: cannot be read ({error}). It holds a line of 0 and 1 per row of tiles."
        ) from error
    for number, line in enumerate(lines, start=1):
        if len(line) != len(lines[0]):
            raise PhotographError(f"{path} line {number}: {len(line)} labels; line 1 has {len(lines[0])}.")
        for column, value in enumerate(line, start=1):
            if value not in {"0", "1"}:
                raise PhotographError(f"{path} line {number}, column {column}: {value!r}; must be 0 (no crack) or 1.")
    if not lines or not lines[0]:
        raise PhotographError(f"{path}: is empty. It holds a line of 0 and 1 per row of tiles.")
    return np.asarray(np.array(lines) == "1")
