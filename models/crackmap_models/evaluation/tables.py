"""Figures as text: one table per kind of data for a terminal, wide ones in Markdown for a report."""

from collections.abc import Sequence

from crackmap.manifest import Figure
from crackmap_models.evaluation.agreement import Agreement, Disputed, Verdicts
from crackmap_models.evaluation.evaluation import Evaluation
from crackmap_models.evaluation.kinds import Scored
from crackmap_models.evaluation.threshold import probability

BY_EYE_NOTE = (
    "By eye: tiles on which both blind passes agree, under what they saw. False tiles per m2 and "
    "recall at so many: cracks agreed by eye against all tiles published as no_crack that no eye called crack or "
    "doubtful."
)


def text(evaluation: Evaluation) -> str:
    """One table per kind of data: a line per measure with its 95 % interval."""
    threshold = probability(evaluation.threshold_logit)
    parts = [f"{evaluation.model} on {evaluation.split}, threshold {threshold:.4f}; 95 % intervals over groups"]
    for rows in evaluation.scored:
        lines = [f"{rows.data}: {_counted(rows)}"]
        for figure in _of(evaluation, rows):
            interval = f"{_number(figure.value)}   {_number(figure.low)} to {_number(figure.high)}"
            lines.append(f"  {figure.measure:32}{interval}")
        parts.append("\n".join(lines))
    if evaluation.agreements:
        parts.append("\n".join(_by_eye_lines(evaluation.agreements, evaluation.disputed)))
    return "\n\n".join(parts)


def markdown(evaluation: Evaluation) -> str:
    """Two tables, kinds of data as rows: what no threshold decides, and what the shipped one gives."""
    threshold = probability(evaluation.threshold_logit)
    free = [f.measure for f in _of(evaluation, evaluation.scored[0]) if f.measure.startswith(("AU", "recall at"))]
    fixed = [f.measure for f in _of(evaluation, evaluation.scored[0]) if f.measure not in free]
    parts = [
        f"# {evaluation.model} on {evaluation.split}",
        "95 % intervals from resampling groups of overlapping tiles. Areas: whole tiles at 0.23 mm per pixel.",
        _table(evaluation, free),
        f"At the threshold, probability {threshold:.4f}:",
        _table(evaluation, fixed),
    ]
    if evaluation.agreements:
        parts.append("\n".join(f"- {line}" for line in _by_eye_lines(evaluation.agreements, evaluation.disputed)))
    return "\n\n".join(parts) + "\n"


def cell(figure: Figure) -> str:
    """`0.924 (0.903–0.940)`; four digits close to 1, one over 1."""
    digits = 4 if figure.value > 0.99 and figure.high <= 1 else 3 if figure.high <= 1 else 1
    return f"{figure.value:.{digits}f} ({figure.low:.{digits}f}–{figure.high:.{digits}f})"


def _table(evaluation: Evaluation, measures: Sequence[str]) -> str:
    lines = ["| | tiles | " + " | ".join(measures) + " |", "|---|---|" + "---|" * len(measures)]
    for rows in evaluation.scored:
        known = {figure.measure: figure for figure in _of(evaluation, rows)}
        lines.append(f"| {rows.data} | {_counted(rows)} | " + " | ".join(cell(known[name]) for name in measures) + " |")
    return "\n".join(lines)


def _of(evaluation: Evaluation, rows: Scored) -> list[Figure]:
    return [figure for figure in evaluation.figures if figure.data == f"{rows.data} {evaluation.split}"]


def _counted(rows: Scored) -> str:
    wide = f" (false tiles: {len(rows.rates.labels):,})" if rows.rates else ""
    return f"{len(rows.labels):,} tiles{wide}, {int(rows.labels.sum()):,} crack, {len(set(rows.groups)):,} groups"


def _by_eye_lines(agreements: Sequence[Agreement], disputed: Sequence[Disputed]) -> list[str]:
    lines = [BY_EYE_NOTE]
    for row in agreements:
        passes = f"two passes agree on {row.same:.1%} of {row.twice} tiles (Cohen's kappa {row.kappa:.2f}); "
        labels = f"of published crack {_shares(row.published_crack)}, of no_crack {_shares(row.published_no_crack)}"
        once = f"; {row.once} more, looked at once only, do not count as agreed" if row.once else ""
        lines.append(f"{row.data}: {passes if row.twice else ''}{labels}{once}")
    lines += [
        f"{row.data}: {row.tiles} tiles"
        + (f", mean probability {row.mean_probability:.3f}, {row.called_crack:.1%} called crack" if row.tiles else "")
        for row in disputed
    ]
    return lines


def _shares(verdicts: Verdicts) -> str:
    total = verdicts.crack + verdicts.no_crack + verdicts.disputed
    if not total:
        return "none looked at"
    return (
        f"({total}) the eye calls {verdicts.crack / total:.1%} crack and {verdicts.no_crack / total:.1%} no_crack, "
        f"{verdicts.disputed / total:.1%} are disputed"
    )


def _number(value: float) -> str:
    return f"{value:8.4f}"
