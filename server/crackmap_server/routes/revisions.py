"""What the routes of all additions share: read the version that counts, write the next one."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends, Response
from sqlalchemy import Connection

from crackmap.messages import utc
from crackmap_server import tables
from crackmap_server.additions.addition import Addition
from crackmap_server.errors import (
    BadRequest,
    Busy,
    ChangedMeanwhile,
    Conflict,
    DatabaseFailed,
    DiskFull,
    NotFound,
    NotSaidWhich,
)
from crackmap_server.paging import page
from crackmap_server.resources import Kept, Page
from crackmap_server.revisions import Revision, as_revision, current, delete, history, put, select_current
from crackmap_server.routes.dependencies import Author, MadeFrom, WriterOf, problems
from crackmap_server.writer import Writer

Content = TypeVar("Content", bound=Addition)
WRITTEN = problems(BadRequest, NotFound, Conflict, ChangedMeanwhile, NotSaidWhich, Busy, DatabaseFailed, DiskFull)


@dataclass(frozen=True)
class Change:
    """Who changes something, from which version on (None: it is new)."""

    writer: Writer
    made_from: int | None
    author: str | None


async def _change(writer: WriterOf, made_from: MadeFrom, author: Author) -> Change:
    return Change(writer, made_from, author)


ChangeOf = Annotated[Change, Depends(_change)]


def read_list(
    connection: Connection, content: type[Content], owner_id: UUID | None, limit: int, cursor: str | None
) -> Page[Kept[Content]]:
    """Those that are not deleted, in the order in which their last version was written."""
    statement = select_current(content.kind_name, None if owner_id is None else [owner_id])
    rows, after = page(connection, statement, {tables.revisions.c.seq: int}, limit, cursor)
    return Page(items=[_kept(content, as_revision(row)) for row in rows], next=after)


def read_one(connection: Connection, content: type[Content], own_id: UUID, response: Response) -> Kept[Content]:
    """The version that counts, with its ETag. Raises NotFound."""
    return _tagged(content, current(connection, content.kind_name, own_id), response)


def read_versions(connection: Connection, content: type[Content], own_id: UUID) -> list[Kept[Content]]:
    """All versions, the first one first. Raises NotFound."""
    found = history(connection, content.kind_name, own_id)
    if not found:
        raise NotFound(f"{content.kind_name} {own_id} is not stored")
    return [_kept(content, each) for each in found]


def write(own_id: UUID, content: Content, change: Change, response: Response) -> Kept[Content]:
    """Check and write it; 201 when it is new."""
    new = _draft(type(content), own_id, change.author, content.owner_id, content.model_dump(mode="json"))

    def work(connection: Connection) -> Revision:
        content.check(connection, own_id)
        return put(connection, new, change.made_from)

    written = change.writer.submit(work).result()
    if written.version == 1 and written.written_utc == new.written_utc:
        response.status_code = 201
    return _tagged(type(content), written, response)


def remove(content: type[Content], own_id: UUID, change: Change, response: Response) -> Kept[Content]:
    """Write the version that deletes it."""
    made_from = change.made_from
    if made_from is None:
        raise NotSaidWhich(f"deleting {content.kind_name} {own_id} needs If-Match with the version that was read")
    gone = _draft(content, own_id, change.author, own_id, None)

    def work(connection: Connection) -> Revision:
        content.check_unused(connection, own_id)
        return delete(connection, gone, made_from)

    return _tagged(content, change.writer.submit(work).result(), response)


def _draft(content: type[Addition], own_id: UUID, author: str | None, owner_id: UUID, told: Any) -> Revision:
    return Revision(content.kind_name, own_id, 0, owner_id, told, author, datetime.now(UTC))


def _tagged(content: type[Content], revision: Revision, response: Response) -> Kept[Content]:
    response.headers["ETag"] = f'"{revision.version}"'
    return _kept(content, revision)


def _kept(content: type[Content], revision: Revision) -> Kept[Content]:
    return Kept(
        id=revision.resource_id,
        version=revision.version,
        author=revision.author,
        written_utc=utc(revision.written_utc),
        content=None if revision.content is None else content.model_validate(revision.content),
    )


def of_owner(own_id: UUID, named: UUID, name: str) -> None:
    """Raises BadRequest when path and body name different things."""
    if own_id != named:
        raise BadRequest(f"{name}: {named} is not {own_id} of the address")


def made(content: str) -> dict[int | str, dict[str, Any]]:
    """Declares the answers of a PUT."""
    return {201: {"description": f"The {content} is new"}, **WRITTEN}
