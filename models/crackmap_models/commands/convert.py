"""`crackmap models convert`."""

from pathlib import Path

from crackmap_models.commands.options import METU, RENDERED, RUN, SDNET2018, SIZES, SPLITS, TO, read_tiles, say


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
    from crackmap_models.shipping.ship import ship

    tiles = read_tiles(metu, sdnet2018, rendered, splits)
    for size in tile_px:
        ship(run, tiles, size, to, say=say)
