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
Line = dict[str, str]
# A row's file inside the folder of images.
Place = Callable[[Line], str]


def read_metu(images: Path, splits: Path, *, copies: bool = False) -> list[LabelledTile]:
    """Rows of "Concrete Crack Images for Classification"; `splits` is the folder of metu.csv.gz.

    `copies`: mirrored and re-encoded copies too, as train rows. Only to show what they do to a random split.

    Raises MissingImages when the folder does not hold what the split file names, TileInTwoSplits when the split file
    names one file twice.
    """

    def row(line: Line, path: Path, split: Split) -> LabelledTile:
        return LabelledTile(path, line["label"] == "crack", "metu", "unstated", f"metu {line['content_group']}", split)

    def sampled(line: Line) -> str:
        return f"{line['split']}/{line['label']}/{Path(line['file']).name}"

    taken_as: dict[str, Split] = {"copy": "train"} if copies else {}
    complete: dict[str, Place] = {"Positive": lambda line: line["file"]}
    return _rows(images, splits / "metu.csv.gz", complete, sampled, row, taken_as=taken_as)


def read_sdnet2018(images: Path, splits: Path) -> list[LabelledTile]:
    """Rows of SDNET2018; `splits` is the folder of sdnet2018.csv.gz.

    Raises MissingImages when the folder does not hold what the split file names, TileInTwoSplits when the split file
    names one file twice. The complete set is `Walls/Cracked/…` or, as its authors packed it, `W/CW/…`.
    """
    surfaces: dict[str, Surface] = {"Walls": "walls", "Decks": "decks", "Pavements": "pavements"}

    def row(line: Line, path: Path, split: Split) -> LabelledTile:
        surface = surfaces[line["surface"]]
        return LabelledTile(path, line["label"] == "crack", "sdnet2018", surface, line["overlap_group"], split)

    def named(line: Line) -> str:
        return f"{line['surface']}/{CRACK_FOLDERS[line['label']]}/{line['file']}"

    def lettered(line: Line) -> str:
        letter = line["surface"][0]
        return f"{letter}/{'C' if line['label'] == 'crack' else 'U'}{letter}/{line['file']}"

    def sampled(line: Line) -> str:
        return f"{line['split']}/{line['surface'].lower()}/{line['label']}/{line['file']}"

    return _rows(images, splits / "sdnet2018.csv.gz", {"Walls": named, "W": lettered}, sampled, row)


def _rows(
    images: Path,
    split_file: Path,
    complete: Mapping[str, Place],
    sampled: Place,
    row: Callable[[Line, Path, Split], LabelledTile],
    *,
    taken_as: Mapping[str, Split] = MappingProxyType({}),
) -> list[LabelledTile]:
    """The rows of a split file in its order.

    `complete`: where a row's file is in each layout of the complete set, by a folder that tells the layout; `sampled`:
    where it is in a sample. `taken_as`: rows of splits that are otherwise left out, and the split they come back with.
    """
    layout = next((place for folder, place in complete.items() if (images / folder).is_dir()), None)
    rows, first = [], dict[str, tuple[int, str]]()
    for number, line in _lines(split_file):
        split, file = line["split"], next(iter(complete.values()))(line)
        earlier, its_split = first.setdefault(file, (number, split))
        if earlier != number:
            error = TrainingDataError if its_split == split else TileInTwoSplits
            raise error(f"{split_file} line {number}: {file} is {split}, on line {earlier} {its_split}. Remove one.")
        split = taken_as.get(split, split)
        if split not in get_args(Split):
            continue
        path = images / (layout or sampled)(line)
        if path.is_file():
            rows.append(row(line, path, split))  # type: ignore[arg-type]  # checked two lines above
        elif layout:
            raise MissingImages(
                f"{path}: named by {split_file} line {number}, but not there. "
                "The set is incomplete; copy it again, or point to the sample instead."
            )
    if not rows:
        raise MissingImages(
            f"{images}: holds none of the images that {split_file} names. Expected the complete set "
            f"({' or '.join(f'{folder}/…' for folder in complete)}) or the sample (train/…, val/…, test/…)."
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
