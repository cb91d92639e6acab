"""Rows into tables, in few statements."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Double,
    Insert,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    func,
    insert,
    select,
)


def insert_rows(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """All of them by one statement; none where there are none. Each has the same columns."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        names = tuple(rows[0])
        columns = {f"every_{name}": [row[name] for row in rows] for name in names}
        connection.execute(_from_columns(table, names), columns)
    elif all(isinstance(column.type, Integer | Double) for column in table.c):
        # Numbers go to the driver as they are: with many short rows most of the time would go into looking at each.
        names = tuple(table.c.keys())
        connection.exec_driver_sql(
            f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",  # noqa: S608 - ours
            [tuple(row[name] for name in names) for row in rows],
        )
    else:
        connection.execute(insert(table), rows)


@cache
def _from_columns(table: Table, names: tuple[str, ...]) -> Insert:
    """For PostgreSQL: one parameter for each column, with the values of all rows, instead of one for each value."""
    return insert(table).from_select(list(names), select(*(_unnested(table.c[name]) for name in names)))


def _unnested(column: Column[Any]) -> ColumnElement[Any]:
    # A parameter of VARCHAR(20)[] would be cut to twenty letters; a text that is too long must be refused.
    kind = Text() if isinstance(column.type, String) else column.type
    return func.unnest(bindparam(f"every_{column.name}", type_=ARRAY(kind, dimensions=1)), type_=kind)


def inserted_seq(connection: Connection, table: Table, row: dict[str, Any]) -> int:
    """Insert a row; the `seq` that it got."""
    key = connection.execute(insert(table), row).inserted_primary_key
    assert key is not None
    return int(key[0])
