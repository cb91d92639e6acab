"""`crackmap models dense`."""

from pathlib import Path

import typer

from crackmap_models.commands.options import say


def dense(
    models: list[Path] = typer.Argument(..., help="int8 .tflite files of crackmap's network, each with its manifest."),
) -> None:
    """Give models the file that scores all overlapping tiles of a picture in one pass: `crackmap scan --overlap`.

    It has the model's weights, byte for byte; manifest and card name it, and no figure in them changes. `convert` does
    this by itself.
    """
    from crackmap.manifest import dense_path
    from crackmap_models.shipping.dense import add_dense

    for model in models:
        found = add_dense(model).dense
        assert found is not None, "it was just made"
        say(f"{dense_path(model)}: {found.size_bytes:,} bytes, tiles every {found.stride_px} px")
