"""Known things on a surface that the model takes for cracks: drawn once, they hold for every inspection in between."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from sqlalchemy import Connection

from crackmap_server.additions.addition import Addition, Note, like
from crackmap_server.shapes import Rings, check_on_chart
from crackmap_server.sites import check_inspection, face

MaskKind = Literal[
    "joint", "tie_hole", "pipe", "cable", "fixture", "drain", "stain", "vegetation", "marking", "obstruction", "other"
]


class Mask(Addition):
    """A known thing in the surface's own coordinates. It deletes nothing: what lies in it is marked."""

    model_config = ConfigDict(
        **like(
            {
                "surface_id": "46480394-9463-5076-a023-12179c6ed197",
                "kind": "joint",
                "polygon_m": [[(1.9, 0), (2.1, 0), (2.1, 2.5), (1.9, 2.5)]],
                "note": "expansion joint between bays 1 and 2",
                "from_inspection_id": None,
                "until_inspection_id": None,
            }
        )
    )
    kind_name: ClassVar[str] = "mask"

    surface_id: UUID
    kind: MaskKind
    polygon_m: Rings
    note: Note = ""
    from_inspection_id: UUID | None = Field(
        default=None, description="the first inspection that it holds for; null: for all that came before too"
    )
    until_inspection_id: UUID | None = Field(
        default=None, description="the last inspection that it holds for; null: for all that will come too"
    )

    @property
    def owner_id(self) -> UUID:
        return self.surface_id

    def check(self, connection: Connection, _own_id: UUID, /) -> None:
        there = face(connection, self.surface_id)
        check_on_chart(self.polygon_m[0], there.around_m, "polygon_m")
        for name in ("from_inspection_id", "until_inspection_id"):
            inspection_id = getattr(self, name)
            if inspection_id is not None:
                check_inspection(connection, inspection_id, there.structure_id, name)
