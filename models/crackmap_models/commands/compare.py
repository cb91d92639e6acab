"""`crackmap models compare`."""

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


def compare(
    models: list[Path] = MODELS,
    *,
    metu: Path | None = METU,
    sdnet2018: Path | None = SDNET2018,
    rendered: Path | None = RENDERED,
    splits: Path | None = SPLITS,
    folder: list[Path] = FOLDERS,
    by_eye: Path | None = BY_EYE,
    split: str = SPLIT,
    report: Path | None = typer.Option(None, dir_okay=False, help="Also write the figures to this JSON file."),
) -> None:
    """Put models side by side: AUROC and recall at 1 false tile per m2, and how much more than the first has each.

    Differences come with 95 % intervals over the same resampled groups; a star marks those that leave out 0. Models
    are .tflite files with their manifests or run folders. Decide on --split val; test is for reporting.
    """
    import json
    from dataclasses import asdict

    from crackmap.errors import SettingError
    from crackmap_models.data.tiles import of_split
    from crackmap_models.evaluation.comparison import MEASURES, compare, table
    from crackmap_models.evaluation.scorers import open_scorer

    wanted = val_or_test(split)
    tiles = read_tiles(metu, sdnet2018, rendered, splits, folder, whole=wanted)
    scorers = [open_scorer(model) for model in models]
    names = [scorer.name for scorer in scorers]
    if len(set(names)) < len(names):
        raise SettingError(f"two of the models have the same name ({', '.join(names)}); rename one file or folder.")
    rows = compare(scorers, of_split(tiles, wanted), read_eyes(by_eye, tiles, wanted), say=say)
    say("\n\n".join(table(rows, measure) for measure in MEASURES))
    if report:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(json.dumps({"split": wanted, "rows": [asdict(row) for row in rows]}, indent=1) + "\n")
