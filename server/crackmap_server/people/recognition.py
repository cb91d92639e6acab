"""Who a request comes from, by the key or the session that it brings."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, or_, select, update
from starlette.datastructures import Headers
from starlette.requests import cookie_parser

from crackmap_server import tables
from crackmap_server.errors import NotSignedIn
from crackmap_server.people.credentials import kept
from crackmap_server.people.roles import Role, Who

COOKIE: Final = "crackmap-session"
SECURE_COOKIE: Final = f"__Host-{COOKIE}"
"""Over TLS. Browsers take a cookie of this name only from this very host, and only over TLS."""
_LONGEST: Final = 200
_USED_AT_MOST_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Recognised:
    """Somebody known. `session`: the token of the browser's session, from which its CSRF token follows."""

    who: Who
    session: str | None = None
    used_long_ago: bool = False
    """Whether the key's last use should be written down again."""


def cookie_name(scheme: str) -> str:
    """Of the session's cookie."""
    return SECURE_COOKIE if scheme == "https" else COOKIE


def session_token(headers: Headers, scheme: str) -> str | None:
    """The token in the cookie, whatever it is worth."""
    token = cookie_parser(headers.get("cookie", "")).get(cookie_name(scheme), "")
    return token if 0 < len(token) <= _LONGEST else None


def recognise(connection: Connection, headers: Headers, scheme: str) -> Recognised | None:
    """None where the request brings nothing. Raises NotSignedIn where what it brings is not, or no longer, valid."""
    now_utc = datetime.now(UTC)
    sent = headers.get("authorization")
    if sent is not None:
        kind, _, key = sent.partition(" ")
        if kind.lower() != "bearer":
            raise NotSignedIn("send the key as `Authorization: Bearer KEY`")
        found = _by_key(connection, key.strip(), now_utc)
        if found is None:
            raise NotSignedIn("the key is not known, was revoked, or was replaced by a newer one")
        return found
    token = session_token(headers, scheme)
    if token is None:
        return None
    found = _by_session(connection, token, now_utc)
    if found is None:
        raise NotSignedIn("the session has ended; sign in again")
    return found


def _by_key(connection: Connection, key: str, now_utc: datetime) -> Recognised | None:
    if len(key) > _LONGEST:
        return None
    keys, robots, users = tables.keys.c, tables.robots.c, tables.users.c
    row = connection.execute(
        select(
            keys.key_id,
            keys.robot_id,
            keys.user_id,
            keys.last_used_utc,
            robots.name.label("robot"),
            users.name.label("user"),
            users.role,
        )
        .select_from(tables.keys.outerjoin(tables.robots).outerjoin(tables.users))
        .where(
            keys.sha256 == kept(key),
            or_(keys.ends_utc.is_(None), keys.ends_utc > now_utc),
            users.disabled_utc.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    if row.robot_id is not None:
        who = Who(row.robot, Role.ROBOT, robot_id=row.robot_id, key_id=row.key_id)
    else:
        who = Who(row.user, Role(row.role), user_id=row.user_id, key_id=row.key_id)
    long_ago = row.last_used_utc is None or now_utc - row.last_used_utc >= _USED_AT_MOST_EVERY
    return Recognised(who, used_long_ago=long_ago)


def _by_session(connection: Connection, token: str, now_utc: datetime) -> Recognised | None:
    sessions, users = tables.sessions.c, tables.users.c
    row = connection.execute(
        select(users.user_id, users.name, users.role)
        .select_from(tables.sessions.join(tables.users))
        .where(sessions.sha256 == kept(token), sessions.ends_utc > now_utc, users.disabled_utc.is_(None))
    ).one_or_none()
    return None if row is None else Recognised(Who(row.name, Role(row.role), user_id=row.user_id), session=token)


def note_use(connection: Connection, who: Who) -> None:
    """Write down that the key was used now."""
    keys = tables.keys
    connection.execute(update(keys).where(keys.c.key_id == who.key_id).values(last_used_utc=datetime.now(UTC)))
