"""`crackmap models data`."""

from pathlib import Path

import typer

from crackmap_models.commands.options import FOLDERS, METU, RENDERED, SDNET2018, SPLITS, read_tiles, say

MODEL = typer.Option(None, exists=True, help="A .tflite file or a run folder that judges the labels.")
REPORT = typer.Option(None, file_okay=False, help="Also write data.json, data.md and contact sheets (PNG) here.")


def data(
    *,
    metu: Path | None = METU,
    sdnet2018: Path | None = SDNET2018,
    rendered: Path | None = RENDERED,
    splits: Path | None = SPLITS,
    folder: list[Path] = FOLDERS,
    model: Path | None = MODEL,
    report: Path | None = REPORT,
    allow_twins: bool = typer.Option(False, "--allow-twins", help="Near-duplicates across splits are no failure."),
) -> None:
    """Check labelled tiles before training on them: balance, sizes, near-duplicates and probable label errors.

    Reads every file (unreadable ones are named) and compares all pairs of pictures, also mirrored and turned by half.
    Ends with exit code 2 when one picture is in two splits, after all else is written. With --model, labels that the
    model contradicts are listed, the worst first. 40,000 tiles take about a minute, with a model two.
    """
    from scipy.special import expit

    from crackmap_models.data.check import check, refuse_crossing, text, write
    from crackmap_models.evaluation.scorers import logits_of, open_scorer

    tiles = read_tiles(metu, sdnet2018, rendered, splits, folder, twins_refused=False)
    checked = check(tiles, expit(logits_of(open_scorer(model), tiles, say=say)) if model else None, say=say)
    say(text(checked))
    if report:
        write(checked, report, say=say)
    if not allow_twins:
        refuse_crossing(checked)
