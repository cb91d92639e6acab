"""Which scores and which places are read: one pair of analysis and pose solution for each scan."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, or_, select

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
    pairs, scans, analyses = tables.pairs.c, tables.scans.c, tables.analyses.c
    statement = (
        select(*tables.pairs.c, analyses.tile_px, analyses.stride_px, analyses.threshold)
        .join_from(tables.pairs, tables.scans)
        .join(tables.analyses, analyses.analysis_id == pairs.analysis_id)
        .order_by(pairs.pose_solution_id.is_not(None), pairs.seq)  # poses before none, then the newest, come last
    )
    for column, value in (
        (scans.surface_id, surface_id),
        (scans.inspection_id, inspection_id),
        (scans.scan_id, scan_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if model is not None:
        statement = statement.where(or_(analyses.model == model, analyses.model_sha256 == model))
    if seqs is not None:
        statement = statement.where(pairs.seq.in_(sorted(seqs)))
    else:
        statement = statement.where(pairs.current if analysis_id is None else pairs.analysis_id == analysis_id)
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
        for row in connection.execute(statement)
    }
    return {pair.seq: pair for pair in of_scan.values()}
