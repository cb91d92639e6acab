"""Which tiles, under which labels, one row of figures is about: published labels, and labels by eye beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crackmap_models.data.by_eye import Reading, passes_needed
from crackmap_models.data.tiles import LabelledTile, by_data, check_evaluable

MM_PER_PX = 0.23
NATIVE_TILE_PX = {"metu": 227, "sdnet2018": 256}


@dataclass(frozen=True, slots=True)
class Kind:
    """One data set and surface kind: its tiles with labels [n].

    `rates` are the tiles for false tiles per m² and recall at so many of them, where these are other ones.
    """

    data: str
    tiles: tuple[LabelledTile, ...]
    labels: npt.NDArray[np.bool_]
    rates: "Kind | None" = None


@dataclass(frozen=True, slots=True)
class Scored:
    """A kind with a model's answers: labels [n], logits [n], groups [n], and the area of one tile."""

    data: str
    labels: npt.NDArray[np.bool_]
    logits: npt.NDArray[np.float64]
    groups: npt.NDArray[np.str_]
    tile_m2: float
    rates: "Scored | None" = None


def published_kinds(tiles: Sequence[LabelledTile]) -> list[Kind]:
    """Tiles by data set and surface kind, under their published labels. Raises OneClassSet."""
    kinds = []
    for data, members in by_data(tiles).items():
        labels = np.array([tile.crack for tile in members])
        check_evaluable(labels, f"{data} {members[0].split}")
        kinds.append(Kind(data, tuple(members), labels))
    return kinds


def by_eye_kinds(tiles: Sequence[LabelledTile], readings: Mapping[Path, Reading]) -> list[Kind]:
    """Tiles that were looked at again, by surface kind, under what both passes agreed on (one where there is but one).

    Disputed tiles are left out, and so are those that a second pass has not reached (see passes_needed).
    Too few of them are without a crack to count 0.3 false tiles per m². `rates` therefore sets the tiles agreed to be
    cracked against all tiles of the surface that are published as no_crack, without those that an eye called crack
    or doubtful. The tiles were drawn, not met: figures that depend on how many of them are cracked (AUPRC, F1,
    calibration) are those of the drawing. Raises OneClassSet.
    """
    kinds = []
    for data, members in by_data(tiles).items():
        seen = {t.path: readings[t.path].crack for t in members if t.path in readings}
        if not seen:
            continue
        name = f"{data} by eye"
        needed = passes_needed(readings[path] for path in seen)
        settled = {t.path for t in members if t.path in seen and readings[t.path].passes >= needed}
        agreed = _under(name, {t: c for t in members if t.path in settled and (c := seen[t.path]) is not None})
        check_evaluable(agreed.labels, f"{data} {members[0].split} by eye")
        cracks = {t: True for t in members if t.path in settled and seen[t.path]}
        others = {t: False for t in members if not t.crack and seen.get(t.path, False) is False}
        rates = _under(name, cracks | others) if others else None
        kinds.append(Kind(name, agreed.tiles, agreed.labels, rates))
    return kinds


def score_kinds(kinds: Sequence[Kind], logit_of: Mapping[Path, float], tile_px: int) -> list[Scored]:
    """The kinds with a model's logits, by the tile's path; `tile_px` is the model's input."""
    return [_scored(kind, logit_of, tile_px) for kind in kinds]


def tile_m2(tile: LabelledTile, tile_px: int) -> float:
    """The area that a tile shows at MM_PER_PX; one of no known size is as large as the model's input."""
    side_m = NATIVE_TILE_PX.get(tile.source, tile_px) * MM_PER_PX / 1000
    return side_m * side_m


def resampling_units(tiles: Sequence[LabelledTile]) -> npt.NDArray[np.str_]:
    """The groups [n] of tiles; where that is one only, which has no interval, their photographs [n], or the tiles."""
    for units in ([tile.group for tile in tiles], [tile.photo for tile in tiles]):
        if len(set(units)) > 1:
            return np.array(units)
    return np.array([str(tile.path) for tile in tiles])


def _under(data: str, label_of: Mapping[LabelledTile, bool]) -> Kind:
    return Kind(data, tuple(label_of), np.array(list(label_of.values()), np.bool_))


def _scored(kind: Kind, logit_of: Mapping[Path, float], tile_px: int) -> Scored:
    return Scored(
        data=kind.data,
        labels=kind.labels,
        logits=np.array([logit_of[tile.path] for tile in kind.tiles], np.float64),
        groups=resampling_units(kind.tiles),
        tile_m2=tile_m2(kind.tiles[0], tile_px),
        rates=_scored(kind.rates, logit_of, tile_px) if kind.rates else None,
    )
