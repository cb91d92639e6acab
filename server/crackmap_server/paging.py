"""Pages of a list by the keys of its last item, so that a page stays right while rows are added."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from sqlalchemy import ColumnElement, Connection, RowMapping, Select, literal, tuple_

from crackmap_server.errors import BadRequest

LARGEST_PAGE = 1000

Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="items on one page", examples=[100])]
Cursor = Annotated[str | None, Query(description="`next` of the page before", max_length=4000)]


def encoded(keys: Sequence[Any]) -> str:
    """Keys of the last item → the cursor of the next page."""
    content = json.dumps([str(key) if isinstance(key, UUID) else key for key in keys], separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def decoded(cursor: str, kinds: Sequence[type]) -> list[Any]:
    """The keys of a cursor. Raises BadRequest when it is none of this list's."""
    try:
        keys = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        values = [UUID(key) if kind is UUID else key for key, kind in zip(keys, kinds, strict=True)]
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError):
        values = []
    if not values or not all(_fits(value, kind) for value, kind in zip(values, kinds, strict=True)):
        raise BadRequest(f"cursor {cursor!r} is none of this list's; take it from `next`")
    return values


def _fits(value: Any, kind: type) -> bool:
    if type(value) is not kind:
        return False
    if isinstance(value, int):
        return abs(value) < 2**31
    return not (isinstance(value, str) and "\x00" in value)


def page(
    connection: Connection,
    statement: Select[Any],
    keys: dict[ColumnElement[Any], type],
    limit: int,
    cursor: str | None,
) -> tuple[list[RowMapping], str | None]:
    """One page of the statement's rows in the order of `keys`, and the next page's cursor. Keys must be selected."""
    columns = list(keys)
    if cursor is not None:
        values = decoded(cursor, list(keys.values()))
        after = tuple_(*(literal(value, column.type) for value, column in zip(values, columns, strict=True)))
        statement = statement.where(tuple_(*columns) > after)
    rows = list(connection.execute(statement.order_by(*columns).limit(limit + 1)).mappings())
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], encoded([rows[limit - 1][column] for column in columns])
