"""What several commands ask for, and how they read it."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from crackmap_models.data.tiles import LabelledTile

METU = typer.Option(None, exists=True, file_okay=False, help="METU images: the complete set or the sample.")
SDNET2018 = typer.Option(None, exists=True, file_okay=False, help="SDNET2018 images: the complete set or the sample.")
RENDERED = typer.Option(None, exists=True, file_okay=False, help="Tiles made by `crackmap models render`.")
SPLITS = typer.Option(None, exists=True, file_okay=False, help="Folder of metu.csv.gz and sdnet2018.csv.gz.")
RUN = typer.Argument(..., help="Run folder: settings, checkpoints, history.")
SIZES = typer.Option([227, 256], "--tile-px", min=32, help="Tile size; may be given several times.")
TO = typer.Option(Path("models/shipped"), file_okay=False, help="Where the .tflite, .json and .md files go.")


def say(text: str) -> None:
    """Progress, at once."""
    print(text, flush=True)


def read_tiles(
    metu: Path | None, sdnet2018: Path | None, rendered: Path | None, splits: Path | None
) -> "list[LabelledTile]":
    """The labelled tiles of the sources that were given. Raises SettingError when there are none."""
    from crackmap.errors import SettingError
    from crackmap_models.data.published import read_metu, read_sdnet2018
    from crackmap_models.data.rendered import read_rendered

    if (metu or sdnet2018) and not splits:
        raise SettingError("--splits is missing: --metu and --sdnet2018 need the folder of their split files.")
    tiles = read_metu(metu, splits) if metu and splits else []
    tiles += read_sdnet2018(sdnet2018, splits) if sdnet2018 and splits else []
    tiles += read_rendered(rendered) if rendered else []
    if not tiles:
        raise SettingError("no tiles: give at least one of --metu, --sdnet2018, --rendered.")
    return tiles
