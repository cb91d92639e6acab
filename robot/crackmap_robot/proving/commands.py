"""`crackmap robot card` and `crackmap robot prove`."""

from pathlib import Path
from typing import Annotated

import typer

from crackmap_robot.options import TargetWidth


def card(
    to: Annotated[Path, typer.Argument(metavar="FILE", help="Where it goes: .pdf to print, .png to look at.")],
) -> None:
    """Draw a card for `crackmap robot prove`, to be printed at 100 % on A4: tags, and lines of 0.1 to 1 mm.

    Glue it onto something flat, and measure from the left tags' outer edge to the right ones': 285 mm as drawn.
    """
    from crackmap_robot.proving.card import Card
    from crackmap_robot.proving.drawing import write_card

    write_card(Card(), to)
    print(f"{to}: print it at 100 %; the tags' outer edges are then 285 mm apart")


def prove(
    photograph: Annotated[Path, typer.Argument(help="A photograph of the card, flat on the surface, as a scan's are.")],
    *,
    mm_per_px: Annotated[
        float | None, typer.Option(metavar="X", min=0.001, help="The scale that the scan goes by.")
    ] = None,
    poses: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Or the poses that it goes by. Needs --camera.")
    ] = None,
    camera: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The camera's calibration: takes the lens out.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(metavar="FILE", help="As of `crackmap scan`.", show_default="crack-227")
    ] = None,
    tags_apart_mm: Annotated[
        float, typer.Option(metavar="MM", min=10, help="Between the tags' outer edges, left to right, on the print.")
    ] = 285.0,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A robot.toml, which says scale, camera file, model and target width where they are not given here; "
            "the proof goes where the robot looks for it.",
        ),
    ] = None,
    most_off_percent: Annotated[
        float, typer.Option(metavar="P", min=0, help="How far off the stated scale may be.")
    ] = 2.0,
    target_width_mm: TargetWidth = None,
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the proof goes, as JSON.", show_default="PHOTOGRAPH.proof.json"),
    ] = None,
) -> None:
    """Prove with a photograph of the card what a day's photographs can show: their scale, and how narrow a crack.

    Measures mm per pixel and compares it with what is stated; looks which of the printed lines the model finds, and
    whether that is what the visible width claims. Keep the photograph out of the scanned folder: its lines would be
    found there, too.

        crackmap robot card card.pdf
        crackmap robot prove card.jpg --mm-per-px 0.23 --target-width-mm 0.3
        crackmap robot prove card.jpg --config robot.toml

    Exit code 2: the scale is off, the claim does not hold, or the target width is not shown.
    """
    from crackmap_robot.classifier import chosen_model, shipped_model
    from crackmap_robot.proving.command import ProveSettings, run_prove
    from crackmap_robot.proving.standing import SUFFIX

    chosen = shipped_model() if model is None else chosen_model(model)
    if config is not None:
        from crackmap_robot.daemon.settings import read_settings

        robot = read_settings(config)
        mm_per_px = robot.camera.mm_per_px if mm_per_px is None and poses is None else mm_per_px
        camera = camera or robot.camera.calibration
        chosen = robot.model.file if model is None else chosen
        target_width_mm = robot.scan.target_width_mm if target_width_mm is None else target_width_mm
        to = to or robot.camera.proofs / f"{photograph.name}{SUFFIX}"
    worst = 0
    settings = ProveSettings(
        photograph=photograph,
        model=chosen,
        to=to or photograph.with_name(f"{photograph.name}{SUFFIX}"),
        stated_mm_per_px=mm_per_px,
        poses=poses,
        camera=camera,
        tags_apart_mm=tags_apart_mm,
        most_off_percent=most_off_percent,
        target_width_mm=target_width_mm,
    )
    for line, code in run_prove(settings):
        print(line)
        worst = max(worst, code)
    raise typer.Exit(worst)
