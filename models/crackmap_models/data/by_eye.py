"""Labels by eye: what people saw when they looked at published tiles again, without knowing the published label.

A file has the columns surface, file, first, second: what two blind passes said, each crack, no_crack or doubtful.
`second` is empty where there was one pass only. A tile of METU, whose surfaces are not stated, goes by its folder and
name, as in its split file: unstated,Negative/00001.jpg.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from crackmap_models.data.tiles import LabelledTile, Surface
from crackmap_models.errors import ByEyeError

Seen = Literal["crack", "no_crack", "doubtful"]
COLUMNS = ("surface", "file", "first", "second")
SURFACES = ("walls", "decks", "pavements", "unstated")


@dataclass(frozen=True, slots=True)
class Reading:
    """One published tile and what one or two blind passes saw on it; `surface` is "unstated" for METU."""

    surface: Surface
    file: str
    first: Seen
    second: Seen | None

    @property
    def passes(self) -> int:
        """How often the tile was looked at."""
        return 2 if self.second else 1

    @property
    def crack(self) -> bool | None:
        """What all passes agree on; None for a disputed tile, on which they differ or one of them doubts."""
        if self.first == "doubtful" or self.second not in (None, self.first):
            return None
        return self.first == "crack"


def passes_needed(readings: Iterable[Reading]) -> int:
    """How many passes must agree before a tile of one kind counts as agreed: two as soon as any was looked at twice.

    One look is a label to train or validate on where there is nothing better; where a second pass has begun, a tile
    that it has not reached yet is neither agreed nor disputed.
    """
    return 2 if any(reading.second for reading in readings) else 1


def read_by_eye(path: Path) -> list[Reading]:
    """The rows of a file of labels by eye, in its order.

    Raises ByEyeError with file, line, column and value.
    """
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            lines = csv.DictReader(stream)
            missing = [column for column in COLUMNS if column not in (lines.fieldnames or ())]
            if missing:
                raise ByEyeError(f"{path} line 1: no column {missing[0]}. The columns are {', '.join(COLUMNS)}.")
            numbered = [(lines.line_num, line) for line in lines]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ByEyeError(f"{path}: cannot be read ({error}). It is a CSV file in UTF-8.") from error
    readings: dict[tuple[str, str], Reading] = {}
    for number, line in numbered:
        reading = _reading(path, number, line)
        key = (reading.surface, reading.file)
        if key in readings:
            raise ByEyeError(f"{path} line {number}: file {reading.file!r} of {reading.surface} is there twice.")
        readings[key] = reading
    if not readings:
        raise ByEyeError(f"{path}: holds no rows.")
    return list(readings.values())


def readings_of(tiles: Iterable[LabelledTile], readings: Sequence[Reading]) -> Mapping[Path, Reading]:
    """The reading of each tile under its published label, by its path, that has one.

    Raises ByEyeError when none has, which means that file and images (or the split) do not belong together.
    """
    known = {(reading.surface, reading.file): reading for reading in readings}
    found = {tile.path: known[name] for tile in tiles if (name := _published_name(tile)) in known}
    if not found:
        raise ByEyeError(
            f"none of the {len(readings)} tiles labelled by eye (the first is {readings[0].surface} "
            f"{readings[0].file}) is among the tiles of this split. Give --metu or --sdnet2018, and the split's file."
        )
    return found


def relabelled(tiles: Iterable[LabelledTile], readings: Sequence[Reading]) -> list[LabelledTile]:
    """The tiles under what was seen where somebody looked again; disputed ones are left out.

    Raises ByEyeError when none of the tiles was looked at.
    """
    tiles = list(tiles)
    seen = {path: reading.crack for path, reading in readings_of(tiles, readings).items()}
    relabelled = []
    for tile in tiles:
        if tile.path not in seen:
            relabelled.append(tile)
        elif (crack := seen[tile.path]) is not None:
            relabelled.append(replace(tile, crack=crack, looked_at=True))
    return relabelled


def read_twins(path: Path) -> frozenset[tuple[bool, str]]:
    """METU's train and val tiles (crack or not, file name) that show what a tile of a later split shows.

    Its split file knows mirrored copies and crops along one crack, but not every crack that was photographed twice.
    A file with the columns label, file, twin. Raises ByEyeError with file, line, column and value.
    """
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            lines = list(enumerate(csv.DictReader(stream), start=2))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ByEyeError(f"{path}: cannot be read ({error}). It is a CSV file in UTF-8.") from error
    twins = set()
    for number, line in lines:
        if line.get("label") not in {"crack", "no_crack"} or not line.get("file"):
            raise ByEyeError(
                f"{path} line {number}: label is {line.get('label')!r}, file is {line.get('file')!r}; "
                "the columns are label (crack or no_crack), file, twin."
            )
        twins.add((line["label"] == "crack", line["file"]))
    return frozenset(twins)


def without_twins(tiles: Iterable[LabelledTile], twins: frozenset[tuple[bool, str]]) -> list[LabelledTile]:
    """The tiles without METU's train and val tiles that are named in `twins`."""
    return [
        tile
        for tile in tiles
        if tile.source != "metu" or tile.split == "test" or (tile.crack, tile.path.name) not in twins
    ]


def _published_name(tile: LabelledTile) -> tuple[str, str]:
    """Surface and file of a published tile as in a file of labels by eye; no such name for tiles of other sources."""
    if tile.source == "metu":
        return tile.surface, f"{'Positive' if tile.crack else 'Negative'}/{tile.path.name}"
    return (tile.surface, tile.path.name) if tile.source == "sdnet2018" else ("", "")


def _reading(path: Path, number: int, line: dict[str, str]) -> Reading:
    surface = (line["surface"] or "").lower()
    if surface not in SURFACES:
        raise ByEyeError(f"{path} line {number}: surface is {line['surface']!r}; must be one of {', '.join(SURFACES)}.")
    if not line["file"]:
        raise ByEyeError(
            f"{path} line {number}: file is empty; must be the tile's file, as 7069-101.jpg or Negative/00001.jpg."
        )
    for column in ("first", "second"):
        if line[column] not in get_args(Seen) and not (column == "second" and not line[column]):
            raise ByEyeError(
                f"{path} line {number}: {column} is {line[column]!r}; must be crack, no_crack or doubtful"
                + (" (or empty)." if column == "second" else ".")
            )
    return Reading(surface, line["file"], line["first"], line["second"] or None)  # type: ignore[arg-type]  # checked
