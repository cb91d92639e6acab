"""`crackmap models train`."""

from pathlib import Path

import typer

from crackmap_models.commands.options import FOLDERS, METU, RENDERED, RUN, SDNET2018, SPLITS, read_tiles, say

BEGIN_FROM = typer.Option(None, exists=True, file_okay=False, help="Run whose weights to refine.")
BY_EYE = typer.Option(None, exists=True, file_okay=False, help="Labels by eye: models/by_eye.")
JUDGE = typer.Option(None, exists=True, file_okay=False, help="Run that judges labels, for --noise confident.")
NOISE = typer.Option("by_eye", help="Against wrong labels: published (nothing), trust, bootstrap, confident or by_eye.")
CELLS_WEIGHT = typer.Option(1.0, min=0, help="Weight of also learning where drawn cracks are; 0: not asked.")


def train(
    run: Path = RUN,
    *,
    network: str = typer.Option("crack_net", help="One of `crackmap models networks`."),
    metu: Path | None = METU,
    sdnet2018: Path | None = SDNET2018,
    rendered: Path | None = RENDERED,
    splits: Path | None = SPLITS,
    folder: list[Path] = FOLDERS,
    by_eye: Path | None = BY_EYE,
    noise: str = NOISE,
    judge: Path | None = JUDGE,
    drawn: int | None = typer.Option(None, min=0, help="Tiles per epoch with a drawn crack; as many look-alikes."),
    cells_weight: float = CELLS_WEIGHT,
    plain: bool = typer.Option(False, "--plain", help="Tiles as they are: nothing changed, nothing drawn."),
    canvas_px: int = typer.Option(240, min=64, help="Size that tiles are placed on."),
    begin_from: Path | None = BEGIN_FROM,
    epochs: int | None = typer.Option(None, min=1, help="Length of the schedule."),
    until: int | None = typer.Option(None, min=1, help="End after this epoch, in the middle of the schedule."),
    rate: float | None = typer.Option(None, min=1e-6, max=0.1, help="Highest learning rate; the network's own."),
    seed: int = typer.Option(1, min=0),
    threads: int = typer.Option(2, min=1, help="TensorFlow threads."),
) -> None:
    """Train a network, or go on with a training that was stopped (same folder, same settings).

    The run folder holds checkpoints and curves.png. A whole training of our network takes one to two hours on two
    CPU cores; a GPU is used when TensorFlow sees one.

    A --folder that is not sorted into train/, val/ and test/ is dealt out 70 : 15 : 15, always in the same way;
    photographs (PHOTO-TILE.jpg) and near-duplicates stay together. `crackmap models data` says what a folder holds.
    """
    from dataclasses import replace
    from typing import get_args

    from crackmap.errors import SettingError
    from crackmap_models.data.by_eye import read_by_eye, read_twins, relabelled, without_twins
    from crackmap_models.networks.catalogue import network as named
    from crackmap_models.training.batches import Mix
    from crackmap_models.training.labels import Noise
    from crackmap_models.training.run import Settings
    from crackmap_models.training.train import train

    if noise not in get_args(Noise):
        raise SettingError(f"--noise {noise}: must be one of {', '.join(get_args(Noise))}.")
    if (noise == "confident") != bool(judge):
        raise SettingError("--noise confident and --judge RUN belong together.")
    tiles = read_tiles(metu, sdnet2018, rendered, splits, folder)
    if by_eye:
        readings = read_by_eye(by_eye / "val.csv")
        tiles = without_twins(tiles, read_twins(by_eye / "metu_twins.csv"))
        tiles = relabelled(tiles, readings + (read_by_eye(by_eye / "train.csv") if noise == "by_eye" else []))
    mix = Mix()
    if plain or drawn is not None:
        count = 0 if plain else drawn or 0
        mix = replace(mix, drawn_crack=count, drawn_look_alike=count)
    chosen = named(network)
    settings = Settings(
        network=network,
        noise=noise,  # type: ignore[arg-type]  # checked above
        judge=str(judge or ""),
        mix=mix,
        canvas_px=canvas_px,
        cells_weight=cells_weight,
        epochs=epochs or Settings().epochs,
        patience=chosen.patience,
        rate=rate or chosen.rate,
        constant_rate=chosen.constant_rate,
        average_decay=0.0 if chosen.constant_rate else Settings().average_decay,
        seed=seed,
        threads=threads,
        begin_from=str(begin_from or ""),
    )
    if plain:
        settings = replace(settings, augmentation=None)
    state = train(tiles, run, settings, until=until, say=say)
    say(f"best epoch {state.best_epoch}: mean validation AUROC {state.best_auroc:.4f}; {run / 'curves.png'}")
