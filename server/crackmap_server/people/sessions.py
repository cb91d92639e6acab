"""Signing in and out with a browser. Tries are counted in the database, so that several processes share the count."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, delete, func, insert, select

from crackmap_server import tables
from crackmap_server.errors import TooManyTries
from crackmap_server.people.credentials import kept, new_token
from crackmap_server.people.roles import READERS

WINDOW: Final = timedelta(minutes=15)
MOST_TRIES_BY_NAME: Final = 5
MOST_TRIES_FROM_ADDRESS: Final = 30
"""More than one person may sit behind an address."""


def note_try(connection: Connection, name: str, address: str, now_utc: datetime) -> None:
    """Count a try before the password is looked at: many at once cannot slip through together.

    Raises TooManyTries. What is refused is not counted, so the lock ends by itself.
    """
    tries = tables.sign_ins
    connection.execute(delete(tries).where(tries.c.tried_utc <= now_utc - WINDOW))
    for column, value, most in (
        (tries.c.name, name, MOST_TRIES_BY_NAME),
        (tries.c.address, address, MOST_TRIES_FROM_ADDRESS),
    ):
        count = connection.execute(select(func.count()).select_from(tries).where(column == value)).scalar_one()
        if count >= most:
            raise TooManyTries("too many tries to sign in; wait a quarter of an hour, or use a key")
    connection.execute(insert(tries), {"name": name, "address": address, "tried_utc": now_utc})


def user_to_sign_in(connection: Connection, name: str) -> Row[Any, Any, Any, Any] | None:
    """user_id, name, role and password hash; None where there is no such user, or no longer, or none for browsers."""
    users = tables.users.c
    return connection.execute(
        select(users.user_id, users.name, users.role, users.password).where(
            users.name == name, users.disabled_utc.is_(None), users.role.in_(READERS)
        )
    ).one_or_none()


def begin_session(
    connection: Connection, user_id: UUID, name: str, *, old_token: str | None, now_utc: datetime, lasts: timedelta
) -> str:
    """A new session's token, always a new one: what the browser brought before is ended (no session fixation)."""
    sessions, tries = tables.sessions, tables.sign_ins
    connection.execute(delete(tries).where(tries.c.name == name))
    connection.execute(delete(sessions).where(sessions.c.ends_utc <= now_utc))
    if old_token is not None:
        end_session(connection, old_token)
    token = new_token()
    connection.execute(
        insert(sessions),
        {"sha256": kept(token), "user_id": user_id, "made_utc": now_utc, "ends_utc": now_utc + lasts},
    )
    return token


def end_session(connection: Connection, token: str) -> None:
    """Sign out."""
    connection.execute(delete(tables.sessions).where(tables.sessions.c.sha256 == kept(token)))
