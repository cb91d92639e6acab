"""Rows by columns, in few statements: both databases hold what SQLAlchemy's own insert would have put there."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, MetaData, Table, event, insert, select
from sqlalchemy.exc import IntegrityError

from crackmap_server import tables
from crackmap_server.engines import Engines, create_engines
from crackmap_server.inserts import MOST_ROWS, drawn_seqs, insert_columns, insert_rows
from crackmap_server.settings import Settings

from .databases import BOTH

BEGAN_LOCAL = datetime.fromisoformat("2026-05-01T08:00:00")
WITHOUT_KEYS = MetaData()
FRAMES, SCORE_MAPS = (
    Table(table.name, WITHOUT_KEYS, *(column._copy() for column in table.columns if not column.foreign_keys))
    for table in (tables.frames, tables.score_maps)
)


@pytest.fixture
def engines(settings: Settings) -> Iterator[Engines]:
    """Of a database with two of the tables, without what they refer to."""
    engines = create_engines(settings.database_url, 1)
    WITHOUT_KEYS.create_all(engines.writer)
    yield engines
    engines.dispose()


def frame(number: int) -> dict[str, Any]:
    """A row with every kind of value, and the same columns left empty in some."""
    has = number % 3
    return {
        "seq": number + 1,
        "frame_id": UUID(int=number),
        "source_key": "é ' \" \\ {} % ? NULL",
        "label": f"{number}.jpg",
        "image_sha256": f"{number:064x}",
        "size_bytes": 2**40 + number,
        "media_type": "image/jpeg",
        "width_px": 100,
        "height_px": 70,
        "exif_orientation": 1,
        "time_source": "sensor",
        "captured_utc": datetime(2026, 5, 1, 8, 0, 0, number, UTC) if has else None,
        "captured_local": BEGAN_LOCAL + timedelta(seconds=number) if has == 1 else None,
        "time_sigma_s": 0.1 if has else None,
        "exposure_s": 1e-300,
        "readout_s": None,
        "boot_id": None,
        "monotonic_ns": 2**63 - 1,
        "picture_expected": has == 2,
    }


def score_map(number: int) -> dict[str, Any]:
    return {
        "columns": 1,
        "rows": number,
        "scores": bytes(range(number % 256)),
        "unscored": [{"reason": "dark", "tiles": (number,)}],
        "highest_score": 255,
        "flags": ["é", None, 1e-7],
        "visible_widths": None if number % 2 else b"\x00\xff",
    }


@contextmanager
def statements(connection: Connection) -> Iterator[list[str]]:
    """What was sent to the database meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(connection, "before_cursor_execute", note)


def held(connection: Connection, table: Table) -> list[Any]:
    return [tuple(row) for row in connection.execute(select(table).order_by(*list(table.c)[:2]))]


@BOTH
@pytest.mark.parametrize("count", [0, 1, 2, MOST_ROWS - 1, MOST_ROWS, 2 * MOST_ROWS + 5])
def test_rows_are_as_sqlalchemy_would_have_put_them_there(engines: Engines, count: int) -> None:
    with engines.writer.connect() as connection:
        for table, row in ((FRAMES, frame), (SCORE_MAPS, score_map)):
            rows = [row(number) for number in range(count)]
            with statements(connection) as seen:
                insert_rows(connection, table, rows)
            assert len(seen) <= count // MOST_ROWS + MOST_ROWS.bit_length()
            ours = held(connection, table)
            connection.rollback()
            if rows:
                connection.execute(insert(table), rows)
            assert ours == held(connection, table)
            assert len(ours) == count
            connection.rollback()


@BOTH
def test_columns_are_rows(engines: Engines) -> None:
    rows = [score_map(number) for number in range(300)]
    with engines.writer.connect() as connection:
        insert_columns(connection, SCORE_MAPS, {name: [row[name] for row in rows] for name in rows[0]})
        assert [row[1] for row in held(connection, SCORE_MAPS)] == list(range(300))


@BOTH
def test_a_row_that_is_refused_is_an_error_of_the_database(engines: Engines) -> None:
    """The shelf halves a delivery by it."""
    rows = [frame(number) for number in range(MOST_ROWS + 9)]
    rows[-1] |= {"source_key": None}
    with engines.writer.connect() as connection, pytest.raises(IntegrityError):
        insert_rows(connection, FRAMES, rows)


@BOTH
def test_drawn_numbers_follow_what_is_there_and_are_drawn_once(engines: Engines) -> None:
    with engines.writer.connect() as connection:
        first = drawn_seqs(connection, FRAMES, 3)
        assert first == [1, 2, 3]
        insert_rows(connection, FRAMES, [frame(seq - 1) for seq in first])
        then = drawn_seqs(connection, FRAMES, 2)
        assert then == [4, 5]
        insert_rows(connection, FRAMES, [frame(seq - 1) for seq in then])
        without = {name: value for name, value in frame(6).items() if name != "seq"}
        (by_itself,) = connection.execute(insert(FRAMES), without).inserted_primary_key or ()
        assert by_itself == 6
