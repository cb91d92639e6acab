"""An evaluation as a folder: figures.json for programs, figures.md for people, and the plots."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from crackmap_models.evaluation.evaluation import Evaluation
from crackmap_models.evaluation.intervals import DRAWS
from crackmap_models.evaluation.kinds import MM_PER_PX
from crackmap_models.evaluation.plots import plot_all
from crackmap_models.evaluation.tables import BY_EYE_NOTE, markdown
from crackmap_models.evaluation.threshold import probability


def write(evaluation: Evaluation, folder: Path, *, say: Callable[[str], None] = print) -> None:
    """Write `folder` (made when it is not there); files of an earlier evaluation are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "figures.json").write_text(json.dumps(as_json(evaluation), indent=1) + "\n")
    plots = plot_all(evaluation, folder)
    pictures = "\n\n".join(f"![{path.stem}]({path.name})" for path in plots)
    (folder / "figures.md").write_text(f"{markdown(evaluation)}\n{pictures}\n")
    say(f"{folder}: figures.json, figures.md and {len(plots)} plots")


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """All figures of an evaluation, with what they were measured on; what is nan becomes null."""
    kinds = [
        {
            "data": rows.data,
            "tiles": len(rows.labels),
            "crack": int(rows.labels.sum()),
            "groups": len(set(rows.groups)),
            "tiles_for_false_tiles_per_m2": len((rows.rates or rows).labels),
        }
        for rows in evaluation.scored
    ]
    return {
        "model": evaluation.model,
        "split": evaluation.split,
        "threshold": probability(evaluation.threshold_logit),
        "threshold_logit": evaluation.threshold_logit,
        "mm_per_px": MM_PER_PX,
        "intervals": f"95 %, expanded percentiles of {DRAWS} resamplings of groups",
        "by_eye": BY_EYE_NOTE if evaluation.agreements else None,
        "kinds": kinds,
        "figures": [figure.model_dump() for figure in evaluation.figures],
        "agreements": [_without_nan(asdict(row)) for row in evaluation.agreements],
        "disputed": [_without_nan(asdict(row)) for row in evaluation.disputed],
    }


def _without_nan(row: dict[str, Any]) -> dict[str, Any]:
    return {key: None if value != value else value for key, value in row.items()}  # noqa: PLR0124 - only nan differs
