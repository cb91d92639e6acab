"""`crackmap models compile`."""

from pathlib import Path

import typer

from crackmap_models.commands.options import METU, RENDERED, SDNET2018, SPLITS, read_tiles, say


def compile(  # noqa: A001 - the command's name
    model: Path = typer.Argument(..., exists=True, dir_okay=False, help="An int8 .tflite file of crackmap's network."),
    folder: Path = typer.Argument(..., file_okay=False, help="Where C sources, program and library go."),
    *,
    metu: Path | None = METU,
    sdnet2018: Path | None = SDNET2018,
    rendered: Path | None = RENDERED,
    splits: Path | None = SPLITS,
    tiles: int = typer.Option(500, min=1, help="How many test tiles are compared with LiteRT."),
) -> None:
    """Turn a model into a C program and a static library that need no interpreter, with the system's C compiler.

    With images, the scores are compared with LiteRT's on test tiles, beside size, memory and time: printed, and written
    into README.md and comparison.json.
    """
    from crackmap_models.native.folder import compile_model

    labelled = read_tiles(metu, sdnet2018, rendered, splits) if metu or sdnet2018 or rendered else []
    say(compile_model(model, folder, labelled, tiles))
