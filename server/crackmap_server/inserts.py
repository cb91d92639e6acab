"""Rows into tables, in few statements.

A statement of many rows costs as much CPU as many of one row, but Python's threads take turns at each statement: the
writer would wait for whoever parses the next delivery as often as it has rows.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Double,
    Insert,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    bindparam,
    cast,
    func,
    insert,
    select,
)

_WRITTEN: Final = (Integer, Double, LargeBinary)
MOST_ROWS: Final = 256
"""Of one statement in SQLite, which takes 32,766 parameters in one and 128 statements in its memory."""


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """All of them; none where there are none. Each has the same columns."""
    if rows:
        insert_columns(connection, table, {name: [row[name] for row in rows] for name in rows[0]})


def insert_columns(connection: Connection, table: Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """Rows that are given by their columns, which are equally long; none where these are empty."""
    names = tuple(columns)
    left = len(columns[names[0]])
    if not left:
        return
    if connection.dialect.name == "postgresql":
        written = {f"every_{name}": _written(table.c[name], columns[name]) for name in names}
        connection.execute(_from_columns(table, names), written)
        return
    processors = _processors(table, names, connection.dialect)
    bound = [
        columns[name] if processor is None else map(processor, columns[name])
        for name, processor in zip(names, processors, strict=True)
    ]
    rows, size = zip(*bound, strict=True), MOST_ROWS
    while left:
        while size > left:
            size //= 2  # powers of two: few statements to remember
        some: Iterable[Any] = chain.from_iterable(next(rows) for _ in range(size))
        connection.exec_driver_sql(_of_rows(table, names, size), tuple(some))
        left -= size


@lru_cache(maxsize=64)
def _processors(table: Table, names: tuple[str, ...], dialect: Dialect) -> list[Callable[[Any], Any] | None]:
    """What makes of a column's values what the driver takes. SQLAlchemy would look for it again for each value."""
    return [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]


@cache
def _of_rows(table: Table, names: tuple[str, ...], count: int) -> str:
    row = f"({', '.join('?' * len(names))})"
    columns = ", ".join(f'"{name}"' for name in names)
    return f'INSERT INTO "{table.name}" ({columns}) VALUES {", ".join([row] * count)}'  # noqa: S608 - names of ours


@cache
def _from_columns(table: Table, names: tuple[str, ...]) -> Insert:
    """For PostgreSQL: one parameter for each column, with the values of all rows, instead of one for each value."""
    return insert(table).from_select(list(names), select(*(_unnested(table.c[name]) for name in names)))


def _unnested(column: Column[Any]) -> ColumnElement[Any]:
    # A parameter of VARCHAR(20)[] would be cut to twenty letters; a text that is too long must be refused.
    kind = Text() if isinstance(column.type, String) else column.type
    array = ARRAY(kind, dimensions=1)
    name, written = f"every_{column.name}", isinstance(column.type, _WRITTEN)
    values = cast(bindparam(name, type_=Text()), array) if written else bindparam(name, type_=array)
    return func.unnest(values, type_=kind)


def _written(column: Column[Any], values: Sequence[Any]) -> Sequence[Any] | str:
    """Numbers and bytes as PostgreSQL writes an array; the driver would see to the quotes of each by itself."""
    if not isinstance(column.type, _WRITTEN):
        return values
    form = '"\\\\x{}"'.format if isinstance(column.type, LargeBinary) else str
    plain = (value.hex() if isinstance(value, bytes) else value for value in values)
    return "{" + ",".join("NULL" if value is None else form(value) for value in plain) + "}"


def drawn_seqs(connection: Connection, table: Table, count: int) -> list[int]:
    """The next values of the table's `seq`, for rows that other rows will name. Only for the writer, who is alone."""
    if connection.dialect.name == "postgresql":
        following = func.nextval(func.pg_get_serial_sequence(table.name, "seq"))
        return list(connection.scalars(select(following).select_from(func.generate_series(1, count))))
    last = connection.exec_driver_sql(f'SELECT coalesce(max(seq), 0) FROM "{table.name}"').scalar_one()  # noqa: S608
    return list(range(last + 1, last + 1 + count))


def inserted_seq(connection: Connection, table: Table, row: dict[str, Any]) -> int:
    """Insert a row; the `seq` that it got."""
    key = connection.execute(insert(table), row).inserted_primary_key
    assert key is not None
    return int(key[0])
