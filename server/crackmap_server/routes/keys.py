"""Robots, and the keys of robots and users."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import Connection, RowMapping, select

from crackmap.messages import utc
from crackmap_server import tables
from crackmap_server.errors import BadRequest, Busy, DiskFull, NotFound
from crackmap_server.paging import Cursor, Limit, page
from crackmap_server.people.names import Name
from crackmap_server.people.register import (
    NewKey,
    add_key,
    list_keys,
    revoke_key,
    robot_named,
    rotate_key,
    user_named,
)
from crackmap_server.people.resources import KeyItem, KeyOnce, RobotItem
from crackmap_server.resources import Page
from crackmap_server.routes.dependencies import NotesOf, Reading, WriterOf, problems

router = APIRouter(tags=["people"])
LONGEST_OVERLAP_HOURS = 24 * 30


class KeyWanted(BaseModel):
    """For one robot or one user."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"robot": "crawler 1"}]})

    robot: Name | None = Field(default=None, description="its name; a new robot where there is none of that name")
    user: Name | None = Field(default=None, description="name of a user, whose role the key has")

    @model_validator(mode="after")
    def _one_owner(self) -> Self:
        if (self.robot is None) == (self.user is None):
            raise ValueError("a key is for one robot or one user: give one of the two")
        return self


class Rotation(BaseModel):
    """How a key is replaced."""

    model_config = ConfigDict(extra="forbid")

    overlap_hours: float = Field(
        default=0, ge=0, le=LONGEST_OVERLAP_HOURS, description="that the old key stays valid, so that no robot waits"
    )


@router.get("/v1/robots", responses=problems(BadRequest), summary="Robots that have, or had, a key")
def get_robots(connection: Reading, limit: Limit = 100, cursor: Cursor = None) -> Page[RobotItem]:
    """In the order of their names."""
    robots = tables.robots.c
    rows, after = page(connection, select(tables.robots), {robots.name: str, robots.robot_id: UUID}, limit, cursor)
    return Page(
        items=[RobotItem(robot_id=row["robot_id"], name=row["name"], made_utc=utc(row["made_utc"])) for row in rows],
        next=after,
    )


@router.get("/v1/keys", responses=problems(BadRequest), summary="Keys, but not what they are")
def get_keys(connection: Reading, limit: Limit = 100, cursor: Cursor = None) -> Page[KeyItem]:
    """In the order of their ids. What a key is was told once, when it was made; the server keeps only its hash."""
    rows, after = page(connection, list_keys(), {tables.keys.c.key_id: UUID}, limit, cursor)
    return Page(items=[_shown(row) for row in rows], next=after)


@router.post(
    "/v1/keys", status_code=201, responses=problems(BadRequest, NotFound, Busy, DiskFull), summary="Make a key"
)
async def post_key(wanted: KeyWanted, response: Response, writer: WriterOf, notes: NotesOf) -> KeyOnce:
    """The answer is the only place where the key ever stands."""

    def add(connection: Connection) -> NewKey:
        now_utc = datetime.now(UTC)
        if wanted.robot is not None:
            return add_key(connection, now_utc, robot_id=robot_named(connection, wanted.robot, now_utc))
        assert wanted.user is not None, "it is one or the other"
        return add_key(connection, now_utc, user_id=user_named(connection, wanted.user))

    made = await asyncio.wrap_future(writer.submit(add))
    owner = f"robot {wanted.robot}" if wanted.robot is not None else f"user {wanted.user}"
    notes.outcome = f"key {made.key_id} for {owner}"
    return _once(made, response)


@router.post(
    "/v1/keys/{key_id}/rotation",
    status_code=201,
    responses=problems(BadRequest, NotFound, Busy, DiskFull),
    summary="Replace a key",
)
async def post_rotation(
    *, key_id: UUID, rotation: Rotation, response: Response, writer: WriterOf, notes: NotesOf
) -> KeyOnce:
    """A new key for the same robot or user; the old one ends, at once or after the overlap."""
    overlap = timedelta(hours=rotation.overlap_hours)
    made = await asyncio.wrap_future(
        writer.submit(lambda connection: rotate_key(connection, key_id, datetime.now(UTC), overlap))
    )
    notes.outcome = f"key {made.key_id} replaces {key_id} overlap_hours={rotation.overlap_hours:g}"
    return _once(made, response)


@router.delete(
    "/v1/keys/{key_id}",
    status_code=204,
    responses=problems(BadRequest, NotFound, Busy, DiskFull),
    summary="Revoke a key",
)
async def delete_key(key_id: UUID, writer: WriterOf, notes: NotesOf) -> None:
    """It is good for nothing from the next request on. It stays in the list, with the time of its end."""
    await asyncio.wrap_future(writer.submit(lambda connection: revoke_key(connection, key_id, datetime.now(UTC))))
    notes.outcome = f"key {key_id} revoked"


def _once(made: NewKey, response: Response) -> KeyOnce:
    response.headers["Cache-Control"] = "no-store"
    return KeyOnce(key_id=made.key_id, key=made.key)


def _shown(row: RowMapping) -> KeyItem:
    return KeyItem(
        key_id=row["key_id"],
        robot=row["robot"],
        user=row["user"],
        made_utc=utc(row["made_utc"]),
        last_used_utc=None if row["last_used_utc"] is None else utc(row["last_used_utc"]),
        ends_utc=None if row["ends_utc"] is None else utc(row["ends_utc"]),
    )
