"""What people say of a surface: the element that it belongs to, its boundary, where it stands."""

from typing import ClassVar
from uuid import UUID

from pydantic import ConfigDict, Field
from sqlalchemy import Connection

from crackmap_server.additions.addition import Addition, Note, like
from crackmap_server.additions.elements import check_element
from crackmap_server.additions.surface_placements import SurfacePlacement
from crackmap_server.closed import Closed
from crackmap_server.revisions import all_exact, latest
from crackmap_server.shapes import Rings, check_on_chart
from crackmap_server.sites import face


class SurfaceDescription(Addition):
    """Of one surface; there is one for each, under the surface's own id."""

    model_config = ConfigDict(
        **like(
            {
                "surface_id": "46480394-9463-5076-a023-12179c6ed197",
                "element_id": None,
                "boundary": [[(0, 0), (6, 0), (6, 2.5), (0, 2.5)], [(2, 1), (3, 1), (3, 2), (2, 2)]],
                "placement": {
                    "frame": "projected",
                    "crs": "EPSG:25832",
                    "vertical_crs": "EPSG:7837",
                    "origin_m": (565000.0, 5930000.0, 4.2),
                    "u_axis": (1, 0, 0),
                    "v_axis": (0, 0, 1),
                },
            }
        )
    )
    kind_name: ClassVar[str] = "surface description"

    surface_id: UUID
    element_id: UUID | None = Field(default=None, description="the element that the surface is a face of")
    boundary: Rings | None = Field(
        default=None, description="what of the chart is to be inspected: a polygon in metres, its openings after it"
    )
    placement: SurfacePlacement | None = Field(default=None, description="where it stands; null: not known")
    note: Note = ""

    @property
    def owner_id(self) -> UUID:
        return self.surface_id

    def check(self, connection: Connection, _own_id: UUID, /) -> None:
        there = face(connection, self.surface_id)
        if self.element_id is not None:
            check_element(connection, self.element_id, there.structure_id)
        if self.boundary is not None:
            check_on_chart(self.boundary[0], there.around_m, "boundary")


def boundary(connection: Connection, surface_id: UUID, closed: Closed | None = None) -> Rings | None:
    """The surface's boundary, if one was given."""
    kind = SurfaceDescription.kind_name
    if closed is None:
        found = latest(connection, kind, surface_id)
    else:
        version = closed.additions.get(kind, {}).get(surface_id)
        found = next(iter(all_exact(connection, kind, {} if version is None else {surface_id: version})), None)
    if found is None or found.content is None:
        return None
    return SurfaceDescription.model_validate(found.content).boundary
