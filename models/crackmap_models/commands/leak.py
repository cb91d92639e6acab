"""`crackmap models leak`."""

from pathlib import Path

import typer

from crackmap_models.commands.options import METU, SDNET2018, SPLITS, say


def leak(
    folder: Path = typer.Argument(..., file_okay=False, help="Where the runs, leak.json and leak.md go."),
    *,
    metu: Path | None = METU,
    sdnet2018: Path | None = SDNET2018,
    splits: Path | None = SPLITS,
    network: str = typer.Option("cainvas", help="One of `crackmap models networks`."),
    tiles: int = typer.Option(6000, min=100, help="Train tiles per training, about; a large number takes all."),
    epochs: int = typer.Option(12, min=1, help="Training may end earlier."),
    canvas_px: int = typer.Option(227, min=32, help="Size that larger tiles are shrunk to."),
    seed: int = typer.Option(1, min=0),
    threads: int = typer.Option(2, min=1, help="TensorFlow threads."),
) -> None:
    """Show what a leaking split is worth: a network on METU and on SDNET2018's pavements, split in two ways.

    Once by file at random, as most published figures have it (METU with its copies), once by the split files; both
    with as many train tiles of each class, plain, with labels as published. The rows that are kept for final
    acceptance stay untouched. Takes about half an hour on two CPU cores; the same command goes on where it stopped.
    """
    import json

    from crackmap.errors import SettingError
    from crackmap_models.data.published import read_metu, read_sdnet2018
    from crackmap_models.experiments.leak import Leak, arms, as_json, markdown, run, settings_of

    if not (metu or sdnet2018) or not splits:
        raise SettingError("give --splits, and --metu or --sdnet2018 or both: their splits are what is compared.")
    pairs = []
    if metu:
        own, with_copies = read_metu(metu, splits), read_metu(metu, splits, copies=True)
        pairs.append(arms(own, with_copies, tiles, whole_groups=True, seed=seed))
    if sdnet2018:
        pavements = [tile for tile in read_sdnet2018(sdnet2018, splits) if tile.surface == "pavements"]
        pairs.append(arms(pavements, pavements, tiles, whole_groups=False, seed=seed))
    found: list[Leak] = []
    for arm in (arm for pair in pairs for arm in pair):
        say(f"{arm.data}, {arm.split} split")
        settings = settings_of(arm, network, canvas_px=canvas_px, epochs=epochs, seed=seed, threads=threads)
        found += run(arm, folder, settings, say=say)
        (folder / "leak.json").write_text(json.dumps({"network": network, "rows": as_json(found)}, indent=1) + "\n")
        (folder / "leak.md").write_text(markdown(found, network))
    say(markdown(found, network))
