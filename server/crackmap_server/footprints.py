"""Reading the placed frames of scans with what their tiles show."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection

from crackmap_server import tables
from crackmap_server.additions.inspection_conditions import target_widths_mm
from crackmap_server.chart import unpacked_m
from crackmap_server.closed import Closed
from crackmap_server.coverage import Footprint
from crackmap_server.frames import select_frames
from crackmap_server.pairs import Pair
from crackmap_server.sights import sights
from crackmap_server.sites import sites


def footprints(
    connection: Connection,
    pairs: Mapping[int, Pair],
    conditions: Sequence[ColumnElement[bool]] = (),
    closed: Closed | None = None,
) -> Iterator[Footprint]:
    """Of the placed frames under the pairs, one after the other; each is judged by its own inspection's target.

    `conditions` say which, by columns of `frames`.
    """
    reports, maps = tables.reports.c, tables.score_maps.c
    if closed is None:
        inspections = {site.inspection_id for site in sites(connection, pairs).values()}
        widths_mm = target_widths_mm(connection, inspections)
    else:
        widths_mm = {closed.inspection_id: closed.target_width_mm}
    statement = (
        select_frames(pairs, closed)
        .join(tables.scans, tables.scans.c.scan_id == tables.frames.c.scan_id)
        .with_only_columns(
            tables.pairs.c.seq.label("pair_seq"),
            tables.placements.c.footprint_m,
            reports.origin_u_m,
            reports.origin_v_m,
            reports.corners,
            maps.visible_widths,
            maps.unscored,
            maps.flags,
            tables.scans.c.inspection_id,
        )
        .where(tables.placements.c.kind == "placed", *conditions)
    )
    for row in connection.execute(statement):
        corners_m = unpacked_m(row.corners, (row.origin_u_m, row.origin_v_m)).reshape(-1, 4, 2)
        seen = sights(
            corners_m=corners_m,
            tile_px=pairs[row.pair_seq].tile_px,
            visible_widths=row.visible_widths,
            unscored=row.unscored,
            flags=row.flags,
            target_width_mm=widths_mm[row.inspection_id],
        )
        yield Footprint(row.footprint_m, corners_m, seen)
