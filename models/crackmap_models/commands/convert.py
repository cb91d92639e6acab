"""`crackmap models convert`."""

from pathlib import Path

import typer

from crackmap_models.commands.options import (
    BY_EYE,
    FOLDERS,
    METU,
    RENDERED,
    RUN,
    SDNET2018,
    SIZES,
    SPLITS,
    TO,
    read_eyes,
    read_tiles,
    say,
)


def convert(
    run: Path = RUN,
    *,
    metu: Path | None = METU,
    sdnet2018: Path | None = SDNET2018,
    rendered: Path | None = RENDERED,
    splits: Path | None = SPLITS,
    folder: list[Path] = FOLDERS,
    by_eye: Path | None = BY_EYE,
    tile_px: list[int] = SIZES,
    numbers: str = typer.Option("int8", help="int8, float16 (weights only) or float32."),
    to: Path = TO,
) -> None:
    """Turn a run's best weights into .tflite files with threshold, measured figures, manifest, card and mistakes.

    An int8 file takes RGB bytes exactly as decoded, and is refused where it costs more than 0.003 AUROC.
    """
    from crackmap.errors import SettingError
    from crackmap_models.shipping.ship import ship

    if numbers not in {"int8", "float16", "float32"}:
        raise SettingError(f"--numbers {numbers}: must be int8, float16 or float32.")
    tiles = read_tiles(metu, sdnet2018, rendered, splits, folder)
    readings = read_eyes(by_eye, tiles, "val", "test")
    for size in tile_px:
        ship(run, tiles, size, to, numbers=numbers, readings=readings, say=say)  # type: ignore[arg-type]  # checked
