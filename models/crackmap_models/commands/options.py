"""What several commands ask for, and how they read it."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crackmap_models.data.by_eye import Reading
    from crackmap_models.data.tiles import LabelledTile, Split

METU = typer.Option(None, exists=True, file_okay=False, help="METU images: the complete set or the sample.")
SDNET2018 = typer.Option(None, exists=True, file_okay=False, help="SDNET2018 images: the complete set or the sample.")
RENDERED = typer.Option(None, exists=True, file_okay=False, help="Tiles made by `crackmap models render`.")
SPLITS = typer.Option(None, exists=True, file_okay=False, help="Folder of metu.csv.gz and sdnet2018.csv.gz.")
FOLDERS = typer.Option(
    [],
    "--folder",
    exists=True,
    file_okay=False,
    help="Tiles of your own: crack/ and no_crack/ (also by surface), sorted into train/, val/, test/ or not; several.",
)
RUN = typer.Argument(..., help="Run folder: settings, checkpoints, history.")
SIZES = typer.Option([227, 256], "--tile-px", min=32, help="Tile size; may be given several times.")
MODELS = typer.Argument(..., exists=True, help="A .tflite file with its manifest beside it, or a run folder; several.")
SPLIT = typer.Option("test", help="val or test.")
BY_EYE = typer.Option(
    None, exists=True, file_okay=False, help="Folder of val.csv and test.csv: tiles labelled again by eye."
)
TO = typer.Option(Path("models/shipped"), file_okay=False, help="Where the .tflite, .json and .md files go.")


def say(text: str) -> None:
    """Progress, at once."""
    print(text, flush=True)


def read_tiles(
    metu: Path | None,
    sdnet2018: Path | None,
    rendered: Path | None,
    splits: Path | None,
    folders: "Sequence[Path]" = (),
    *,
    whole: "Split | None" = None,
    twins_refused: bool = True,
) -> "list[LabelledTile]":
    """The labelled tiles of the sources that were given.

    All tiles of a folder that is not sorted into splits are of the split `whole`; without it they are dealt out.
    Raises SettingError when there are none or two sources go by one name, TileInTwoSplits for a folder with the same
    file in two splits unless `twins_refused` is off.
    """
    from crackmap.errors import SettingError
    from crackmap_models.data.folders import check_contents, read_folder
    from crackmap_models.data.published import read_metu, read_sdnet2018
    from crackmap_models.data.rendered import read_rendered
    from crackmap_models.data.tiles import by_data

    if (metu or sdnet2018) and not splits:
        raise SettingError(
            "--splits is missing: --metu and --sdnet2018 need the folder of their split files. They are published "
            "without a split, and one made at random leaks: METU repeats itself, SDNET2018's photographs overlap."
        )
    tiles = read_metu(metu, splits) if metu and splits else []
    tiles += read_sdnet2018(sdnet2018, splits) if sdnet2018 and splits else []
    tiles += read_rendered(rendered) if rendered else []
    for folder in folders:
        own = read_folder(folder, whole, say=say)
        if twins_refused:
            check_contents(own)
        if same := by_data(tiles).keys() & by_data(own).keys():
            raise SettingError(f"--folder {folder}: {min(same)!r} is what another source is called; rename the folder.")
        tiles += own
    if not tiles:
        raise SettingError("no tiles: give at least one of --metu, --sdnet2018, --rendered, --folder.")
    return tiles


def val_or_test(split: str) -> "Split":
    """Raises SettingError for any other split: nothing is measured on train, and the reserve stays untouched."""
    from crackmap.errors import SettingError

    if split not in {"val", "test"}:
        raise SettingError(f"--split {split}: must be val or test.")
    return split  # type: ignore[return-value]  # checked


def read_eyes(by_eye: Path | None, tiles: "list[LabelledTile]", *splits: "Split") -> "Mapping[Path, Reading]":
    """The labels by eye of the tiles of `splits`, by path; says so when some are of tiles that are not there."""
    from crackmap_models.data.by_eye import Reading, read_by_eye, readings_of
    from crackmap_models.data.tiles import of_split

    found: dict[Path, Reading] = {}
    if by_eye is None:
        return found
    for split in dict.fromkeys(splits):
        readings = read_by_eye(by_eye / f"{split}.csv")
        here = readings_of(of_split(tiles, split), readings)
        if missing := len(readings) - len(here):
            say(f"{missing} of {len(readings)} {split} tiles labelled by eye are not among the images given.")
        found.update(here)
    return found
