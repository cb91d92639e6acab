"""How a model's AUROC falls when its tiles are disturbed: curves for every kind of data."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crackmap_models import style
from crackmap_models.data.tiles import LabelledTile
from crackmap_models.evaluation.disturbances import DISTURBANCES, Change, Disturbance
from crackmap_models.evaluation.intervals import Interval, with_intervals
from crackmap_models.evaluation.kinds import Kind, Scored, score_kinds
from crackmap_models.evaluation.metrics import Tally
from crackmap_models.evaluation.scorers import Say, Scorer, logits_of

SEED = 0
DRAWS = 200


@dataclass(frozen=True, slots=True)
class Point:
    """AUROC of one kind of data under one disturbance at one level, on `count` tiles."""

    data: str
    disturbance: str
    level: float
    auroc: Interval
    count: int


def sampled(kind: Kind, most: int) -> Kind:
    """At most `most` tiles of a kind, half of each class where there are so many, always the same ones."""
    order = np.random.default_rng(SEED).permutation(len(kind.tiles))
    chosen = np.sort(np.concatenate([order[kind.labels[order] == label][: -(-most // 2)] for label in (True, False)]))
    return Kind(kind.data, tuple(kind.tiles[k] for k in chosen), kind.labels[chosen])


def measure(
    scorer: Scorer,
    kinds: Sequence[Kind],
    disturbances: Sequence[Disturbance] = DISTURBANCES,
    *,
    say: Say = print,
) -> list[Point]:
    """Every disturbance at every level on every kind; an undisturbed point is measured once and belongs to all."""
    tiles = list({tile.path: tile for kind in kinds for tile in kind.tiles}.values())
    untouched = _scored(scorer, tiles, kinds, None)
    points: list[Point] = []
    began_s, done = time.monotonic(), 0
    todo = sum(len(one.levels) - 1 for one in disturbances)
    for one in disturbances:
        for level in one.levels:
            change = one.at(level)
            scored = _scored(scorer, tiles, kinds, change) if change else untouched
            done += change is not None
            points += [_point(rows, one.name, level) for rows in scored]
        left_s = (time.monotonic() - began_s) / max(1, done) * (todo - done)
        say(f"  {scorer.name}: {one.name} done, {left_s:.0f} s left")
    return points


def plot(points: Sequence[Point], path: Path, title: str, disturbances: Sequence[Disturbance] = DISTURBANCES) -> None:
    """One panel per disturbance, one line per kind of data, its 95 % interval shaded."""
    kinds = list(dict.fromkeys(point.data for point in points))
    with style.plot(path, -(-len(disturbances) // 3), 3, panel=(3.6, 2.9), title=title) as axes:
        for axis, one in zip(axes, disturbances, strict=False):
            for position, data in enumerate(kinds):
                line = [p for p in points if (p.data, p.disturbance) == (data, one.name)]
                levels, look = [p.level for p in line], style.line_of(data, position)
                axis.plot(levels, [p.auroc.value for p in line], label=data, marker="o", markersize=3.5, **look)
                low, high = [p.auroc.low for p in line], [p.auroc.high for p in line]
                axis.fill_between(levels, low, high, color=look["color"], alpha=0.08, linewidth=0)
            axis.axvline(one.neutral, color="#999999", linewidth=1, linestyle=":")
            axis.set(title=one.name, xlabel=one.unit, ylim=(0.45, 1.01))
            if one.name == "scale":
                axis.set_xscale("log")
                axis.set_xticks(one.levels, [f"{level:g}" for level in one.levels])
                axis.minorticks_off()
            if one.name == "jpeg":
                axis.invert_xaxis()
        for axis in axes[::3]:
            axis.set_ylabel("AUROC")
        handles, labels = axes[0].get_legend_handles_labels()
        axes[0].figure.legend(handles, labels, loc="outside lower center", ncols=min(4, len(kinds)))


def _scored(
    scorer: Scorer, tiles: Sequence[LabelledTile], kinds: Sequence[Kind], change: Change | None
) -> list[Scored]:
    logits = logits_of(scorer, tiles, change, say=lambda _: None)
    logit_of = dict(zip([tile.path for tile in tiles], logits.tolist(), strict=True))
    return score_kinds(kinds, logit_of, scorer.tile_px)


def _point(rows: Scored, disturbance: str, level: float) -> Point:
    found = with_intervals({"AUROC": Tally.auroc}, rows.labels, rows.logits, rows.groups, draws=DRAWS)["AUROC"]
    return Point(rows.data, disturbance, level, found, len(rows.labels))
