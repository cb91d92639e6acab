"""What files and collections say of the surface that they are of: names, frame, where it stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, Select, select

from crackmap.surfaces import Facing, around_m
from crackmap_server import tables
from crackmap_server.additions.surface_descriptions import SurfaceDescription
from crackmap_server.errors import NotFound
from crackmap_server.placed_charts import PlacedChart
from crackmap_server.revisions import all_current


@dataclass(frozen=True)
class SurfaceName:
    """A surface, as a reader of its file needs it."""

    surface_id: UUID
    structure: str
    name: str
    drawing: str
    radius_m: float | None = None
    """Of a cylinder, unrolled."""
    chart: PlacedChart | None = None
    """Where it stands; None: nobody said."""

    @property
    def around_m(self) -> float | None:
        """The length after which u begins again; None for a plane."""
        return around_m(self.radius_m)


def select_surfaces() -> Select[Any]:
    """Rows of `surfaces` with their structure's name."""
    table, structures = tables.surfaces, tables.structures
    return select(table, structures.c.name.label("structure")).join_from(table, structures)


def read_surface(connection: Connection, surface_id: UUID) -> SurfaceName:
    """Raises NotFound."""
    statement = select_surfaces().where(tables.surfaces.c.surface_id == surface_id)
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        raise NotFound(f"surface {surface_id} is not stored")
    return surface_names(connection, [row])[0]


def surface_names(connection: Connection, rows: Sequence[RowMapping]) -> list[SurfaceName]:
    """Of rows of `select_surfaces`."""
    described = all_current(connection, SurfaceDescription.kind_name, [row["surface_id"] for row in rows])
    placements = {each.resource_id: SurfaceDescription.model_validate(each.content).placement for each in described}
    names = []
    for row in rows:
        placement, facing = placements.get(row["surface_id"]), row["facing"]
        chart = None
        if placement is not None:
            chart = PlacedChart(placement, row["radius_m"], None if facing is None else Facing(facing))
        names.append(
            SurfaceName(row["surface_id"], row["structure"], row["name"], row["drawing"], row["radius_m"], chart)
        )
    return names
