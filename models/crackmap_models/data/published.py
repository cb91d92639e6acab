"""METU and SDNET2018 as published, with their split files.

`read_metu` and `read_sdnet2018` take the complete sets as published, or the samples `{split}/…/{crack,no_crack}/`
of the shared data folder; with a sample only the rows whose file is there are returned. Rows whose split is not
train, val or test are left out: copies (unless asked for), contradictory labels, the reserve for final acceptance.
"""

import csv
import gzip
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import get_args

from crackmap_models.data.tiles import LabelledTile, Split, Surface
from crackmap_models.errors import MissingImages, TileInTwoSplits, TrainingDataError

CRACK_FOLDERS = {"crack": "Cracked", "no_crack": "Non-cracked"}


def read_metu(images: Path, splits: Path, *, copies: bool = False) -> list[LabelledTile]:
    """Rows of "Concrete Crack Images for Classification"; `splits` is the folder of metu.csv.gz.

    `copies`: mirrored and re-encoded copies too, as train rows. Only to show what they do to a random split.

    Raises MissingImages when the folder does not hold what the split file names, TileInTwoSplits when the split file
    names one file twice.
    """

    def row(line: dict[str, str], path: Path, split: Split) -> LabelledTile:
        return LabelledTile(path, line["label"] == "crack", "metu", "unstated", f"metu {line['content_group']}", split)

    def places(line: dict[str, str]) -> tuple[str, str]:
        return line["file"], f"{line['split']}/{line['label']}/{Path(line['file']).name}"

    taken_as: dict[str, Split] = {"copy": "train"} if copies else {}
    return _rows(images, splits / "metu.csv.gz", "Positive", places, row, taken_as=taken_as)


def read_sdnet2018(images: Path, splits: Path) -> list[LabelledTile]:
    """Rows of SDNET2018; `splits` is the folder of sdnet2018.csv.gz.

    Raises MissingImages when the folder does not hold what the split file names, TileInTwoSplits when the split file
    names one file twice.
    """
    surfaces: dict[str, Surface] = {"Walls": "walls", "Decks": "decks", "Pavements": "pavements"}

    def row(line: dict[str, str], path: Path, split: Split) -> LabelledTile:
        surface = surfaces[line["surface"]]
        return LabelledTile(path, line["label"] == "crack", "sdnet2018", surface, line["overlap_group"], split)

    def places(line: dict[str, str]) -> tuple[str, str]:
        complete = f"{line['surface']}/{CRACK_FOLDERS[line['label']]}/{line['file']}"
        return complete, f"{line['split']}/{line['surface'].lower()}/{line['label']}/{line['file']}"

    return _rows(images, splits / "sdnet2018.csv.gz", "Walls", places, row)


def _rows(
    images: Path,
    split_file: Path,
    complete_folder: str,
    places: Callable[[dict[str, str]], tuple[str, str]],
    row: Callable[[dict[str, str], Path, Split], LabelledTile],
    *,
    taken_as: Mapping[str, Split] = MappingProxyType({}),
) -> list[LabelledTile]:
    """The rows of a split file in its order; `places` gives a row's file in the complete set and in the sample.

    `taken_as`: rows of splits that are otherwise left out, and the split that they are returned with.
    """
    complete = (images / complete_folder).is_dir()
    rows, first = [], dict[str, tuple[int, str]]()
    for number, line in _lines(split_file):
        split, file = line["split"], places(line)[0]
        earlier, its_split = first.setdefault(file, (number, split))
        if earlier != number:
            error = TrainingDataError if its_split == split else TileInTwoSplits
            raise error(f"{split_file} line {number}: {file} is {split}, on line {earlier} {its_split}. Remove one.")
        split = taken_as.get(split, split)
        if split not in get_args(Split):
            continue
        path = images / places(line)[0 if complete else 1]
        if path.is_file():
            rows.append(row(line, path, split))  # type: ignore[arg-type]  # checked two lines above
        elif complete:
            raise MissingImages(
                f"{path}: named by {split_file} line {number}, but not there. "
                "The set is incomplete; copy it again, or point to the sample instead."
            )
    if not rows:
        raise MissingImages(
            f"{images}: holds none of the images that {split_file} names. Expected the complete set "
            f"({complete_folder}/…) or the sample (train/…, val/…, test/…)."
        )
    return rows


def _lines(split_file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line numbers (the header is line 1) and rows of a gzipped CSV with a `label` and a `split` column."""
    try:
        with gzip.open(split_file, "rt", newline="") as stream:
            for number, line in enumerate(csv.DictReader(stream), start=2):
                if line.get("label") not in CRACK_FOLDERS or not line.get("split"):
                    raise TrainingDataError(
                        f"{split_file} line {number}: label is {line.get('label')!r}, split is {line.get('split')!r}; "
                        "a split file has the columns label (crack or no_crack) and split."
                    )
                yield number, line
    except (OSError, EOFError) as error:
        raise MissingImages(f"{split_file}: cannot be read ({error}). It is a gzipped CSV file.") from error
