"""Which rows may go: sessions that ended, keys that no longer count, old lines of the audit log."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, func, select

from crackmap_server import tables
from crackmap_server.settings import Settings


@dataclass(frozen=True)
class OldRows:
    """Rows of one table."""

    what: str
    key: Column[Any]
    days: Callable[[Settings], int | None]
    old: Callable[[Connection, datetime], list[ColumnElement[bool]]]
    """The conditions, with the time before which it is old."""


def _ended_keys(connection: Connection, before_utc: datetime) -> list[ColumnElement[bool]]:
    """Not the last one where there is no user: a server that knows nobody is open to its machine."""
    keys = tables.keys.c
    conditions = [keys.ends_utc.is_not(None), keys.ends_utc < before_utc]
    if connection.execute(select(tables.users.c.user_id).limit(1)).first() is None:
        last = select(keys.key_id).order_by(keys.made_utc.desc(), keys.key_id).limit(1).scalar_subquery()
        conditions.append(keys.key_id != last)
    return conditions


ROWS = (
    OldRows(
        "sessions",
        tables.sessions.c.sha256,
        lambda settings: settings.keep_sessions_days,
        lambda _, before_utc: [tables.sessions.c.ends_utc < before_utc],
    ),
    OldRows(
        "tries to sign in",
        tables.sign_ins.c.seq,
        lambda settings: settings.keep_sessions_days,
        lambda _, before_utc: [tables.sign_ins.c.tried_utc < before_utc],
    ),
    OldRows(
        "ended keys",
        tables.keys.c.key_id,
        lambda settings: settings.keep_ended_keys_days,
        _ended_keys,
    ),
    OldRows(
        "lines of the audit log",
        tables.audit.c.seq,
        lambda settings: settings.keep_audit_days,
        lambda _, before_utc: [tables.audit.c.at_utc < before_utc],
    ),
)


def count_old(connection: Connection, rows: OldRows, before_utc: datetime) -> int:
    """How many may go."""
    statement = select(func.count()).select_from(rows.key.table).where(*rows.old(connection, before_utc))
    return int(connection.execute(statement).scalar_one())
