"""`crackmap models evaluate`."""

from pathlib import Path

import typer

from crackmap_models.commands.options import (
    BY_EYE,
    FOLDERS,
    METU,
    MODELS,
    RENDERED,
    SDNET2018,
    SPLIT,
    SPLITS,
    read_eyes,
    read_tiles,
    say,
    val_or_test,
)


def evaluate(
    models: list[Path] = MODELS,
    *,
    metu: Path | None = METU,
    sdnet2018: Path | None = SDNET2018,
    rendered: Path | None = RENDERED,
    splits: Path | None = SPLITS,
    folder: list[Path] = FOLDERS,
    by_eye: Path | None = BY_EYE,
    split: str = SPLIT,
    report: Path | None = typer.Option(
        None, file_okay=False, help="Also write figures.json, figures.md and plots here, a folder for each model."
    ),
) -> None:
    """Print models' figures per data set and surface kind, with 95 % intervals over groups of overlapping tiles.

    A model is a .tflite file with its manifest, or a run folder; a run's threshold is chosen on the val rows.
    A --folder that is sorted into train/, val/ and test/ is measured on the split asked for, any other one whole.
    With --by-eye, tiles that were looked at again get rows of their own, and disputed ones are counted apart.
    """
    from crackmap_models.evaluation.evaluation import evaluate
    from crackmap_models.evaluation.scorers import open_scorer
    from crackmap_models.evaluation.tables import text
    from crackmap_models.evaluation.written import write

    wanted = val_or_test(split)
    tiles = read_tiles(metu, sdnet2018, rendered, splits, folder, whole=wanted)
    readings = read_eyes(by_eye, tiles, wanted, "val")
    for model in models:
        evaluation = evaluate(open_scorer(model), tiles, wanted, readings, say=say)
        say(text(evaluation) + "\n")
        if report:
            write(evaluation, report / evaluation.model, say=say)
