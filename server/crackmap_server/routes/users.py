"""Users and what they may do. Nobody is ever deleted: the audit log names them."""

import asyncio
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, RowMapping, select

from crackmap.messages import utc
from crackmap_server import tables
from crackmap_server.errors import BadRequest, Busy, DiskFull, NameTaken, NotFound, WouldLockOut
from crackmap_server.paging import Cursor, Limit, page
from crackmap_server.people.credentials import LONGEST_PASSWORD, SHORTEST_PASSWORD, hashed_password
from crackmap_server.people.names import Name
from crackmap_server.people.register import add_user, change_user
from crackmap_server.people.resources import UserItem
from crackmap_server.people.roles import Role
from crackmap_server.resources import Page
from crackmap_server.routes.dependencies import NotesOf, Reading, WriterOf, problems

router = APIRouter(tags=["people"])
UserRole = Literal["worker", "viewer", "inspector", "admin"]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    password: str | None = Field(
        default=None,
        min_length=SHORTEST_PASSWORD,
        max_length=LONGEST_PASSWORD,
        description="without one only keys let the user in",
        examples=["correct horse battery"],
    )


class NewUser(_Asked):
    """Somebody who shall be let in."""

    name: Name
    role: UserRole = Field(description="a worker scores again, a viewer reads, an inspector judges, an admin manages")


class UserChange(_Asked):
    """What is null or missing stays."""

    role: UserRole | None = None
    disabled: bool | None = Field(default=None, description="ends the user's sessions and keys")


@router.get("/v1/users", responses=problems(BadRequest), summary="Who may sign in")
def get_users(connection: Reading, limit: Limit = 100, cursor: Cursor = None) -> Page[UserItem]:
    """In the order of their names."""
    users = tables.users.c
    rows, after = page(connection, select(tables.users), {users.name: str, users.user_id: UUID}, limit, cursor)
    return Page(items=[_shown(row) for row in rows], next=after)


@router.post(
    "/v1/users",
    status_code=201,
    responses=problems(BadRequest, NameTaken, Busy, DiskFull),
    summary="Let somebody in",
)
async def post_user(new: NewUser, writer: WriterOf, notes: NotesOf) -> UserItem:
    """Once the first key or user exists, every request needs one, also on this machine."""
    hashed = await _hashed(new.password)

    def add(connection: Connection) -> UserItem:
        user_id = add_user(connection, new.name, Role(new.role), hashed, datetime.now(UTC))
        return _one(connection, user_id)

    notes.outcome = f"user {new.name} role={new.role}"
    return await asyncio.wrap_future(writer.submit(add))


@router.patch(
    "/v1/users/{user_id}",
    responses=problems(BadRequest, NotFound, WouldLockOut, Busy, DiskFull),
    summary="Change a role or a password, or let somebody in no more",
)
async def patch_user(user_id: UUID, change: UserChange, writer: WriterOf, notes: NotesOf) -> UserItem:
    """A new password ends the user's sessions. The last admin stays one."""
    hashed = await _hashed(change.password)

    def apply(connection: Connection) -> UserItem:
        role = None if change.role is None else Role(change.role)
        change_user(connection, user_id, datetime.now(UTC), role=role, password_hash=hashed, disabled=change.disabled)
        return _one(connection, user_id)

    item = await asyncio.wrap_future(writer.submit(apply))
    changed = sorted(change.model_dump(exclude_none=True))
    notes.outcome = f"user {item.name} role={item.role} changed={','.join(changed) or 'nothing'}"
    return item


async def _hashed(password: str | None) -> str | None:
    return None if password is None else await run_in_threadpool(hashed_password, password)


def _one(connection: Connection, user_id: UUID) -> UserItem:
    users = tables.users
    return _shown(connection.execute(select(users).where(users.c.user_id == user_id)).mappings().one())


def _shown(row: RowMapping) -> UserItem:
    return UserItem(
        user_id=row["user_id"],
        name=row["name"],
        role=row["role"],
        has_password=row["password"] is not None,
        made_utc=utc(row["made_utc"]),
        disabled_utc=None if row["disabled_utc"] is None else utc(row["disabled_utc"]),
    )
