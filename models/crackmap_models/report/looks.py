"""Where the network looks: Grad-CAM and, where it is exact, the evidence of each position, laid over tiles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from crackmap_models.data.tiles import Pixels
from crackmap_models.report.cases import Case, Outcome, drawn, surest
from crackmap_models.report.evidence import Evidence, evidence
from crackmap_models.report.galleries import Card, card, pixels_of
from crackmap_models.report.grad_cam import grad_cam
from crackmap_models.report.pictures import Picture, jpeg, with_evidence, with_heat

EACH = 3
SCALE_QUANTILE = 0.99
SHOWN: tuple[Outcome, ...] = ("hit", "miss", "false tile")


@dataclass(frozen=True, slots=True)
class Sum:
    """How a logit comes about: what all positions add through average and maximum, and the bias."""

    average: float
    maximum: float
    bias: float

    @property
    def logit(self) -> float:
        return self.average + self.maximum + self.bias


@dataclass(frozen=True, slots=True)
class Look:
    """One tile; Grad-CAM over it; each position's evidence over it with its sum (None for a network without)."""

    card: Card
    heat: Picture
    positions: Picture | None
    sum: Sum | None


@dataclass(frozen=True, slots=True)
class Looks:
    """All tiles of all kinds of data under one scale, and that scale: the logits that the strongest colour stands for.

    `shape` is the height and width of Grad-CAM's map, `positions` that of the evidence (None for a network without).
    """

    of: Mapping[str, Mapping[Outcome, tuple[Look, ...]]]
    scale: float | None
    shape: tuple[int, int]
    positions: tuple[int, int] | None


def chosen(among: Sequence[Case], seed: int) -> list[Case]:
    """Hits by chance, and the surest misses and false tiles."""
    return [*drawn(among, "hit", EACH, seed), *surest(among, "miss", EACH), *surest(among, "false tile", EACH)]


def looks(model: Any, cases: Mapping[str, Sequence[Case]], tile_px: int) -> Looks:
    """Explain the cases of each kind of data, at least one in all. Raises UnreadableImage."""
    every = [case for members in cases.values() for case in members]
    pixels = [pixels_of(case.tile, tile_px) for case in every]
    heats, found = grad_cam(model, pixels), evidence(model, pixels)
    scale = float(np.quantile(np.abs(found.total), SCALE_QUANTILE)) or 1.0 if found else None
    explained = []
    for k, (case, tile, heat) in enumerate(zip(every, pixels, heats, strict=True)):
        heated = jpeg(with_heat(tile, heat), f"Grad-CAM of {case.tile.path.name}: {_strongest(heat)}")
        positions = _positions(case, tile, found.total[k], scale) if found and scale else None
        explained.append(Look(card(case, tile_px), heated, positions, _sum(found, k) if found else None))
    rest = iter(explained)
    of: dict[str, Mapping[Outcome, tuple[Look, ...]]] = {}
    for data, members in cases.items():
        rows = [next(rest) for _ in members]
        of[data] = {name: tuple(look for look in rows if look.card.case.outcome == name) for name in SHOWN}
    return Looks(of, scale, heats.shape[1:], found.total.shape[1:] if found else None)


def _positions(case: Case, tile: Pixels, added: npt.NDArray[np.float64], scale: float) -> Picture:
    words = f"{(added > 0).sum()} of {added.size} positions speak for a crack, {(added < 0).sum()} against"
    return jpeg(with_evidence(tile, added, scale), f"Evidence of {case.tile.path.name}: {words}")


def _sum(found: Evidence, k: int) -> Sum:
    return Sum(float(found.average[k].sum()), float(found.maximum[k].sum()), found.bias)


def _strongest(heat: npt.NDArray[np.float64]) -> str:
    """Where `heat` [h, w] is strongest, in words."""
    if not heat.any():
        return "nothing"
    down, right = (
        int(at) * 3 // size for at, size in zip(divmod(int(heat.argmax()), heat.shape[1]), heat.shape, strict=True)
    )
    return f"strongest {('at the top', 'in the middle', 'at the bottom')[down]}, {('left', 'centre', 'right')[right]}"
