"""Every row of one database into another, table by table. Both have this software's tables; the engines may differ."""

from collections.abc import Callable

from sqlalchemy import Connection, Integer, func, insert, inspect, select, text

from crackmap_server.tables import metadata

ROWS_AT_ONCE = 500


def copy_rows(source: Connection, target: Connection, copied: Callable[[str, int], None]) -> None:
    """Read from `source`, which should be one snapshot, into the empty `target`, in its transaction.

    `copied` hears the table's name and how many more of its rows are there.
    """
    for table in metadata.sorted_tables:
        rows = source.execute(select(table), execution_options={"yield_per": ROWS_AT_ONCE})
        for some in rows.mappings().partitions(ROWS_AT_ONCE):
            target.execute(insert(table), [dict(row) for row in some])
            copied(table.name, len(some))
    if target.dialect.name == "postgresql":
        _move_sequences(target)


def count_rows(connection: Connection) -> dict[str, int]:
    """How many rows each table has; tables that came with later versions may be missing."""
    there = set(inspect(connection).get_table_names())
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
        if table.name in there
    }


def _move_sequences(connection: Connection) -> None:
    """Rows that came with their numbers did not count as drawn: the next one drawn must be a new one."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None or not isinstance(column.type, Integer):
            continue
        highest = connection.execute(select(func.max(column))).scalar_one()
        if highest is not None:
            connection.execute(
                text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)"),
                {"table": table.name, "column": column.name, "highest": highest},
            )
