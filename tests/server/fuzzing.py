"""What robots, or others, send to the server, as functions of bytes: each ends, or raises a named problem.

`make fuzz` runs them under a coverage-guided fuzzer, test_fuzz.py under hypothesis. Each is given the
bytes and an empty folder.
"""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event

from crackmap.errors import CrackmapError
from crackmap_server import envelope, tables
from crackmap_server.store import store_delivery

PAYLOADS = Path(__file__).parents[1] / "crackmap" / "payloads" / "v1"
LIMIT_BYTES = 1_000_000
NOW_UTC = datetime(2026, 5, 1, tzinfo=UTC)


@cache
def _engine() -> Engine:
    engine = create_engine("sqlite://", connect_args={"isolation_level": None})
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    tables.metadata.create_all(engine)
    return engine


@contextmanager
def _discarded() -> Iterator[Connection]:
    """Empty tables, and empty again after it."""
    with _engine().connect() as connection:
        try:
            yield connection
        finally:
            connection.rollback()


def _reports(content: bytes, folder: Path) -> None:
    delivery = envelope.read(content)
    with _discarded() as connection:
        first, again = (store_delivery(connection, delivery, 128, NOW_UTC)[0].answers for _ in range(2))
        assert len(first) == len(again) == len(delivery.items), "each item has its answer"
        for before, after in zip(first, again, strict=True):
            assert before.status != "stored" or after.status == "already_there", (before, after)


def _packed(content: bytes, folder: Path) -> None:
    assert len(envelope.unpacked(content, "gzip", LIMIT_BYTES)) <= LIMIT_BYTES


BATCHES = tuple(path.read_bytes() for path in sorted(PAYLOADS.glob("*.json")))
TARGETS = {
    "reports": (_reports, BATCHES),
    "packed": (_packed, (gzip.compress(BATCHES[0]), gzip.compress(bytes(3 * LIMIT_BYTES)))),
}
ALLOWED = (CrackmapError,)
