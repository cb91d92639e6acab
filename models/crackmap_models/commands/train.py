"""`crackmap models train`."""

from pathlib import Path

import typer

from crackmap_models.commands.options import METU, RENDERED, RUN, SDNET2018, SPLITS, read_tiles, say


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
    from crackmap_models.training.batches import Mix
    from crackmap_models.training.train import Settings, train

    tiles = read_tiles(metu, sdnet2018, rendered, splits)
    begun = str(begin_from or "")
    mix = Mix(rendered_crack=rendered_per_class, rendered_no_crack=rendered_per_class)
    settings = Settings(mix=mix, epochs=epochs, rate=rate, seed=seed, threads=threads, begin_from=begun)
    state = train(tiles, run, settings, until=until, say=say)
    say(f"best epoch {state.best_epoch}: mean validation AUROC {state.best_auroc:.4f}")
