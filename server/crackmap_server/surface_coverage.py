"""What of a surface the placed frames of some pairs show."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection, func, select

from crackmap_server.additions.surface_descriptions import boundary
from crackmap_server.boundaries import cut
from crackmap_server.closed import Closed
from crackmap_server.coverage import parts, rolled
from crackmap_server.footprints import footprints
from crackmap_server.frames import kind_column, select_frames
from crackmap_server.masking import masking_of_all, read_masking
from crackmap_server.pairs import Pair
from crackmap_server.resources import Coverage, CoveragePart
from crackmap_server.shapes import polygon
from crackmap_server.sites import sites


def surface_coverage(
    connection: Connection,
    surface_id: UUID,
    around_m: float | None,
    pairs: Mapping[int, Pair],
    closed: Closed | None = None,
) -> Coverage:
    """All pairs are of scans of the surface. `around_m`: the length after which u begins again, of a cylinder."""
    kinds = select_frames(pairs, closed).with_only_columns(kind_column().label("kind")).subquery()
    counts = {
        str(kind): int(count)
        for kind, count in connection.execute(select(kinds.c.kind, func.count()).group_by(kinds.c.kind))
    }
    rings = boundary(connection, surface_id, closed)
    edge = None if rings is None else rolled(polygon(rings), around_m)
    masked = masking_of_all(read_masking(connection, sites(connection, pairs).values(), closed))
    whole, by_sight = cut(*parts(footprints(connection, pairs, closed=closed), around_m), edge, masked)
    return Coverage(
        area_m2=whole.area_m2,
        boundary_m2=None if edge is None else edge.area,
        frames_placed=counts.get("placed", 0),
        frames_no_pose=counts.get("no_pose", 0),
        frames_unplaced=counts.get("unplaced", 0),
        outline=whole.outline,
        parts=[CoveragePart(sight=part.sight, area_m2=part.area_m2, outline=part.outline) for part in by_sight],
    )
