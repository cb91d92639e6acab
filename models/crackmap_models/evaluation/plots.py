"""A model's answers as pictures, for every kind of data: ROC, precision and recall, reliability, confusion, scores."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from crackmap_models import style
from crackmap_models.evaluation.evaluation import Evaluation
from crackmap_models.evaluation.figures import FALSE_TILES_PER_M2
from crackmap_models.evaluation.metrics import Tally, tally

RELIABILITY_BINS = 10
COLUMNS = 4


def plot_all(evaluation: Evaluation, folder: Path) -> list[Path]:
    """Write roc.png, precision-recall.png, reliability.png, confusion.png and scores.png; returns their paths."""
    drawn = {
        "roc": plot_roc,
        "precision-recall": plot_precision_recall,
        "reliability": plot_reliability,
        "confusion": plot_confusion,
        "scores": plot_scores,
    }
    paths = [folder / f"{name}.png" for name in drawn]
    for path, draw in zip(paths, drawn.values(), strict=True):
        draw(evaluation, path)
    return paths


def plot_roc(evaluation: Evaluation, path: Path) -> None:
    """Recall against the share of false tiles, and against false tiles per m² where these are few."""
    with style.plot(path, 1, 2, panel=(5.2, 4.3), title=_title(evaluation, "ROC")) as (shares, rates):
        for position, rows in enumerate(evaluation.scored):
            curve, line = tally(rows.labels, rows.logits), style.line_of(rows.data, position)
            recall, false = _recall_and_false(curve)
            shares.plot(false, recall, label=f"{rows.data}  {float(curve.auroc()):.3f}", **line)
            counted = rows.rates or rows
            recall, false = _recall_and_false(tally(counted.labels, counted.logits))
            rates.plot(np.maximum(false / counted.tile_m2, 1e-3), recall, drawstyle="steps-post", **line)
        shares.set(xlabel="share of no_crack tiles called crack", ylabel="recall", xlim=(-0.01, 1), ylim=(0, 1.01))
        shares.legend(loc="lower right", title="AUROC", title_fontsize=9, alignment="left")
        rates.set(xlabel="false tiles per m² at 0.23 mm per pixel", xscale="log", xlim=(0.1, 100), ylim=(0, 1.01))
        rates.set_xticks((0.1, 1, 10, 100), ("0.1", "1", "10", "100"))
        for rate in FALSE_TILES_PER_M2:
            rates.axvline(rate, color="#999999", linewidth=1, linestyle=":")
            rates.text(rate, 1.015, f"{rate:g}", ha="center", va="bottom", fontsize=9, color="#555555")


def plot_precision_recall(evaluation: Evaluation, path: Path) -> None:
    """Precision against recall; dots at the threshold."""
    with style.plot(path, panel=(9.6, 4.6), title=_title(evaluation, "Precision and recall")) as (axes,):
        for position, rows in enumerate(evaluation.scored):
            curve, line = tally(rows.labels, rows.logits), style.line_of(rows.data, position)
            hits, false = _from_the_top(curve.cracks), _from_the_top(curve.others)
            recall, precision = hits / rows.labels.sum(), hits / (hits + false)
            name = f"{rows.data}  {float(curve.auprc()):.3f}  ({rows.labels.mean():.0%} cracks)"
            axes.plot(recall[hits > 0], precision[hits > 0], label=name, drawstyle="steps-post", **line)
            at = int(np.searchsorted(curve.scores, evaluation.threshold_logit))
            if at < len(curve.scores):
                axes.plot(recall[at], precision[at], "o", color=line["color"], markersize=6, markeredgecolor="white")
        axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.01), ylim=(0, 1.02))
        title = "area under the curve; ● threshold"
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), title=title, title_fontsize=9, alignment="left")


def plot_reliability(evaluation: Evaluation, path: Path) -> None:
    """The share of cracks among tiles of a probability, in bins of as many tiles each; on the diagonal is honest."""
    with _panels(evaluation, path, "Reliability") as axes:
        for one, rows in zip(axes, evaluation.scored, strict=False):
            curve = tally(rows.labels, rows.logits)
            bins = np.stack(curve.calibration(RELIABILITY_BINS))
            cracks, probability, total = bins[:, bins[2] > 0]
            one.plot([0, 1], [0, 1], color="#999999", linewidth=1)
            share = cracks / total
            error = 1.96 * np.sqrt(share * (1 - share) / total)
            bars = np.minimum(error, share), np.minimum(error, 1 - share)
            one.errorbar(probability / total, share, bars, fmt="o-", color=style.BLUE, markersize=4, capsize=2)
            one.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), title=rows.data, xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
            error_text = f"calibration error {float(curve.calibration_error()):.3f}"
            one.text(0.98, 0.03, error_text, ha="right", fontsize=9, transform=one.transAxes)
        _label_outside(axes, len(evaluation.scored), "predicted probability", "share of cracks")


def plot_confusion(evaluation: Evaluation, path: Path) -> None:
    """Tiles by label and answer at the threshold: shares of the label's tiles, and counts."""
    with _panels(evaluation, path, "Confusion at the threshold", height=2.5) as axes:
        for one, rows in zip(axes, evaluation.scored, strict=False):
            crack, called = rows.labels, rows.logits >= evaluation.threshold_logit
            counts = np.array([[(label & answer).sum() for answer in (called, ~called)] for label in (crack, ~crack)])
            shares = counts / counts.sum(1, keepdims=True)
            one.imshow(shares, cmap="Blues", vmin=0, vmax=1.15, aspect="auto")
            for (row, column), share in np.ndenumerate(shares):
                colour = "white" if share > 0.6 else "black"
                text = f"{share:.1%}\n{counts[row, column]:,}"
                one.text(column, row, text, ha="center", va="center", color=colour, fontsize=10)
            one.set(title=rows.data, xticks=(0, 1), yticks=(0, 1), yticklabels=("crack", "none"))
            one.set_xticklabels(("crack", "none"))
            one.grid(visible=False)
            one.tick_params(length=0)
        _label_outside(axes, len(evaluation.scored), "answer", "label")


def plot_scores(evaluation: Evaluation, path: Path) -> None:
    """Logits of crack and no_crack tiles, each class's bars adding up to the same area; the threshold as a line."""
    everything = np.concatenate([rows.logits for rows in evaluation.scored])
    edges = np.linspace(everything.min(), everything.max(), 41)
    with _panels(evaluation, path, "Scores", height=2.3) as axes:
        for one, rows in zip(axes, evaluation.scored, strict=False):
            for label, colour, name in ((False, style.NO_CRACK, "no_crack"), (True, style.CRACK, "crack")):
                logits = rows.logits[rows.labels == label]
                one.hist(logits, edges, density=True, color=colour, alpha=0.55, label=name)
            one.axvline(evaluation.threshold_logit, color="black", linewidth=1.2, linestyle=":")
            one.set(title=rows.data, yticks=())
        axes[0].legend(loc="upper right", handlelength=1)
        _label_outside(axes, len(evaluation.scored), "logit", "share of tiles")


def _panels(evaluation: Evaluation, path: Path, what: str, height: float = 2.7) -> Any:
    count = len(evaluation.scored)
    columns = min(COLUMNS, count)
    return style.plot(path, -(-count // columns), columns, panel=(2.7, height), title=_title(evaluation, what))


def _label_outside(axes: list[Any], count: int, x: str, y: str) -> None:
    """Axis names under the lowest panel of each column and left of each row."""
    columns = min(COLUMNS, count)
    for position, one in enumerate(axes[:count]):
        if position % columns == 0:
            one.set_ylabel(y)
        if position + columns >= count:
            one.set_xlabel(x)


def _title(evaluation: Evaluation, what: str) -> str:
    return f"{what}: {evaluation.model} on {evaluation.split}"


def _recall_and_false(curve: Tally) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Recall and share of false tiles [m + 1], from the highest threshold (nothing called) to the lowest."""
    recall, false = (_from_the_top(part)[::-1] / part.sum() for part in (curve.cracks, curve.others))
    return np.concatenate([[0.0], recall]), np.concatenate([[0.0], false])


def _from_the_top(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.asarray(np.cumsum(counts[::-1])[::-1], np.int64)
