"""Elements of a structure, numbered as its owner numbers them: span 2, pier P3, bearing 12."""

from typing import ClassVar
from uuid import UUID

from pydantic import ConfigDict, Field
from sqlalchemy import Connection, select

from crackmap.surfaces import Name
from crackmap_server import tables
from crackmap_server.additions.addition import Addition, Note, like
from crackmap_server.errors import BadRequest, Conflict, NotFound
from crackmap_server.revisions import all_current


class Element(Addition):
    """A part of a structure that its owner has a number for."""

    model_config = ConfigDict(
        **like(
            {
                "structure_id": "312b4ea1-e45e-512d-a0e4-747a638d002c",
                "number": "P3",
                "name": "pier 3",
                "parent_id": None,
            }
        )
    )
    kind_name: ClassVar[str] = "element"

    structure_id: UUID
    number: Name = Field(description="the owner's number; no two elements of a structure have the same")
    name: Name
    parent_id: UUID | None = Field(default=None, description="the element that this one is a part of")
    note: Note = ""

    @property
    def owner_id(self) -> UUID:
        return self.structure_id

    def check(self, connection: Connection, own_id: UUID, /) -> None:
        structures = tables.structures.c.structure_id
        if connection.execute(select(structures).where(structures == self.structure_id)).scalar() is None:
            raise NotFound(f"structure {self.structure_id} is not stored")
        others = _elements(connection, self.structure_id)
        others.pop(own_id, None)
        for other_id, other in others.items():
            if other.number == self.number:
                raise Conflict(f"number {self.number!r} is element {other_id}, {other.name!r}")
        above = self.parent_id
        while above is not None:  # ends: what is stored has no circles
            if above == own_id:
                raise BadRequest("parent_id: an element cannot be a part of itself or of one of its parts")
            if above not in others:
                raise BadRequest(f"parent_id: the structure has no element {above}")
            above = others[above].parent_id

    @classmethod
    def check_unused(cls, connection: Connection, own_id: UUID) -> None:
        revisions = tables.revisions.c
        owner = connection.execute(
            select(revisions.owner_id).where(revisions.kind == cls.kind_name, revisions.resource_id == own_id)
        ).scalar()
        if owner is None:
            return
        for other in _elements(connection, owner).values():
            if other.parent_id == own_id:
                raise Conflict(f"element {other.number!r} is a part of it; change that first")
        faces = list(
            connection.execute(
                select(tables.surfaces.c.surface_id).where(tables.surfaces.c.structure_id == owner)
            ).scalars()
        )
        for described in all_current(connection, "surface description", faces):
            if (described.content or {}).get("element_id") == str(own_id):
                raise Conflict(f"surface {described.resource_id} is described as being of it; change that first")


def _elements(connection: Connection, structure_id: UUID) -> dict[UUID, Element]:
    return {
        each.resource_id: Element.model_validate(each.content)
        for each in all_current(connection, Element.kind_name, [structure_id])
    }


def check_element(connection: Connection, element_id: UUID, structure_id: UUID) -> None:
    """Raises BadRequest when the structure has no such element."""
    if element_id not in _elements(connection, structure_id):
        raise BadRequest(f"element_id: the structure has no element {element_id}")
