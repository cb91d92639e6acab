"""Robots, users and keys in the tables. Runs inside a writer's transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Select, delete, exists, insert, or_, select, update

from crackmap_server import tables
from crackmap_server.errors import NameTaken, NotFound, WouldLockOut
from crackmap_server.people.credentials import kept, new_key
from crackmap_server.people.roles import Role


@dataclass(frozen=True)
class NewKey:
    """A key as it is told to its owner: it cannot be told again."""

    key_id: UUID
    key: str


def anybody_known(connection: Connection) -> bool:
    """Whether a key or a user exists, also one that was revoked or disabled: from then on every request needs one."""
    known = or_(exists().select_from(tables.users), exists().select_from(tables.keys))
    return bool(connection.execute(select(known)).scalar_one())


def add_user(connection: Connection, name: str, role: Role, password_hash: str | None, now_utc: datetime) -> UUID:
    """Raises NameTaken."""
    users = tables.users
    if connection.execute(select(users.c.user_id).where(users.c.name == name)).first():
        raise NameTaken(f"there is a user {name!r} already")
    user_id = uuid4()
    connection.execute(
        insert(users),
        {"user_id": user_id, "name": name, "role": role, "password": password_hash, "made_utc": now_utc},
    )
    return user_id


def change_user(
    connection: Connection,
    user_id: UUID,
    now_utc: datetime,
    *,
    role: Role | None = None,
    password_hash: str | None = None,
    disabled: bool | None = None,
) -> None:
    """Change what is not None. A new password and disabling end the user's sessions, disabling also the keys.

    Raises NotFound; WouldLockOut where no admin would be left.
    """
    users = tables.users
    row = connection.execute(select(users).where(users.c.user_id == user_id)).one_or_none()
    if row is None:
        raise NotFound(f"user {user_id} does not exist")
    values: dict[str, Any] = {}
    if role is not None:
        values["role"] = role
    if password_hash is not None:
        values["password"] = password_hash
    if disabled is not None:
        values["disabled_utc"] = (row.disabled_utc or now_utc) if disabled else None
    if not values:
        return
    connection.execute(update(users).where(users.c.user_id == user_id).values(**values))
    if disabled or password_hash is not None:
        connection.execute(delete(tables.sessions).where(tables.sessions.c.user_id == user_id))
    if disabled:
        _end(connection, tables.keys.c.user_id == user_id, now_utc)
    if (disabled or role not in {None, Role.ADMIN}) and row.role == Role.ADMIN and not _an_admin_is_left(connection):
        raise WouldLockOut(f"{row.name!r} is the last admin; make another one first")


def _an_admin_is_left(connection: Connection) -> bool:
    users = tables.users.c
    return (
        connection.execute(
            select(users.user_id).where(users.role == Role.ADMIN, users.disabled_utc.is_(None)).limit(1)
        ).first()
        is not None
    )


def user_named(connection: Connection, name: str) -> UUID:
    """Raises NotFound."""
    users = tables.users.c
    user_id: UUID | None = connection.execute(select(users.user_id).where(users.name == name)).scalar_one_or_none()
    if user_id is None:
        raise NotFound(f"there is no user {name!r}")
    return user_id


def robot_named(connection: Connection, name: str, now_utc: datetime) -> UUID:
    """The robot of that name; a new one where there is none."""
    robots = tables.robots
    robot_id = connection.execute(select(robots.c.robot_id).where(robots.c.name == name)).scalar_one_or_none()
    if robot_id is None:
        robot_id = uuid4()
        connection.execute(insert(robots), {"robot_id": robot_id, "name": name, "made_utc": now_utc})
    return robot_id


def add_key(
    connection: Connection, now_utc: datetime, *, robot_id: UUID | None = None, user_id: UUID | None = None
) -> NewKey:
    """A key of one robot or one user."""
    made = NewKey(uuid4(), new_key())
    connection.execute(
        insert(tables.keys),
        {
            "key_id": made.key_id,
            "sha256": kept(made.key),
            "robot_id": robot_id,
            "user_id": user_id,
            "made_utc": now_utc,
        },
    )
    return made


def list_keys() -> Select[Any]:
    """All keys with the name of the robot or user that each belongs to."""
    keys, robots, users = tables.keys, tables.robots, tables.users
    return select(keys, robots.c.name.label("robot"), users.c.name.label("user")).select_from(
        keys.outerjoin(robots).outerjoin(users)
    )


def revoke_key(connection: Connection, key_id: UUID, now_utc: datetime) -> None:
    """It is good for nothing from now on. Raises NotFound."""
    _key(connection, key_id)
    _end(connection, tables.keys.c.key_id == key_id, now_utc)


def rotate_key(connection: Connection, key_id: UUID, now_utc: datetime, overlap: timedelta) -> NewKey:
    """A new key for the same owner; the old one ends after the overlap. Raises NotFound, also where it has ended."""
    row = _key(connection, key_id)
    if row.ends_utc is not None and row.ends_utc <= now_utc:
        raise NotFound(f"key {key_id} was revoked or replaced; make a new one")
    _end(connection, tables.keys.c.key_id == key_id, now_utc + overlap)
    return add_key(connection, now_utc, robot_id=row.robot_id, user_id=row.user_id)


def _key(connection: Connection, key_id: UUID) -> Any:
    row = connection.execute(select(tables.keys).where(tables.keys.c.key_id == key_id)).one_or_none()
    if row is None:
        raise NotFound(f"key {key_id} does not exist")
    return row


def _end(connection: Connection, which: Any, at_utc: datetime) -> None:
    ends = tables.keys.c.ends_utc
    connection.execute(update(tables.keys).where(which, or_(ends.is_(None), ends > at_utc)).values(ends_utc=at_utc))
