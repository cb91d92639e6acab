"""The audit log."""

from fastapi import APIRouter
from sqlalchemy import select

from crackmap.messages import utc
from crackmap_server import tables
from crackmap_server.errors import BadRequest
from crackmap_server.paging import Cursor, Limit, page
from crackmap_server.people.resources import AuditLine
from crackmap_server.resources import Page
from crackmap_server.routes.dependencies import Reading, problems

router = APIRouter(tags=["people"])


@router.get("/v1/audit", responses=problems(BadRequest), summary="Who wrote what, and when")
def get_audit(connection: Reading, limit: Limit = 100, cursor: Cursor = None) -> Page[AuditLine]:
    """One line for each request that wrote, or was not allowed to, oldest first. Nothing is written without keys."""
    table = tables.audit
    rows, after = page(connection, select(table), {table.c.seq: int}, limit, cursor)
    items = [
        AuditLine(**{name: row[name] for name in AuditLine.model_fields} | {"at_utc": utc(row["at_utc"])})
        for row in rows
    ]
    return Page(items=items, next=after)
