"""The collections: three of each surface, because each surface has a frame of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, Select, select

from crackmap_server import tables
from crackmap_server.errors import NotFound
from crackmap_server.exports.json_fg import SurfaceName
from crackmap_server.paging import page

SURFACES_AT_ONCE = 300


class Kind(StrEnum):
    """What a collection holds."""

    DETECTIONS = "detections"
    FRAMES = "frames"
    COVERAGE = "coverage"


TITLES = {
    Kind.DETECTIONS: "detections",
    Kind.FRAMES: "photographs",
    Kind.COVERAGE: "what was seen",
}
DESCRIPTIONS = {
    Kind.DETECTIONS: "Tiles whose score is at or over the threshold, with their outline.",
    Kind.FRAMES: "Outlines of the photographs that lie on the surface.",
    Kind.COVERAGE: "Where a crack of the inspection's target width would have been seen, and where not, and why.",
}


@dataclass(frozen=True)
class Collection:
    """One kind of things on one surface."""

    kind: Kind
    surface: SurfaceName

    @property
    def collection_id(self) -> str:
        return f"{self.kind}-{self.surface.surface_id}"

    @property
    def title(self) -> str:
        return f"{self.surface.structure}: {self.surface.name}, {TITLES[self.kind]}"

    @property
    def description(self) -> str:
        return f"{DESCRIPTIONS[self.kind]} Metres in the surface's own frame."


def read_collections(connection: Connection, cursor: str | None) -> tuple[list[Collection], str | None]:
    """Those of the next surfaces in the order of their names, and the next page's cursor."""
    table = tables.surfaces.c
    rows, after = page(
        connection, _select_surfaces(), {table.name: str, table.surface_id: UUID}, SURFACES_AT_ONCE, cursor
    )
    return [Collection(kind, _surface(row)) for row in rows for kind in Kind], after


def read_collection(connection: Connection, collection_id: str) -> Collection:
    """Raises NotFound."""
    for kind, surface_id in _parsed(collection_id):
        return Collection(kind, read_surface(connection, surface_id))
    raise NotFound(f"there is no collection {collection_id!r}")


def read_surface(connection: Connection, surface_id: UUID) -> SurfaceName:
    """Raises NotFound."""
    row = connection.execute(_select_surfaces().where(tables.surfaces.c.surface_id == surface_id)).mappings()
    found = row.one_or_none()
    if found is None:
        raise NotFound(f"surface {surface_id} is not stored")
    return _surface(found)


def _parsed(collection_id: str) -> Iterator[tuple[Kind, UUID]]:
    name, _, rest = collection_id.partition("-")
    for kind in Kind:
        if kind == name:
            try:
                surface_id = UUID(rest)
            except ValueError:
                return
            if str(surface_id) == rest:  # one name for one thing
                yield kind, surface_id


def _select_surfaces() -> Select[Any]:
    table, structures = tables.surfaces, tables.structures
    return select(table, structures.c.name.label("structure")).join_from(table, structures)


def _surface(row: RowMapping) -> SurfaceName:
    return SurfaceName(row["surface_id"], row["structure"], row["name"], row["drawing"], row["radius_m"])
