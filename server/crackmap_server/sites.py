"""Where scans, surfaces and inspections belong, as other modules ask for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from crackmap.surfaces import around_m
from crackmap_server import tables
from crackmap_server.errors import BadRequest, NotFound
from crackmap_server.pairs import Pair


@dataclass(frozen=True)
class Face:
    """A surface, and after which length u begins again on it (None: never)."""

    surface_id: UUID
    structure_id: UUID
    around_m: float | None


@dataclass(frozen=True)
class Site:
    """What a scan looked at, and in which inspection."""

    face: Face
    inspection_id: UUID


def face(connection: Connection, surface_id: UUID) -> Face:
    """Raises NotFound."""
    surfaces = tables.surfaces.c
    row = connection.execute(
        select(surfaces.surface_id, surfaces.structure_id, surfaces.radius_m).where(surfaces.surface_id == surface_id)
    ).one_or_none()
    if row is None:
        raise NotFound(f"surface {surface_id} is not stored")
    return _face(row)


def structure_of_inspection(connection: Connection, inspection_id: UUID) -> UUID:
    """Raises NotFound."""
    table = tables.inspections.c
    found = connection.execute(select(table.structure_id).where(table.inspection_id == inspection_id)).scalar()
    if not isinstance(found, UUID):
        raise NotFound(f"inspection {inspection_id} is not stored")
    return found


def the_inspection(connection: Connection, inspection_id: UUID) -> None:
    """Raises NotFound unless it is stored."""
    structure_of_inspection(connection, inspection_id)


def check_inspection(connection: Connection, inspection_id: UUID, structure_id: UUID, name: str) -> None:
    """Raises BadRequest when the inspection is not one of that structure."""
    table = tables.inspections.c
    found = connection.execute(select(table.structure_id).where(table.inspection_id == inspection_id)).scalar()
    if found != structure_id:
        raise BadRequest(f"{name}: the surface's structure has no inspection {inspection_id}")


def sites(connection: Connection, pairs: Mapping[int, Pair]) -> dict[UUID, Site]:
    """Of the pairs' scans, by scan."""
    return sites_of(connection, {pair.scan_id for pair in pairs.values()})


def sites_of(connection: Connection, scan_ids: Iterable[UUID]) -> dict[UUID, Site]:
    """By scan."""
    rows = connection.execute(_SITES, {"scans": list(scan_ids)})
    return {row.scan_id: Site(_face(row), row.inspection_id) for row in rows}


_SCANS, _SURFACES = tables.scans.c, tables.surfaces.c
_SITES = (
    select(_SCANS.scan_id, _SCANS.inspection_id, _SURFACES.surface_id, _SURFACES.structure_id, _SURFACES.radius_m)
    .join_from(tables.scans, tables.surfaces)
    .where(_SCANS.scan_id.in_(bindparam("scans", expanding=True)))
)


def _face(row: Any) -> Face:
    return Face(row.surface_id, row.structure_id, around_m(row.radius_m))
