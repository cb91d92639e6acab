"""The collections: five of each surface, because each surface has a frame of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection

from crackmap_server import tables
from crackmap_server.additions.surface_placements import LocalEnu
from crackmap_server.errors import NotFound
from crackmap_server.paging import page
from crackmap_server.placed_charts import PlacedChart
from crackmap_server.surface_names import SurfaceName, read_surface, select_surfaces, surface_names

SURFACES_AT_ONCE = 300


class Kind(StrEnum):
    """What a collection holds."""

    DETECTIONS = "detections"
    FRAMES = "frames"
    COVERAGE = "coverage"
    FINDINGS = "findings"
    MASKS = "masks"


TITLES = {
    Kind.DETECTIONS: "detections",
    Kind.FRAMES: "photographs",
    Kind.COVERAGE: "what was seen",
    Kind.FINDINGS: "what people drew",
    Kind.MASKS: "known things",
}
DESCRIPTIONS = {
    Kind.DETECTIONS: "Tiles whose score is at or over the threshold, with their outline.",
    Kind.FRAMES: "Outlines of the photographs that lie on the surface.",
    Kind.COVERAGE: "Where a crack of the inspection's target width would have been seen, and where not, and why.",
    Kind.FINDINGS: "What people saw and drew by hand; what they marked in a photograph only has no place.",
    Kind.MASKS: "Joints, pipes and the like, which the model takes for cracks.",
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
        return f"{DESCRIPTIONS[self.kind]} {_where(self.surface.chart)}"


def read_collections(connection: Connection, cursor: str | None) -> tuple[list[Collection], str | None]:
    """Those of the next surfaces in the order of their names, and the next page's cursor."""
    table = tables.surfaces.c
    rows, after = page(
        connection, select_surfaces(), {table.name: str, table.surface_id: UUID}, SURFACES_AT_ONCE, cursor
    )
    return [Collection(kind, surface) for surface in surface_names(connection, rows) for kind in Kind], after


def read_collection(connection: Connection, collection_id: str) -> Collection:
    """Raises NotFound."""
    for kind, surface_id in _parsed(collection_id):
        return Collection(kind, read_surface(connection, surface_id))
    raise NotFound(f"there is no collection {collection_id!r}")


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


def _where(chart: PlacedChart | None) -> str:
    """In which frames there are coordinates, and what heights are."""
    own = "Metres in the surface's own frame"
    if chart is None:
        return f"{own}."
    if isinstance(chart.placement, LocalEnu):
        return f"{own}, and longitude, latitude and height over the ellipsoid."
    datum = chart.placement.vertical_crs or "no stated datum"
    earth = "longitude and latitude, and " if chart.on_earth else ""
    return f"{own}, {earth}{chart.placement.crs}. Heights are of {datum}."
