"""Which scores and which places are read: one pair of analysis and pose solution for each scan."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, or_, select

from crackmap.scores import byte_at_least
from crackmap.tile_grid import TileGrid
from crackmap_server import tables


@dataclass(frozen=True)
class Pair:
    """One analysis with one pose solution (None: the frames have a scale only)."""

    seq: int
    scan_id: UUID
    analysis_id: UUID
    pose_solution_id: UUID | None
    floor: int
    tile_px: int
    stride_px: int
    threshold: float

    def lowest_score(self, threshold: float | None) -> int:
        """The score byte from which a tile is a detection; without a threshold, by the analysis' own."""
        return byte_at_least(self.threshold if threshold is None else threshold)

    def grid(self, width_px: int, height_px: int) -> TileGrid:
        """The tiles over an image of that size."""
        return TileGrid(width_px, height_px, self.tile_px, self.stride_px)


def read_pairs(
    connection: Connection,
    surface_id: UUID | None = None,
    inspection_id: UUID | None = None,
    scan_id: UUID | None = None,
    analysis_id: UUID | None = None,
    *,
    model: str | None = None,
    seqs: Collection[int] | None = None,
) -> dict[int, Pair]:
    """By seq: the current pair of each scan that fits, or the newest one with that analysis, or those in `seqs`.

    `model` is a name or a SHA-256; scans whose shown analysis is of another one do not fit.
    """
    given = {
        "surface_id": surface_id,
        "inspection_id": inspection_id,
        "scan_id": scan_id,
        "model": model,
        "seqs": None if seqs is None else sorted(seqs),
        "analysis_id": analysis_id if seqs is None else None,
    }
    values = {name: value for name, value in given.items() if value is not None}
    of_scan = {
        row.scan_id: Pair(
            row.seq,
            row.scan_id,
            row.analysis_id,
            row.pose_solution_id,
            row.floor,
            row.tile_px,
            row.stride_px,
            row.threshold,
        )
        for row in connection.execute(_select_pairs(frozenset(values)), values)
    }
    return {pair.seq: pair for pair in of_scan.values()}


_PAIRS, _SCANS, _ANALYSES = tables.pairs.c, tables.scans.c, tables.analyses.c
_CONDITIONS = {
    "surface_id": _SCANS.surface_id == bindparam("surface_id"),
    "inspection_id": _SCANS.inspection_id == bindparam("inspection_id"),
    "scan_id": _SCANS.scan_id == bindparam("scan_id"),
    "model": or_(_ANALYSES.model == bindparam("model"), _ANALYSES.model_sha256 == bindparam("model")),
    "seqs": _PAIRS.seq.in_(bindparam("seqs", expanding=True)),
    "analysis_id": _PAIRS.analysis_id == bindparam("analysis_id"),
}


@cache
def _select_pairs(given: frozenset[str]) -> Select[Any]:
    """The statement for those conditions: almost every request reads pairs."""
    which = [_CONDITIONS[name] for name in sorted(given)]
    if not given & {"seqs", "analysis_id"}:
        which.append(_PAIRS.current)
    return (
        select(*tables.pairs.c, _ANALYSES.tile_px, _ANALYSES.stride_px, _ANALYSES.threshold)
        .join_from(tables.pairs, tables.scans)
        .join(tables.analyses, _ANALYSES.analysis_id == _PAIRS.analysis_id)
        .where(*which)
        .order_by(_PAIRS.pose_solution_id.is_not(None), _PAIRS.seq)  # poses before none, then the newest, come last
    )
