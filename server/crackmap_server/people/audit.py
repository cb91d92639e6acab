"""The audit log: who wrote what, and what came of it. One line for each request that writes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, insert

from crackmap_server import tables

_LONGEST: Final = 500


@dataclass(frozen=True)
class Line:
    """One request that wrote, or was not allowed to."""

    at_utc: datetime
    request_id: str
    who: str
    key_id: UUID | None
    address: str
    method: str
    resource: str
    status: int
    outcome: str


def write(connection: Connection, line: Line) -> None:
    """Nothing that a client chose may break a line of a listing, or make it long."""
    connection.execute(
        insert(tables.audit),
        {
            "at_utc": line.at_utc,
            "request_id": line.request_id,
            "who": _printable(line.who)[:200],
            "key_id": line.key_id,
            "address": _printable(line.address)[:100],
            "method": _printable(line.method)[:20],
            "resource": _printable(line.resource)[:_LONGEST],
            "status": line.status,
            "outcome": _printable(line.outcome)[:_LONGEST],
        },
    )


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
