"""`crackmap models verify`."""

from pathlib import Path

import typer

from crackmap_models.commands.options import (
    BY_EYE,
    FOLDERS,
    METU,
    RENDERED,
    SDNET2018,
    SPLITS,
    read_eyes,
    read_tiles,
    say,
)


def verify(
    models: list[Path] = typer.Argument(..., help="Model files, each with manifest and card beside it."),
    *,
    metu: Path | None = METU,
    sdnet2018: Path | None = SDNET2018,
    rendered: Path | None = RENDERED,
    splits: Path | None = SPLITS,
    folder: list[Path] = FOLDERS,
    by_eye: Path | None = BY_EYE,
    run: Path | None = typer.Option(
        None, exists=True, file_okay=False, help="The run it was converted from: compares file and network again."
    ),
) -> None:
    """Check shipped model files against their manifests and cards; the first that differs ends with code 2.

    By itself: hash, size, tile size, input and output, parameters, and the card line by line. With the data that the
    card names, the threshold and every figure are measured again and must come out as they are stored.
    """
    from crackmap_models.shipping.verify import verify

    tiles = read_tiles(metu, sdnet2018, rendered, splits, folder) if metu or sdnet2018 or rendered or folder else []
    readings = read_eyes(by_eye, tiles, "val", "test") if tiles else {}
    for model in models:
        findings = verify(model, tiles, readings, run, say=say)
        say(f"{model}: {len(findings.checked)} promises kept")
        for line in findings.not_checked:
            say(f"  not checked: {line}")
