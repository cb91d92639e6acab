"""`crackmap models explain`."""

from pathlib import Path

import typer

from crackmap_models.commands.options import (
    BY_EYE,
    FOLDERS,
    METU,
    RENDERED,
    RUN,
    SDNET2018,
    SPLIT,
    SPLITS,
    read_eyes,
    read_tiles,
    say,
    val_or_test,
)


def explain(
    run: Path = RUN,
    *,
    metu: Path | None = METU,
    sdnet2018: Path | None = SDNET2018,
    rendered: Path | None = RENDERED,
    splits: Path | None = SPLITS,
    folder: list[Path] = FOLDERS,
    by_eye: Path | None = BY_EYE,
    split: str = SPLIT,
    seed: int = typer.Option(1, min=0, help="Which tiles are drawn by chance."),
    to: Path = typer.Option(Path("explained"), file_okay=False, help="Where the page goes, named after the run."),
) -> None:
    """Show what a trained network sees and where it errs, as one HTML page that opens without a connection.

    Figures and plots per kind of data, the mistakes that it is surest of, tiles by chance, Grad-CAM and the exact
    evidence of each position over tiles, and what every convolution answers. All pictures are inside the file.
    The val rows choose the threshold; a --folder of your own shows what the network makes of your pictures.
    """
    from crackmap_models.report.explain import explain
    from crackmap_models.report.page import render

    wanted = val_or_test(split)
    tiles = read_tiles(metu, sdnet2018, rendered, splits, folder, whole=wanted)
    report = explain(run, tiles, wanted, read_eyes(by_eye, tiles, wanted), seed=seed, say=say)
    to.mkdir(parents=True, exist_ok=True)
    page = to / f"{run.resolve().name}.html"
    page.write_text(render(report), encoding="utf-8")
    say(f"{page}: {page.stat().st_size / 1e6:.1f} MB; open it in a browser")
