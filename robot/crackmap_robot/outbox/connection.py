"""A connection to the outbox's file: each transaction is whole and on disk, and what goes wrong has a name."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from crackmap.failpoints import failpoint
from crackmap_robot.outbox.file import connect, named_errors


class Connection:
    """One connection to the outbox file; each thread has its own. A context manager."""

    def __init__(self, path: Path) -> None:
        """Open the file, made when there is none. Raises OutboxError."""
        self.path = path
        self._rows = connect(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with named_errors(self.path):
            self._rows.execute("BEGIN IMMEDIATE")
            try:
                yield self._rows
                failpoint("outbox.before_commit")
                self._rows.execute("COMMIT")
            except BaseException:
                if self._rows.in_transaction:
                    self._rows.execute("ROLLBACK")
                raise
        failpoint("outbox.after_commit")

    def _read(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with named_errors(self.path):
            return self._rows.execute(sql, values).fetchall()

    def pragmas(self) -> dict[str, str | int]:
        """What makes a commit durable, read back from this connection."""
        return {name: self._read(f"PRAGMA {name}")[0][0] for name in ("journal_mode", "synchronous")}
