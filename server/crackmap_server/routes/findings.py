"""Findings that people drew by hand."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from crackmap_server.additions.findings import Finding
from crackmap_server.errors import BadRequest, NotFound
from crackmap_server.paging import Cursor, Limit
from crackmap_server.resources import Kept, Page
from crackmap_server.routes.dependencies import Reading, problems
from crackmap_server.routes.revisions import WRITTEN, ChangeOf, made, read_list, read_one, read_versions, remove, write

router = APIRouter(tags=["findings"])


@router.get("/v1/findings", responses=problems(BadRequest), summary="What people saw by themselves")
def get_findings(
    connection: Reading,
    surface_id: Annotated[UUID | None, Query(description="only of this surface")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[Kept[Finding]]:
    """In the order in which they were last changed; deleted ones are left out."""
    return read_list(connection, Finding, surface_id, limit, cursor)


@router.get("/v1/findings/{finding_id}", responses=problems(BadRequest, NotFound), summary="One finding")
def get_finding(finding_id: UUID, connection: Reading, response: Response) -> Kept[Finding]:
    """In its last version, whose number is the ETag."""
    return read_one(connection, Finding, finding_id, response)


@router.put("/v1/findings/{finding_id}", responses=made("finding"), summary="Make or change a finding")
def put_finding(*, finding_id: UUID, content: Finding, change: ChangeOf, response: Response) -> Kept[Finding]:
    """Under an id that the client draws (a UUID), so that sending it twice makes one. A change needs If-Match."""
    return write(finding_id, content, change, response)


@router.delete("/v1/findings/{finding_id}", responses=WRITTEN, summary="Delete a finding")
def delete_finding(*, finding_id: UUID, change: ChangeOf, response: Response) -> Kept[Finding]:
    """Adds a version without content; the versions before it stay. Needs If-Match."""
    return remove(Finding, finding_id, change, response)


@router.get(
    "/v1/findings/{finding_id}/versions", responses=problems(BadRequest, NotFound), summary="All versions of a finding"
)
def get_finding_versions(finding_id: UUID, connection: Reading) -> list[Kept[Finding]]:
    """The first one first."""
    return read_versions(connection, Finding, finding_id)
