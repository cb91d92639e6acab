"""What reading an inspection as it was closed is limited to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, RowMapping, exists, select

from crackmap_server import tables
from crackmap_server.errors import NotFound
from crackmap_server.pairs import Pair, read_pairs

_KEPT = tables.close_out_frames.c


@dataclass(frozen=True)
class Closed:
    """One close-out, as reading needs it."""

    seq: int
    inspection_id: UUID
    target_width_mm: float | None
    reviews_seq: int
    """The last review that counts."""
    pair_seqs: frozenset[int]
    additions: Mapping[str, Mapping[UUID, int]]
    """Versions of what people added that count: by kind, then by id."""

    def pairs(self, connection: Connection, **of: Any) -> dict[int, Pair]:
        """As `read_pairs`: those that were current."""
        return read_pairs(connection, seqs=self.pair_seqs, **of)

    def reported(self, frame_seq: ColumnElement[Any], pair_seq: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether the frame's scores and place under the pair count."""
        return exists().where(*self._of(frame_seq, pair_seq), _KEPT.reported)

    def stored(self, frame_seq: ColumnElement[Any], pair_seq: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether the frame was there at all."""
        return exists().where(*self._of(frame_seq, pair_seq))

    def placed(self, frame_seq: ColumnElement[Any], pair_seq: ColumnElement[Any]) -> ColumnElement[bool]:
        """Joins `placements`: the frame's place then, as `frames.placement_of` does the one now."""
        then = select(_KEPT.placement_seq).where(*self._of(frame_seq, pair_seq)).scalar_subquery()
        return tables.placements.c.seq == then

    def _of(self, frame_seq: ColumnElement[Any], pair_seq: ColumnElement[Any]) -> tuple[ColumnElement[bool], ...]:
        return _KEPT.close_out_seq == self.seq, _KEPT.pair_seq == pair_seq, _KEPT.frame_seq == frame_seq


def close_out_row(connection: Connection, inspection_id: UUID, number: int) -> RowMapping:
    """Of `close_outs`. Raises NotFound."""
    table = tables.close_outs
    found = (
        connection.execute(select(table).where(table.c.inspection_id == inspection_id, table.c.number == number))
        .mappings()
        .one_or_none()
    )
    if found is None:
        raise NotFound(f"inspection {inspection_id} has no close-out {number}")
    return found


def closed_by_row(connection: Connection, row: Mapping[Any, Any]) -> Closed:
    """A row of `close_outs`."""
    pair_seqs = connection.execute(select(_KEPT.pair_seq).where(_KEPT.close_out_seq == row["seq"]).distinct()).scalars()
    additions: dict[str, dict[UUID, int]] = {}
    for each in row["content"]["additions"]:
        additions.setdefault(each["kind"], {})[UUID(each["id"])] = each["version"]
    return Closed(
        row["seq"], row["inspection_id"], row["target_width_mm"], row["reviews_seq"], frozenset(pair_seqs), additions
    )
