"""`crackmap models render`."""

from pathlib import Path

import typer

from crackmap_models.commands.options import say


def render(folder: Path = typer.Argument(..., help="Where the tiles go.")) -> None:
    """Render tiles of simulated walls for training, validation and test."""
    from crackmap_models.data.rendered import render_folder

    render_folder(folder, say=say)
