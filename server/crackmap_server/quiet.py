"""Keeping others from adding rows that a decision depends on, until it is committed."""

from sqlalchemy import Connection, Table


def keep_quiet(connection: Connection, *tables: Table) -> None:
    """Nobody else writes these until the transaction ends, and what they wrote before is seen.

    On PostgreSQL another process may have drawn a row's number and not committed it yet. SQLite has one writer.
    """
    if connection.dialect.name == "postgresql":
        names = ", ".join(table.name for table in tables)
        connection.exec_driver_sql(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")
