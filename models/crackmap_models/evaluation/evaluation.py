"""One model on one split: answers, figures, and what labels by eye add."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crackmap.manifest import Figure
from crackmap_models.data.by_eye import Reading
from crackmap_models.data.tiles import LabelledTile, Split, of_split
from crackmap_models.errors import RunError
from crackmap_models.evaluation.agreement import Agreement, Disputed, agreements, disputed
from crackmap_models.evaluation.figures import figures, kinds_of
from crackmap_models.evaluation.kinds import Scored, by_eye_kinds, published_kinds, score_kinds
from crackmap_models.evaluation.scorers import Say, Scorer, logits_of
from crackmap_models.evaluation.threshold import choose_threshold, logit, probability


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything measured of one model on one split."""

    model: str
    split: Split
    threshold_logit: float
    scored: tuple[Scored, ...]
    figures: tuple[Figure, ...]
    agreements: tuple[Agreement, ...]
    disputed: tuple[Disputed, ...]


def evaluate(
    scorer: Scorer,
    tiles: Sequence[LabelledTile],
    split: Split,
    readings: Mapping[Path, Reading] | None = None,
    *,
    say: Say = print,
) -> Evaluation:
    """Measure `scorer` on the rows of `split`; labels by eye are added as kinds of their own.

    The val rows among `tiles` choose the threshold of a model that has none yet, by what `readings` say of them.
    Raises UnreadableImage, OneClassSet, and RunError when a threshold is to be chosen and there are no val rows.
    """
    rows = of_split(tiles, split)
    kinds = kinds_of(rows, readings)
    wanted = rows + (of_split(tiles, "val") if scorer.threshold_logit is None and split != "val" else [])
    logit_of = dict(zip([tile.path for tile in wanted], logits_of(scorer, wanted, say=say).tolist(), strict=True))
    threshold_logit = scorer.threshold_logit
    if threshold_logit is None:
        threshold_logit = _chosen(scorer, tiles, readings or {}, logit_of)
    scored = score_kinds(kinds, logit_of, scorer.tile_px)
    return Evaluation(
        model=scorer.name,
        split=split,
        threshold_logit=threshold_logit,
        scored=tuple(scored),
        figures=figures(scored, threshold_logit, split),
        agreements=tuple(agreements(rows, readings or {})),
        disputed=tuple(disputed(rows, readings or {}, logit_of, threshold_logit)),
    )


def _chosen(
    scorer: Scorer, tiles: Sequence[LabelledTile], readings: Mapping[Path, Reading], logit_of: Mapping[Path, float]
) -> float:
    """The threshold that shipping would choose: by eye where somebody looked, by published labels elsewhere."""
    val = of_split(tiles, "val")
    if not val:
        raise RunError(f"{scorer.name}: a run has no threshold yet, and there are no val rows to choose one on.")
    by_eye = {kind.data.removesuffix(" by eye"): kind for kind in by_eye_kinds(val, readings)}
    kinds = [by_eye.get(kind.data, kind) for kind in published_kinds(val)]
    chosen = choose_threshold(score_kinds(kinds, logit_of, scorer.tile_px))
    return float(np.float64(logit(probability(chosen))))
