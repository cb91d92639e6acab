"""Masks: known things on a surface."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from crackmap_server.additions.masks import Mask
from crackmap_server.errors import BadRequest, NotFound
from crackmap_server.paging import Cursor, Limit
from crackmap_server.resources import Kept, Page
from crackmap_server.routes.dependencies import Reading, problems
from crackmap_server.routes.revisions import WRITTEN, ChangeOf, made, read_list, read_one, read_versions, remove, write

router = APIRouter(tags=["masks"])


@router.get("/v1/masks", responses=problems(BadRequest), summary="Known things on a surface that are no cracks")
def get_masks(
    connection: Reading,
    surface_id: Annotated[UUID | None, Query(description="only of this surface")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[Kept[Mask]]:
    """In the order in which they were last changed; deleted ones are left out."""
    return read_list(connection, Mask, surface_id, limit, cursor)


@router.get("/v1/masks/{mask_id}", responses=problems(BadRequest, NotFound), summary="One mask")
def get_mask(mask_id: UUID, connection: Reading, response: Response) -> Kept[Mask]:
    """In its last version, whose number is the ETag."""
    return read_one(connection, Mask, mask_id, response)


@router.put("/v1/masks/{mask_id}", responses=made("mask"), summary="Make or change a mask")
def put_mask(*, mask_id: UUID, content: Mask, change: ChangeOf, response: Response) -> Kept[Mask]:
    """Under an id that the client draws (a UUID), so that sending it twice makes one. A change needs If-Match."""
    return write(mask_id, content, change, response)


@router.delete("/v1/masks/{mask_id}", responses=WRITTEN, summary="Delete a mask")
def delete_mask(*, mask_id: UUID, change: ChangeOf, response: Response) -> Kept[Mask]:
    """Adds a version without content; the versions before it stay. Needs If-Match."""
    return remove(Mask, mask_id, change, response)


@router.get("/v1/masks/{mask_id}/versions", responses=problems(BadRequest, NotFound), summary="All versions of a mask")
def get_mask_versions(mask_id: UUID, connection: Reading) -> list[Kept[Mask]]:
    """The first one first."""
    return read_versions(connection, Mask, mask_id)
