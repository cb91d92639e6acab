"""Elements of structures."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from crackmap_server.additions.elements import Element
from crackmap_server.errors import BadRequest, NotFound
from crackmap_server.paging import Cursor, Limit
from crackmap_server.resources import Kept, Page
from crackmap_server.routes.dependencies import Reading, problems
from crackmap_server.routes.revisions import WRITTEN, ChangeOf, made, read_list, read_one, read_versions, remove, write

router = APIRouter(tags=["elements"])


@router.get("/v1/elements", responses=problems(BadRequest), summary="Parts of a structure, by the owner's numbers")
def get_elements(
    connection: Reading,
    structure_id: Annotated[UUID | None, Query(description="only of this structure")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[Kept[Element]]:
    """In the order in which they were last changed; deleted ones are left out."""
    return read_list(connection, Element, structure_id, limit, cursor)


@router.get("/v1/elements/{element_id}", responses=problems(BadRequest, NotFound), summary="One element")
def get_element(element_id: UUID, connection: Reading, response: Response) -> Kept[Element]:
    """In its last version, whose number is the ETag."""
    return read_one(connection, Element, element_id, response)


@router.put("/v1/elements/{element_id}", responses=made("element"), summary="Make or change an element")
def put_element(*, element_id: UUID, content: Element, change: ChangeOf, response: Response) -> Kept[Element]:
    """Under an id that the client draws (a UUID), so that sending it twice makes one. A change needs If-Match."""
    return write(element_id, content, change, response)


@router.delete("/v1/elements/{element_id}", responses=WRITTEN, summary="Delete an element")
def delete_element(*, element_id: UUID, change: ChangeOf, response: Response) -> Kept[Element]:
    """Adds a version without content; the versions before it stay. Needs If-Match."""
    return remove(Element, element_id, change, response)


@router.get(
    "/v1/elements/{element_id}/versions", responses=problems(BadRequest, NotFound), summary="All versions of an element"
)
def get_element_versions(element_id: UUID, connection: Reading) -> list[Kept[Element]]:
    """The first one first."""
    return read_versions(connection, Element, element_id)
