"""`crackmap models robustness`."""

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


def robustness(
    models: list[Path] = MODELS,
    *,
    metu: Path | None = METU,
    sdnet2018: Path | None = SDNET2018,
    rendered: Path | None = RENDERED,
    splits: Path | None = SPLITS,
    folder: list[Path] = FOLDERS,
    by_eye: Path | None = BY_EYE,
    split: str = SPLIT,
    tiles: int = typer.Option(300, min=20, help="Tiles of each kind of data, half of each class."),
    report: Path = typer.Option(Path("robustness"), file_okay=False, help="Where robustness.{json,png} of a model go."),
) -> None:
    """Measure AUROC under blur, exposure, JPEG, scale, noise and grey, and draw it as curves."""
    import json
    from dataclasses import asdict

    from crackmap_models.data.tiles import of_split
    from crackmap_models.evaluation.figures import kinds_of
    from crackmap_models.evaluation.robustness import measure, plot, sampled
    from crackmap_models.evaluation.scorers import open_scorer

    wanted = val_or_test(split)
    rows = read_tiles(metu, sdnet2018, rendered, splits, folder, whole=wanted)
    kinds = kinds_of(of_split(rows, wanted), read_eyes(by_eye, rows, wanted))
    kinds = [sampled(kind, tiles) for kind in kinds]
    for model in models:
        scorer = open_scorer(model)
        points = measure(scorer, kinds, say=say)
        to = report / scorer.name
        to.mkdir(parents=True, exist_ok=True)
        found = {"model": scorer.name, "split": wanted, "points": [asdict(point) for point in points]}
        (to / "robustness.json").write_text(json.dumps(found, indent=1) + "\n")
        plot(points, to / "robustness.png", f"AUROC of disturbed tiles: {scorer.name} on {wanted}")
        for kind in kinds:
            say(kind.data)
            for name in dict.fromkeys(point.disturbance for point in points):
                line = [p for p in points if (p.data, p.disturbance) == (kind.data, name)]
                say(f"  {name:10}" + "  ".join(f"{p.level:g}: {p.auroc.value:.3f}" for p in line))
        say(f"{to}: robustness.json and robustness.png")
