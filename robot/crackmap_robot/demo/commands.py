"""`crackmap demo`."""

from pathlib import Path
from typing import Annotated

import typer


def demo(  # noqa: PLR0917 - options, not positions
    once: Annotated[
        bool, typer.Option("--once", help="End after the figures, instead of leaving the map open.")
    ] = False,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Also write all figures here.")] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Another number, another wall.")] = 1,
    folder: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Keep photographs, outbox and database in this new folder.", show_default="none kept"
        ),
    ] = None,
    width_m: Annotated[float, typer.Option(metavar="M", help="Width of the wall.")] = 2.5,
    height_m: Annotated[float, typer.Option(metavar="M", help="Height of the wall.")] = 1.6,
) -> None:
    """Show it all on a simulated wall: known cracks, the real scanner, a real server, and what came of it.

    Renders a concrete wall, photographs it with a camera whose poses are a little wrong, scans the photographs with
    `crackmap scan` into `crackmap server run`, compares what the server answers with the truth and opens the map.
    """
    from crackmap_robot.demo.show import DemoSettings, run_demo

    run_demo(DemoSettings(once=once, json=json, seed=seed, folder=folder, width_m=width_m, height_m=height_m))
