"""`crackmap models evaluate`."""

from pathlib import Path

import typer

from crackmap_models.commands.options import METU, RENDERED, SDNET2018, SPLITS, read_tiles, say


def evaluate(
    model: Path = typer.Argument(..., exists=True, dir_okay=False, help="A .tflite file with its manifest beside it."),
    *,
    metu: Path | None = METU,
    sdnet2018: Path | None = SDNET2018,
    rendered: Path | None = RENDERED,
    splits: Path | None = SPLITS,
    split: str = typer.Option("test", help="val or test."),
) -> None:
    """Print a model file's figures per data set and surface kind, with 95 % intervals."""
    from crackmap.errors import SettingError
    from crackmap.manifest import read_manifest
    from crackmap_models.conversion.lite import LiteModel
    from crackmap_models.data.tiles import of_split
    from crackmap_models.evaluation.figures import figures, score
    from crackmap_models.evaluation.threshold import logit

    if split not in {"val", "test"}:
        raise SettingError(f"--split {split}: must be val or test.")
    manifest, content = read_manifest(model)
    rows = of_split(read_tiles(metu, sdnet2018, rendered, splits), split)  # type: ignore[arg-type]  # checked above
    for figure in figures(score(LiteModel(content), rows), logit(manifest.threshold), split):
        interval = f"{figure.value:8.4f}  ({figure.low:.4f} to {figure.high:.4f})"
        say(f"{figure.data:30} {figure.measure:32} {interval}  {figure.count} tiles")
