"""The ceiling: the rows of a log into an empty database of the same tables, by the driver's bare `executemany`."""

from contextlib import closing
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from sqlalchemy import JSON, Table, create_engine

from crackmap_server import tables
from crackmap_server.engines import create_engines
from crackmap_server.settings import Settings
from crackmap_server.upgrade import prepared

PER_FRAME = (tables.frames, tables.score_maps, tables.placements, tables.reports, tables.detections)
"""Each of their rows belongs to one frame."""


@dataclass(frozen=True)
class Rows:
    """All rows of a database, those of frames in portions of one batch."""

    others: list[tuple[Table, list[Any]]]
    batches: list[list[tuple[Table, list[Any]]]]

    @property
    def frames(self) -> int:
        return sum(len(rows) for batch in self.batches for table, rows in batch if table is tables.frames)


def read_rows(settings: Settings, batch: int) -> Rows:
    """As the driver gives them, and takes them again."""
    engine = create_engine(settings.database_url)
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()

        def rows(table: Table) -> list[Any]:
            names = (
                f'"{c.name}"' + ("::text" * (engine.name != "sqlite" and isinstance(c.type, JSON))) for c in table.c
            )
            keys = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
            cursor.execute(f'SELECT {", ".join(names)} FROM "{table.name}" ORDER BY {keys}')
            return list(cursor.fetchall())

        others = [(table, rows(table)) for table in tables.metadata.sorted_tables if table not in PER_FRAME]
        frames = rows(tables.frames)
        batch_of = {frame[0]: place // batch for place, frame in enumerate(frames)}
        batches = [[(table, list[Any]()) for table in PER_FRAME] for _ in range(-(-len(frames) // batch))]
        for place, table in enumerate(PER_FRAME):
            column = list(table.c.keys()).index("seq" if table is tables.frames else "frame_seq")
            for row in frames if table is tables.frames else rows(table):
                batches[batch_of[row[column]]][place][1].append(row)
    engine.dispose()
    return Rows([part for part in others if part[1]], batches)


def raw(settings: Settings, rows: Rows) -> float:
    """Seconds for `executemany` of the batches with a commit after each, on a connection as the product's writer's."""
    sqlite = settings.sqlite_file is not None
    with prepared(settings):
        engines = create_engines(settings.database_url, settings.busy_timeout_s)
        with closing(engines.writer.raw_connection()) as connection:
            cursor = connection.cursor()
            told = durability(cursor, sqlite=sqlite)

            def insert(parts: list[tuple[Table, list[Any]]]) -> None:
                cursor.execute("BEGIN IMMEDIATE" if sqlite else "SELECT 1")
                for table, values in parts:
                    names = ", ".join(f'"{column.name}"' for column in table.c)
                    marks = ", ".join("?" if sqlite else "%s" for _ in table.c)
                    cursor.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', values)
                connection.commit()

            cursor.execute("DELETE FROM logs")
            connection.commit()
            insert(rows.others)
            began_s = perf_counter()
            for batch in rows.batches:
                insert(batch)
            spent_s = perf_counter() - began_s
            assert durability(cursor, sqlite=sqlite) == told == (SQLITE if sqlite else POSTGRESQL), told
        engines.dispose()
    return spent_s


SQLITE = {"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "wal_autocheckpoint": "1000"}
POSTGRESQL = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
"""What decides how durable a commit is, on the server's side and on this one."""


def durability(cursor: Any, *, sqlite: bool) -> dict[str, str]:
    """As the connection has it now."""
    found = {}
    for name in SQLITE if sqlite else POSTGRESQL:
        cursor.execute(f"PRAGMA {name}" if sqlite else f"SHOW {name}")
        found[name] = str(cursor.fetchone()[0])
    return found
