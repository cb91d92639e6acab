"""`crackmap models render | train | convert | evaluate`."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from crackmap_models.data import LabelledTile

app = typer.Typer(help="Train, convert and evaluate crack classifiers.", no_args_is_help=True)

METU = typer.Option(None, exists=True, file_okay=False, help="METU images: the complete set or the sample.")
SDNET2018 = typer.Option(None, exists=True, file_okay=False, help="SDNET2018 images: the complete set or the sample.")
RENDERED = typer.Option(None, exists=True, file_okay=False, help="Tiles made by `crackmap models render`.")
SPLITS = typer.Option(None, exists=True, file_okay=False, help="Folder of metu.csv.gz and sdnet2018.csv.gz.")
RUN = typer.Argument(..., help="Run folder: settings, checkpoints, history.")
SIZES = typer.Option([227, 256], "--tile-px", min=32, help="Tile size; may be given several times.")
TO = typer.Option(Path("models/shipped"), file_okay=False, help="Where the .tflite, .json and .md files go.")


def _say(text: str) -> None:
    print(text, flush=True)


def _tiles(
    metu: Path | None, sdnet2018: Path | None, rendered: Path | None, splits: Path | None
) -> "list[LabelledTile]":
    from crackmap.errors import SettingError
    from crackmap_models.data import read_metu, read_sdnet2018
    from crackmap_models.rendered import read_rendered

    if (metu or sdnet2018) and not splits:
        raise SettingError("--splits is missing: --metu and --sdnet2018 need the folder of their split files.")
    tiles = read_metu(metu, splits) if metu and splits else []
    tiles += read_sdnet2018(sdnet2018, splits) if sdnet2018 and splits else []
    tiles += read_rendered(rendered) if rendered else []
    if not tiles:
        raise SettingError("no tiles: give at least one of --metu, --sdnet2018, --rendered.")
    return tiles


@app.command()
def render(folder: Path = typer.Argument(..., help="Where the tiles go.")) -> None:
    """Render tiles of simulated walls for training, validation and test."""
    from crackmap_models.rendered import render_folder

    render_folder(folder, say=_say)


@app.command()
def train(
    run: Path = RUN,
    *,
    metu: Path | None = METU,
    sdnet2018: Path | None = SDNET2018,
    rendered: Path | None = RENDERED,
    splits: Path | None = SPLITS,
    begin_from: Path | None = typer.Option(None, exists=True, file_okay=False, help="Run whose weights to refine."),
    epochs: int = typer.Option(26, min=1, help="Length of the schedule."),
    until: int | None = typer.Option(None, min=1, help="End after this epoch, in the middle of the schedule."),
    rendered_per_class: int = typer.Option(1200, min=1, help="Rendered tiles of each class in an epoch."),
    rate: float = typer.Option(3e-3, min=1e-6, max=0.1, help="Highest learning rate."),
    seed: int = typer.Option(1, min=0),
    threads: int = typer.Option(2, min=1, help="TensorFlow threads."),
) -> None:
    """Train a network, or go on with a training that was stopped (same folder, same settings)."""
    from crackmap_models.batches import Mix
    from crackmap_models.train import Settings, train

    tiles = _tiles(metu, sdnet2018, rendered, splits)
    begun = str(begin_from or "")
    mix = Mix(rendered_crack=rendered_per_class, rendered_no_crack=rendered_per_class)
    settings = Settings(mix=mix, epochs=epochs, rate=rate, seed=seed, threads=threads, begin_from=begun)
    state = train(tiles, run, settings, until=until, say=_say)
    _say(f"best epoch {state.best_epoch}: mean validation AUROC {state.best_auroc:.4f}")


@app.command()
def convert(
    run: Path = RUN,
    *,
    metu: Path | None = METU,
    sdnet2018: Path | None = SDNET2018,
    rendered: Path | None = RENDERED,
    splits: Path | None = SPLITS,
    tile_px: list[int] = SIZES,
    to: Path = TO,
) -> None:
    """Turn a run's best weights into int8 .tflite files with threshold, measured figures, manifest and card."""
    from crackmap_models.ship import ship

    tiles = _tiles(metu, sdnet2018, rendered, splits)
    for size in tile_px:
        ship(run, tiles, size, to, say=_say)


@app.command()
def evaluate(
    model: Path = typer.Argument(..., exists=True, dir_okay=False, help="A .tflite file with its manifest beside it."),
    *,
    metu: Path | None = METU,
    sdnet2018: Path | None = SDNET2018,
    rendered: Path | None = RENDERED,
    splits: Path | None = SPLITS,
    split: str = typer.Option("test", help="val or test."),
) -> None:
    """Print a model file's figures per data set and surface kind, with 95 % intervals."""
    from crackmap.errors import SettingError
    from crackmap.manifest import read_manifest
    from crackmap_models.data import of_split
    from crackmap_models.evaluate import figures, score
    from crackmap_models.lite import LiteModel
    from crackmap_models.threshold import logit

    if split not in {"val", "test"}:
        raise SettingError(f"--split {split}: must be val or test.")
    manifest, content = read_manifest(model)
    rows = of_split(_tiles(metu, sdnet2018, rendered, splits), split)  # type: ignore[arg-type]  # checked above
    for figure in figures(score(LiteModel(content), rows), logit(manifest.threshold), split):
        interval = f"{figure.value:8.4f}  ({figure.low:.4f} to {figure.high:.4f})"
        _say(f"{figure.data:30} {figure.measure:32} {interval}  {figure.count} tiles")
