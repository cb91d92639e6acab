"""Tiles with a model's answers, and which of them are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from crackmap_models.data.by_eye import Reading
from crackmap_models.data.tiles import LabelledTile
from crackmap_models.evaluation.kinds import Kind, Scored

Outcome = Literal["hit", "miss", "false tile", "rightly passed"]


@dataclass(frozen=True, slots=True)
class Case:
    """One tile, the label that it is judged under, the model's answer, and what was seen by eye if somebody looked.

    `group` holds tiles that are resampled together, because they may show the same spot.
    """

    tile: LabelledTile
    group: str
    crack: bool
    logit: float
    called: bool
    reading: Reading | None

    @property
    def probability(self) -> float:
        """Of a crack, by the model."""
        return float(1 / (1 + np.exp(-self.logit)))

    @property
    def outcome(self) -> Outcome:
        """Right or wrong, and how."""
        if self.called:
            return "hit" if self.crack else "false tile"
        return "miss" if self.crack else "rightly passed"

    @property
    def right(self) -> bool:
        """The answer is the label."""
        return self.called == self.crack

    @property
    def seen(self) -> str:
        """What the eye says: crack, no crack or disputed; empty where nobody looked."""
        if self.reading is None:
            return ""
        return {True: "crack", False: "no crack", None: "disputed"}[self.reading.crack]


def cases(kind: Kind, scored: Scored, threshold_logit: float, readings: Mapping[Path, Reading]) -> list[Case]:
    """The tiles of a kind, in their order, under the kind's labels; `scored` holds the answers to them."""
    return [
        Case(tile, str(group), bool(crack), float(logit), bool(logit >= threshold_logit), readings.get(tile.path))
        for tile, group, crack, logit in zip(kind.tiles, scored.groups, scored.labels, scored.logits, strict=True)
    ]


def surest(among: Sequence[Case], outcome: Outcome, most: int) -> list[Case]:
    """At most `most` cases of `outcome`, those furthest on their side of the threshold first."""
    wanted = [case for case in among if case.outcome == outcome]
    wanted.sort(key=lambda case: -case.logit if case.called else case.logit)
    return _varied(wanted, most)


def drawn(among: Sequence[Case], outcome: Outcome, most: int, seed: int) -> list[Case]:
    """At most `most` cases of `outcome` by chance."""
    wanted = [case for case in among if case.outcome == outcome]
    order = np.random.default_rng(seed).permutation(len(wanted))
    return _varied([wanted[k] for k in order], most)


def sheet(among: Sequence[Case], most: int, seed: int) -> list[Case]:
    """`most` cases by chance, half of each label where there are enough, in mixed order."""
    random = np.random.default_rng(seed)
    mixed = [among[k] for k in random.permutation(len(among))]
    taken = [case for label in (True, False) for case in [c for c in mixed if c.crack == label][: most // 2]]
    return [taken[k] for k in random.permutation(len(taken))]


def typical(among: Sequence[Case], outcome: Outcome) -> Case | None:
    """The case of `outcome` with the middle logit of them all; None when there is none."""
    wanted = sorted((case for case in among if case.outcome == outcome), key=lambda case: case.logit)
    return wanted[len(wanted) // 2] if wanted else None


def _varied(ordered: Sequence[Case], most: int) -> list[Case]:
    """The first `most`, one for each group; where the groups are too few, more of them, in their order."""
    first: dict[str, Case] = {}
    for case in ordered:
        first.setdefault(case.group, case)
    chosen = list(first.values())[:most]
    taken = set(chosen)
    return chosen + [case for case in ordered if case not in taken][: most - len(chosen)]
