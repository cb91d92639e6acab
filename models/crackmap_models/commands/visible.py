"""`crackmap models visible`."""

from pathlib import Path

import typer

from crackmap_models.commands.options import (
    BY_EYE,
    FOLDERS,
    METU,
    RENDERED,
    SDNET2018,
    SPLITS,
    read_eyes,
    read_tiles,
    say,
)


def visible(
    model: Path = typer.Argument(..., exists=True, dir_okay=False, help="A .tflite file with its manifest beside it."),
    *,
    metu: Path | None = METU,
    sdnet2018: Path | None = SDNET2018,
    rendered: Path | None = RENDERED,
    splits: Path | None = SPLITS,
    folder: list[Path] = FOLDERS,
    by_eye: Path | None = BY_EYE,
    report: Path = typer.Option(Path("visible"), file_okay=False, help="Where visible.{json,png} go."),
) -> None:
    """Measure how narrow a crack a model finds, by blur and texture: cracks of known width drawn on validation tiles.

    From this formula, which stands in the manifest, the robot says for each tile how narrow a crack it would show.
    """
    import json
    from dataclasses import asdict

    from crackmap_models.evaluation import visible as found
    from crackmap_models.evaluation.scorers import TfliteScorer

    tiles = read_tiles(metu, sdnet2018, rendered, splits, folder)
    scorer = TfliteScorer(model)
    bare = found.bare_tiles(tiles, read_eyes(by_eye, tiles, "val"))
    seen = found.measure(scorer, bare, scorer.threshold_logit, say=say)
    promise = found.fitted(seen)
    report.mkdir(parents=True, exist_ok=True)
    kept = {
        "model": scorer.name,
        "widths_px": found.WIDTHS_PX,
        "seen": [asdict(one) for one in seen],
        "visible_width": promise.model_dump() if promise else None,
    }
    (report / "visible.json").write_text(json.dumps(kept, indent=1) + "\n")
    found.plot(seen, promise, report / "visible.png", f"How narrow a crack {scorer.name} finds")
    say(f"{'data':<22}{'added':>6}{'blur':>6}{'texture':>9}{'narrowest':>11}   px")
    for one in seen:
        narrowest = "none" if one.width_px is None else f"{one.width_px:.2f}"
        say(f"{one.data:<22}{one.added_px:6.1f}{one.blur_px:6.2f}{one.texture:9.4f}{narrowest:>11}")
    say("too few cracks are found for a formula" if promise is None else f"{promise.model_dump()}")
    say(f"{report}: visible.json and visible.png")
