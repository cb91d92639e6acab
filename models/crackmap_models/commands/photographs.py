"""`crackmap models photographs`."""

from pathlib import Path

import typer

from crackmap_models.commands.options import say


def photographs(
    model: Path = typer.Argument(..., exists=True, dir_okay=False, help="A .tflite file with its manifest beside it."),
    folder: Path = typer.Argument(..., exists=True, file_okay=False, help="NAME.jpg with NAME.labels.csv beside each."),
    *,
    report: Path | None = typer.Option(
        None, file_okay=False, help="Also write photographs.json and an overlay NAME.png of each photograph here."
    ),
) -> None:
    """Measure on whole photographs: cracks found by length, and false cracks per m2.

    Labels are of tiles, so a crack is a connected piece of labelled tiles and its length the number of them times
    their side: a proxy, good for comparing models. A false crack is a connected piece of detections that touches
    neither a labelled tile nor a neighbour of one.
    """
    import json

    from crackmap_models.data.photographs import read_photographs
    from crackmap_models.evaluation.overlay import draw
    from crackmap_models.evaluation.photographs import HEADER, as_json, judge, line, score, together
    from crackmap_models.evaluation.scorers import TfliteScorer

    scorer = TfliteScorer(model)
    shots = read_photographs(folder)
    found = []
    say(HEADER)
    for shot in shots:
        logits, side_m = score(scorer, shot)
        found.append(judge(shot.name, shot.labels, logits >= scorer.threshold_logit, side_m))
        say(line(found[-1]))
        if report:
            draw(shot, logits, scorer.threshold_logit, found[-1], report / f"{shot.name}.png")
    surfaces = list(dict.fromkeys(shot.surface for shot in shots))
    of = {name: [one for one, shot in zip(found, shots, strict=True) if shot.surface == name] for name in surfaces}
    sums = [together(f"all {name}", several) for name, several in of.items()] + [together("all", found)]
    say("\n".join(["", *map(line, sums)]))
    if report:
        written = {"model": scorer.name, "photographs": [as_json(one) for one in (*found, *sums)]}
        (report / "photographs.json").write_text(json.dumps(written, indent=1) + "\n")
        say(f"{report}: photographs.json and {len(shots)} overlays")
