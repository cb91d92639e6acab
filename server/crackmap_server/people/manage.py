"""What `crackmap server user …`, `key …` and `scan …` do."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, select

from crackmap.errors import InputError
from crackmap.messages import utc
from crackmap_server import tables
from crackmap_server.people import ownership, register
from crackmap_server.people.credentials import LONGEST_PASSWORD, SHORTEST_PASSWORD, hashed_password
from crackmap_server.people.direct import read, written
from crackmap_server.people.names import plain
from crackmap_server.people.roles import Role
from crackmap_server.settings import Settings


def make_user(settings: Settings, name: str, role: str, password: str | None) -> None:
    """Without a password only keys let them in. Raises InputError for a name or a password that cannot be used."""
    _check_name("NAME", name)
    hashed = None if password is None else _hashed(password)

    def add(connection: Connection) -> tuple[None, str]:
        register.add_user(connection, name, Role(role), hashed, datetime.now(UTC))
        return None, f"user {name} role={role}"

    written(settings, "user add", add)


def alter_user(settings: Settings, name: str, *, role: str | None, password: str | None, disabled: bool | None) -> None:
    """Raises InputError where there is nothing to change, no such user, or no admin left."""
    if role is None and password is None and disabled is None:
        raise InputError("nothing to change: give --role, --password, --disable or --enable.")
    hashed = None if password is None else _hashed(password)

    def change(connection: Connection) -> tuple[None, str]:
        register.change_user(
            connection,
            register.user_named(connection, name),
            datetime.now(UTC),
            role=None if role is None else Role(role),
            password_hash=hashed,
            disabled=disabled,
        )
        changed = {"role": role, "password": password and "new", "disabled": disabled}
        return None, f"user {name} " + " ".join(f"{key}={value}" for key, value in changed.items() if value is not None)

    written(settings, "user change", change)


def user_lines(settings: Settings) -> Iterator[str]:
    """The users, a line each."""
    users = tables.users
    for row in read(settings, lambda connection: connection.execute(select(users).order_by(users.c.name)).all()):
        ended = "" if row.disabled_utc is None else f"  disabled {utc(row.disabled_utc)}"
        yield f"{row.name:<24} {row.role:<10}{'' if row.password else '  no password'}{ended}"


def make_key(settings: Settings, *, robot: str | None, user: str | None) -> str:
    """The key. Raises InputError where not one robot or one user is named, or the user does not exist."""
    if (robot is None) == (user is None):
        raise InputError("a key is for one robot or one user: give --robot NAME or --user NAME.")
    if robot is not None:
        _check_name("--robot", robot)

    def add(connection: Connection) -> tuple[str, str]:
        now_utc = datetime.now(UTC)
        if robot is not None:
            made = register.add_key(connection, now_utc, robot_id=register.robot_named(connection, robot, now_utc))
            return made.key, f"key {made.key_id} for robot {robot}"
        assert user is not None, "it is one or the other"
        made = register.add_key(connection, now_utc, user_id=register.user_named(connection, user))
        return made.key, f"key {made.key_id} for user {user}"

    return written(settings, "key add", add)


def key_lines(settings: Settings) -> Iterator[str]:
    """The keys, a line each, the newest last."""
    statement = register.list_keys().order_by(tables.keys.c.made_utc)
    for row in read(settings, lambda connection: connection.execute(statement).all()):
        owner = f"robot {row.robot}" if row.robot is not None else f"user {row.user}"
        used = "never used" if row.last_used_utc is None else f"used {utc(row.last_used_utc)}"
        ends = "" if row.ends_utc is None else f", ends {utc(row.ends_utc)}"
        yield f"{row.key_id}  {owner:<30} made {utc(row.made_utc)}, {used}{ends}"


def end_key(settings: Settings, key_id: UUID) -> None:
    """Raises InputError where there is no such key."""

    def revoke(connection: Connection) -> tuple[None, str]:
        register.revoke_key(connection, key_id, datetime.now(UTC))
        return None, f"key {key_id} revoked"

    written(settings, "key revoke", revoke)


def replace_key(settings: Settings, key_id: UUID, overlap_hours: float) -> str:
    """The new key. Raises InputError where there is no such key, or it has ended."""

    def rotate(connection: Connection) -> tuple[str, str]:
        made = register.rotate_key(connection, key_id, datetime.now(UTC), timedelta(hours=overlap_hours))
        return made.key, f"key {made.key_id} replaces {key_id} overlap_hours={overlap_hours:g}"

    return written(settings, "key rotate", rotate)


def hand_over(settings: Settings, scan_id: UUID, robot: str) -> None:
    """Give a scan to a robot. Raises InputError where there is no such scan or robot."""

    def give(connection: Connection) -> tuple[None, str]:
        ownership.give_scan(connection, scan_id, robot)
        return None, f"scan {scan_id} given to robot {robot}"

    written(settings, "scan give", give)


def _check_name(flag: str, name: str) -> None:
    try:
        plain(name)
    except ValueError as error:
        raise InputError(f"{flag} {name!r}: {error}.") from None


def _hashed(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InputError(
            f"the password has {len(password)} characters; give {SHORTEST_PASSWORD} to {LONGEST_PASSWORD}, "
            "best a few words that nobody would guess."
        )
    return hashed_password(password)
