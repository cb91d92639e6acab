"""`--scores FILE.csv`: every tile's score, for people and their spreadsheets."""

import csv
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from crackmap import scores
from crackmap.errors import StorageError
from crackmap.messages import Report
from crackmap.tile_grid import TileGrid

COLUMNS = ("photo", "x_px", "y_px", "width_px", "height_px", "score")

Row = tuple[str, int, int, int, int, str]


def rows(photo: str, report: Report, tile_px: int, stride_px: int) -> Iterator[Row]:
    """One row for each tile of a frame: its rectangle and its probability of a crack, empty where it was not scored."""
    image = report.frame.image
    grid = TileGrid(image.width_px, image.height_px, tile_px, stride_px)
    probabilities = scores.probabilities_from_bytes(report.score_map.array())
    for (x, y), score, probability in zip(
        grid.corners_px().tolist(), report.score_map.scores, probabilities.tolist(), strict=True
    ):
        yield photo, x, y, tile_px, tile_px, "" if score == scores.NOT_SCORED else f"{probability:.6f}"


def write(path: Path, table: Iterable[Row]) -> None:
    """The whole table or nothing: an earlier file of that name stays until the new one is complete.

    Raises StorageError.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(table)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StorageError(
            f"--scores {path}: cannot be written ({error.strerror}). The scan itself is in the outbox: run the same "
            "command with another file, and nothing is scanned again."
        ) from error
