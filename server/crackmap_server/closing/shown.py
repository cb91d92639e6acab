"""What a list shows: an inspection as it is now, or as it was closed."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from crackmap_server.closed import Closed, close_out_row, closed_by_row
from crackmap_server.errors import BadRequest
from crackmap_server.pairs import Pair, read_pairs


@dataclass(frozen=True)
class Shown:
    """The pairs that are read, and the close-out that they are read by (None: as it is now)."""

    pairs: dict[int, Pair]
    closed: Closed | None


def read_shown(
    connection: Connection,
    close_out: int | None,
    *,
    surface_id: UUID | None = None,
    inspection_id: UUID | None = None,
    scan_id: UUID | None = None,
    analysis_id: UUID | None = None,
    model: str | None = None,
) -> Shown:
    """`close_out` is the number of one of the inspection's.

    Raises BadRequest where it comes without an inspection, or with another analysis; NotFound.
    """
    if close_out is None:
        return Shown(read_pairs(connection, surface_id, inspection_id, scan_id, analysis_id, model=model), None)
    if inspection_id is None:
        raise BadRequest("close_out: say of which inspection, as inspection_id")
    if analysis_id is not None:
        raise BadRequest("close_out: what was closed has its own analyses; leave out analysis_id")
    closed = closed_by_row(connection, close_out_row(connection, inspection_id, close_out))
    of = {"surface_id": surface_id, "inspection_id": inspection_id, "scan_id": scan_id, "model": model}
    return Shown(closed.pairs(connection, **of), closed)
