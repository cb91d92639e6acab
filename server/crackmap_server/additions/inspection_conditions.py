"""Under which conditions an inspection took place, and how narrow a crack it was to find."""

from collections.abc import Collection
from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from sqlalchemy import Connection, func, select

from crackmap_server import tables
from crackmap_server.additions.addition import Addition, Note, like
from crackmap_server.revisions import all_current
from crackmap_server.sites import structure_of_inspection


class InspectionConditions(Addition):
    """Of one inspection; there is one for each, under the inspection's own id."""

    model_config = ConfigDict(
        **like(
            {
                "inspection_id": "73412194-2af6-5abf-8792-40bc185f0499",
                "held_on": "2026-05-04",
                "target_width_mm": 0.2,
                "temperature_c": 14.5,
                "wetness": "damp",
                "light": "overcast",
                "remarks": "scaffolding in front of bay 4",
            }
        )
    )
    kind_name: ClassVar[str] = "inspection conditions"

    inspection_id: UUID
    held_on: date | None = Field(
        default=None, description="its day, which orders inspections; by default that of its first photograph, in UTC"
    )
    target_width_mm: float | None = Field(
        default=None, gt=0, le=1000, description="crack width that must be visible, in place of what the scan said"
    )
    temperature_c: float | None = Field(default=None, ge=-80, le=80, description="of the air")
    wetness: Literal["dry", "damp", "wet"] | None = Field(default=None, description="of the surface")
    light: Literal["sun", "overcast", "shade", "lamps", "mixed"] | None = None
    remarks: Note = ""

    @property
    def owner_id(self) -> UUID:
        return self.inspection_id

    def check(self, connection: Connection, _own_id: UUID, /) -> None:
        structure_of_inspection(connection, self.inspection_id)


def target_widths_mm(connection: Connection, inspection_ids: Collection[UUID]) -> dict[UUID, float | None]:
    """What must be visible in each inspection: as people say, or else as the scan said."""
    table = tables.inspections.c
    rows = connection.execute(
        select(table.inspection_id, table.target_width_mm).where(table.inspection_id.in_(list(inspection_ids)))
    )
    said = _said(connection, inspection_ids)
    return {
        row.inspection_id: said[row.inspection_id].target_width_mm or row.target_width_mm
        if row.inspection_id in said
        else row.target_width_mm
        for row in rows
    }


def held_on(connection: Connection, inspection_ids: Collection[UUID]) -> dict[UUID, date]:
    """The day of each inspection, where it is known."""
    frames, scans = tables.frames.c, tables.scans.c
    rows = connection.execute(
        select(scans.inspection_id, func.min(frames.captured_utc).label("first"))
        .join_from(tables.scans, tables.frames)
        .where(scans.inspection_id.in_(list(inspection_ids)), frames.captured_utc.is_not(None))
        .group_by(scans.inspection_id)
    )
    days = {row.inspection_id: row.first.date() for row in rows}
    said = {one: each.held_on for one, each in _said(connection, inspection_ids).items() if each.held_on is not None}
    return days | said


def _said(connection: Connection, inspection_ids: Collection[UUID]) -> dict[UUID, InspectionConditions]:
    return {
        each.resource_id: InspectionConditions.model_validate(each.content)
        for each in all_current(connection, InspectionConditions.kind_name, inspection_ids)
    }
