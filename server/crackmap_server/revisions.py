"""Versions of what people add: written one after the other, never changed; the last one counts.

Two people who change the same thing do not overwrite each other: a change names the version that it was made from.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Connection, Select, and_, bindparam, func, insert, select

from crackmap_server import tables
from crackmap_server.errors import ChangedMeanwhile, Conflict, NotFound, NotSaidWhich

_ROWS = tables.revisions.c


@dataclass(frozen=True)
class Revision:
    """One version of one thing; without content it is the one that deletes it."""

    kind: str
    resource_id: UUID
    version: int
    owner_id: UUID
    content: dict[str, Any] | None
    author: str | None
    written_utc: datetime


def latest(connection: Connection, kind: str, resource_id: UUID) -> Revision | None:
    """The last version; None when there never was one."""
    found = history(connection, kind, resource_id)
    return found[-1] if found else None


def current(connection: Connection, kind: str, resource_id: UUID) -> Revision:
    """The version that counts. Raises NotFound: there is none, or it was deleted."""
    found = latest(connection, kind, resource_id)
    if found is None:
        raise NotFound(f"{kind} {resource_id} is not stored")
    if found.content is None:
        raise NotFound(f"{kind} {resource_id} was deleted in version {found.version}")
    return found


def history(connection: Connection, kind: str, resource_id: UUID) -> list[Revision]:
    """All versions, the first one first."""
    statement = _select().where(_ROWS.kind == kind, _ROWS.resource_id == resource_id).order_by(_ROWS.version)
    return [Revision(**row) for row in connection.execute(statement).mappings()]


def _select(*more: Any) -> Select[Any]:
    return select(*more, *(_ROWS[name] for name in Revision.__dataclass_fields__))


def select_current(
    kind: str | BindParameter[str], owner_ids: Collection[UUID] | BindParameter[Any] | None = None
) -> Select[Any]:
    """Things of a kind that are not deleted, each in its last version, with `seq`."""
    every = tables.revisions.alias()
    last = select(func.max(every.c.version)).where(
        and_(every.c.kind == _ROWS.kind, every.c.resource_id == _ROWS.resource_id)
    )
    statement = _select(_ROWS.seq).where(
        _ROWS.kind == kind, _ROWS.version == last.scalar_subquery(), _ROWS.content.is_not(None)
    )
    return statement if owner_ids is None else statement.where(_ROWS.owner_id.in_(owner_ids))


def all_current(connection: Connection, kind: str, owner_ids: Collection[UUID]) -> list[Revision]:
    """Those that belong to one of the owners, in the order of their ids."""
    rows = connection.execute(_ALL_CURRENT, {"of_kind": kind, "owners": list(owner_ids)}).mappings()
    return [as_revision(row) for row in rows]


_ALL_CURRENT = select_current(bindparam("of_kind"), bindparam("owners", expanding=True)).order_by(_ROWS.resource_id)


def last_versions(connection: Connection, kind: str, resource_ids: Collection[UUID]) -> dict[UUID, int]:
    """The number of the last version of each, deleted or not; without those that were never written."""
    statement = (
        select(_ROWS.resource_id, func.max(_ROWS.version).label("last"))
        .where(_ROWS.kind == kind, _ROWS.resource_id.in_(resource_ids))
        .group_by(_ROWS.resource_id)
    )
    return {row.resource_id: row.last for row in connection.execute(statement)}


def all_exact(connection: Connection, kind: str, versions: Mapping[UUID, int]) -> list[Revision]:
    """Those versions, in the order of their ids."""
    statement = _select().where(_ROWS.kind == kind, _ROWS.resource_id.in_(list(versions))).order_by(_ROWS.resource_id)
    found = [Revision(**row) for row in connection.execute(statement).mappings()]
    return [each for each in found if each.version == versions[each.resource_id]]


def as_revision(row: Any) -> Revision:
    """A row of `select_current`."""
    return Revision(**{name: row[name] for name in Revision.__dataclass_fields__})


def put(connection: Connection, new: Revision, made_from: int | None) -> Revision:
    """Write `new` (its version is not looked at) after the version `made_from`; None: it is a new thing.

    Putting what is there already changes nothing, so a request may be sent twice.
    Raises ChangedMeanwhile, NotSaidWhich, Conflict (it would belong to something else).
    """
    there = latest(connection, new.kind, new.resource_id)
    if there is not None and there.owner_id != new.owner_id:
        raise Conflict(f"{new.kind} {new.resource_id} belongs to {there.owner_id}, not to {new.owner_id}")
    if there is not None and there.content == new.content:
        return there
    version = _next_version(there, new, made_from)
    written = Revision(**{**vars(new), "version": version})
    connection.execute(insert(tables.revisions), vars(written))
    return written


def delete(connection: Connection, gone: Revision, made_from: int) -> Revision:
    """Write a version without content. Deleting twice changes nothing. Raises NotFound, ChangedMeanwhile."""
    there = latest(connection, gone.kind, gone.resource_id)
    if there is None:
        raise NotFound(f"{gone.kind} {gone.resource_id} is not stored")
    return put(connection, Revision(**{**vars(gone), "owner_id": there.owner_id, "content": None}), made_from)


def _next_version(there: Revision | None, new: Revision, made_from: int | None) -> int:
    if there is None:
        if made_from is not None:
            raise ChangedMeanwhile(f"{new.kind} {new.resource_id} is not stored; leave out If-Match to make it")
        return 1
    state = "deleted" if there.content is None else "changed"
    if made_from is None:
        raise NotSaidWhich(
            f'{new.kind} {new.resource_id} is there; say which version is to be changed: If-Match: "{there.version}"'
        )
    if made_from != there.version:
        raise ChangedMeanwhile(
            f"{new.kind} {new.resource_id} was {state} meanwhile and is in version {there.version}, not {made_from}; "
            "read it again"
        )
    return there.version + 1
