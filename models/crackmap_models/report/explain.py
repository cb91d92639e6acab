"""From a trained run and labelled tiles to a report."""

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from crackmap.manifest import Figure
from crackmap_models.data.by_eye import Reading
from crackmap_models.data.tiles import LabelledTile, Split, of_split
from crackmap_models.evaluation.evaluation import Evaluation, evaluate
from crackmap_models.evaluation.figures import kinds_of
from crackmap_models.evaluation.kinds import Scored
from crackmap_models.evaluation.plots import plot_all
from crackmap_models.evaluation.scorers import RunScorer
from crackmap_models.evaluation.tables import cell
from crackmap_models.evaluation.threshold import probability
from crackmap_models.networks.catalogue import network
from crackmap_models.networks.cost import cost
from crackmap_models.report.cases import Case, cases, typical
from crackmap_models.report.galleries import by_chance, card, gallery, pixels_of
from crackmap_models.report.layers import Layer, layers
from crackmap_models.report.looks import chosen, looks
from crackmap_models.report.page import Finds, Network, Report, Table
from crackmap_models.report.pictures import Picture, png
from crackmap_models.training.run import best_model, read_state

BY_EYE = " by eye"
PLOTS = {
    "roc": "ROC curves: recall against false tiles, for each kind of data",
    "precision-recall": "Precision against recall, for each kind of data",
    "reliability": "Share of cracks against predicted probability: on the diagonal, a probability means what it says",
    "confusion": "Tiles by label and answer at the threshold",
    "scores": "Logits of crack and no_crack tiles, with the threshold",
}


def explain(
    run: Path,
    tiles: Sequence[LabelledTile],
    split: Split,
    readings: Mapping[Path, Reading] | None = None,
    *,
    seed: int = 1,
    say: Callable[[str], None] = print,
) -> Report:
    """Measure the best network of `run` on the rows of `split`, and show what it sees there.

    The val rows among `tiles` choose the threshold. Raises RunError, UnreadableImage and OneClassSet.
    """
    scorer = RunScorer(run)
    model = best_model(run, scorer.tile_px)
    evaluation = evaluate(scorer, tiles, split, readings, say=say)
    say("Choosing and explaining tiles.")
    kinds = kinds_of(of_split(tiles, split), readings)
    found = {
        kind.data: cases(kind, scored, evaluation.threshold_logit, readings or {})
        for kind, scored in zip(kinds, evaluation.scored, strict=True)
    }
    # One row for each kind of data, under the better labels where there are two.
    best = {data: rows for data, rows in found.items() if data + BY_EYE not in found}
    explained = {data: chosen(rows, seed) for data, rows in best.items()}
    pair = _typical_pair(found)
    return Report(
        run=evaluation.model,
        split=split,
        threshold=probability(evaluation.threshold_logit),
        seed=seed,
        network=_network(run, model, scorer.tile_px),
        finds=tuple(_finds(rows.rates or rows, evaluation.threshold_logit) for rows in evaluation.scored),
        tables=_tables(evaluation),
        plots=_plots(evaluation),
        sheets=tuple(by_chance(data, rows, scorer.tile_px, seed) for data, rows in best.items()),
        galleries=tuple(gallery(data, rows, scorer.tile_px) for data, rows in found.items()),
        looks=looks(model, explained, scorer.tile_px) if any(explained.values()) else None,
        layer_tiles=(card(pair[0], scorer.tile_px), card(pair[1], scorer.tile_px)) if pair else None,
        layers=tuple(_layers(model, pair, scorer.tile_px) if pair else ()),
    )


def _typical_pair(found: Mapping[str, Sequence[Case]]) -> tuple[Case, Case] | None:
    """A typical hit and a tile rightly passed over, of the first kind of data that has both."""
    for rows in found.values():
        hit, passed = typical(rows, "hit"), typical(rows, "rightly passed")
        if hit and passed:
            return hit, passed
    return None


def _layers(model: Any, pair: tuple[Case, Case], tile_px: int) -> list[Layer]:
    crack, no_crack = (pixels_of(case.tile, tile_px) for case in pair)
    return layers(model, crack, no_crack)


def _network(run: Path, model: Any, tile_px: int) -> Network:
    settings = json.loads((run / "settings.json").read_text())
    state = read_state(run)
    curves = run / "curves.png"
    alt = f"Loss, accuracy and AUROC over {state.epochs} epochs; the best is epoch {state.best_epoch}"
    return Network(
        name=settings["network"],
        about=network(settings["network"]).about,
        tile_px=tile_px,
        cost=cost(model),
        sha256=hashlib.sha256((run / "best.keras").read_bytes()).hexdigest(),
        best_epoch=state.best_epoch,
        epochs=state.epochs,
        curves=png(curves, alt) if curves.exists() else None,
        settings=_flat(settings),
    )


def _flat(settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings within settings by names as "mix, metu_crack"."""
    flat: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            flat |= {f"{name}, {inner}": text for inner, text in _flat(value).items()}
        else:
            flat[name] = "none" if value in ("", None) else str(value)
    return flat


def _finds(rows: Scored, threshold_logit: float) -> Finds:
    called = rows.logits >= threshold_logit
    others, false = int((~rows.labels).sum()), int((called & ~rows.labels).sum())
    found = int((called & rows.labels).sum())
    return Finds(rows.data, int(rows.labels.sum()), found, others, false, false / (others * rows.tile_m2))


def _tables(evaluation: Evaluation) -> tuple[Table, Table]:
    """Figures that need no threshold, and those at the threshold."""

    def free(figure: Figure) -> bool:
        return figure.measure.startswith(("AU", "recall at"))

    def table(about: str, figures: Sequence[Figure]) -> Table:
        of = {
            rows.data: (len(rows.labels), [f for f in figures if f.data == f"{rows.data} {evaluation.split}"])
            for rows in evaluation.scored
        }
        measures = tuple(dict.fromkeys(figure.measure for figure in figures))
        return Table(about, measures, tuple((data, count, tuple(map(cell, row))) for data, (count, row) in of.items()))

    return (
        table("Whatever the threshold", [figure for figure in evaluation.figures if free(figure)]),
        table("At the threshold", [figure for figure in evaluation.figures if not free(figure)]),
    )


def _plots(evaluation: Evaluation) -> tuple[Picture, ...]:
    with tempfile.TemporaryDirectory() as folder:
        return tuple(png(path, PLOTS.get(path.stem, path.stem)) for path in plot_all(evaluation, Path(folder)))
