"""Crack level on whole photographs: how much of the cracks is found, by length, and how many cracks are made up.

Labels are of tiles, so everything here is a proxy at the size of a tile: a crack is a connected piece of labelled
tiles (8-neighbourhood), and its length is the number of its tiles times their side. A crack that crosses a tile
slantwise or twice is longer than that, one that cuts a corner is shorter, and two cracks in neighbouring tiles count
as one. One detection anywhere finds a whole piece, so the share of its tiles that are detections, or next to one,
stands beside its length. A false crack is a connected piece of detections that touches no labelled tile and no
neighbour of one: next to a labelled tile the label, not the detection, may be off by a tile.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from crackmap_models.data.fit import fit
from crackmap_models.data.photographs import Photograph
from crackmap_models.evaluation.kinds import MM_PER_PX
from crackmap_models.evaluation.scorers import Scorer

Grid = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found on one photograph, or on several together. Lengths by tiles (see above); areas at 0.23 mm/px."""

    name: str
    cracks: int
    cracks_found: int
    length_m: float
    found_length_m: float
    crack_tiles: int
    crack_tiles_found: int
    crack_tiles_close: int
    false_cracks: int
    false_tiles: int
    no_crack_m2: float

    @property
    def found_by_length(self) -> float:
        """The share of the cracks' length that belongs to cracks with at least one detection; nan without cracks."""
        return self.found_length_m / self.length_m if self.length_m else float("nan")

    @property
    def tiles_found(self) -> float:
        """The share of the labelled tiles that are detections; nan without any."""
        return self.crack_tiles_found / self.crack_tiles if self.crack_tiles else float("nan")

    @property
    def tiles_close(self) -> float:
        """The share of the labelled tiles that are detections or have one among their eight neighbours; nan without."""
        return self.crack_tiles_close / self.crack_tiles if self.crack_tiles else float("nan")

    @property
    def false_cracks_per_m2(self) -> float:
        """False cracks per square metre of tiles without a labelled crack."""
        return self.false_cracks / self.no_crack_m2 if self.no_crack_m2 else float("nan")


def score(scorer: Scorer, photograph: Photograph) -> tuple[npt.NDArray[np.float64], float]:
    """Logits [rows, columns] of a photograph's tiles, and the side of a tile in metres.

    Raises UnreadableImage and PhotographError.
    """
    tiles = photograph.tiles()
    logits = scorer.logits([fit(tile, scorer.tile_px) for tile in tiles])
    return logits.reshape(photograph.labels.shape), tiles[0].shape[0] * MM_PER_PX / 1000


def judge(name: str, labels: Grid, called: Grid, side_m: float) -> Found:
    """Labels and detections [rows, columns] of one photograph, tiles of `side_m`."""
    pieces = _pieces(labels)
    hit = [piece for piece in pieces if called[piece].any()]
    near = _with_neighbours(labels)
    return Found(
        name=name,
        cracks=len(pieces),
        cracks_found=len(hit),
        length_m=int(labels.sum()) * side_m,
        found_length_m=sum(int(piece.sum()) for piece in hit) * side_m,
        crack_tiles=int(labels.sum()),
        crack_tiles_found=int((labels & called).sum()),
        crack_tiles_close=int((labels & _with_neighbours(called)).sum()),
        false_cracks=sum(not near[piece].any() for piece in _pieces(called)),
        false_tiles=int((called & ~labels).sum()),
        no_crack_m2=int((~labels).sum()) * side_m**2,
    )


def together(name: str, found: Sequence[Found]) -> Found:
    """Several photographs as one: everything is added up."""
    sums: dict[str, Any] = {
        part.name: sum(getattr(one, part.name) for one in found) for part in fields(Found) if part.name != "name"
    }
    return Found(name=name, **sums)


HEADER = (
    f"{'':16}{'cracks found':>14}{'length':>9}{'by length':>11}{'crack tiles':>13}{'found':>8}{'within a tile':>15}"
    f"{'false cracks':>14}{'per m2':>8}{'false tiles':>13}"
)


def line(found: Found) -> str:
    """One row of a table under HEADER."""
    cracks = f"{found.cracks_found} of {found.cracks}"
    return (
        f"{found.name:16}{cracks:>14}{found.length_m:7.2f} m{found.found_by_length:11.1%}{found.crack_tiles:13}"
        f"{found.tiles_found:8.1%}{found.tiles_close:15.1%}{found.false_cracks:14}{found.false_cracks_per_m2:8.2f}"
        f"{found.false_tiles:13}"
    )


def as_json(found: Found) -> dict[str, float | str | None]:
    """Everything counted and every share; what is nan becomes null."""
    row = asdict(found) | {
        "found_by_length": found.found_by_length,
        "tiles_found": found.tiles_found,
        "tiles_close": found.tiles_close,
        "false_cracks_per_m2": found.false_cracks_per_m2,
    }
    return {key: None if isinstance(value, float) and math.isnan(value) else value for key, value in row.items()}


def _with_neighbours(grid: Grid) -> Grid:
    """Every tile of a grid [rows, columns] that is set or has a neighbour that is."""
    return np.asarray(cv2.dilate(grid.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)


def _pieces(grid: Grid) -> list[Grid]:
    """The connected pieces of a grid (8-neighbourhood), a mask [rows, columns] each."""
    count, numbers = cv2.connectedComponents(grid.astype(np.uint8), connectivity=8)
    return [np.asarray(numbers == number) for number in range(1, count)]
