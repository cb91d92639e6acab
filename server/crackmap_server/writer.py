"""One thread writes. It takes what waits in the queue, does it in one transaction, and commits once for all of it.

    submit ─▶ queue ─▶ BEGIN IMMEDIATE · job · job · job · COMMIT (fsync) ─▶ futures

A future is only done after the commit, so whoever waits for it may say "stored".
"""

import errno
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from crackmap.failpoints import failpoint
from crackmap_server.errors import Busy, DatabaseFailed, DiskFull, ServerError

_log = logging.getLogger(__name__)
Result = TypeVar("Result")


@dataclass(frozen=True)
class _Job:
    work: Callable[[Connection], Any]
    future: "Future[Any]"


_STOP = None


class Writer:
    """A context manager around the one writing thread. It drains its queue before it ends."""

    def __init__(self, engine: Engine, queue_requests: int = 64, group_requests: int = 32) -> None:
        self._engine = engine
        self._queue: queue.Queue[_Job | None] = queue.Queue(maxsize=queue_requests)
        self._group_requests = group_requests
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._gate = threading.Lock()  # between the last submit and the stop mark
        self._running = False

    def __enter__(self) -> Self:
        self._running = True
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._gate:
            self._running = False
        self._queue.put(_STOP)
        self._thread.join()

    @property
    def waiting(self) -> int:
        """Jobs in the queue."""
        return self._queue.qsize()

    @property
    def takes_more(self) -> bool:
        """Whether it runs and its queue has room."""
        return self._running and not self._queue.full()

    def submit(self, work: Callable[[Connection], Result]) -> "Future[Result]":
        """Do `work` in the next transaction. Never blocks.

        The future ends with the work's result once it is committed, or with the error that kept it from that. It can be
        cancelled until the transaction begins.
        Raises Busy when the queue is full or the writer is not running.
        """
        future: Future[Result] = Future()
        with self._gate:
            if not self._running:
                raise Busy("the server is stopping; nothing of this was stored, send it again later")
            try:
                self._queue.put_nowait(_Job(work, future))
            except queue.Full:
                raise Busy("the server has enough to write; nothing of this was stored, send it again later") from None
        return future

    def _run(self) -> None:
        stopping = False
        while not stopping:
            first = self._queue.get()
            if first is _STOP:
                return
            group = [first]
            while len(group) < self._group_requests:
                try:
                    job = self._queue.get_nowait()
                except queue.Empty:
                    break
                if job is _STOP:
                    stopping = True
                    break
                group.append(job)
            # Nobody waits any more for what was called off; from here on a job cannot be.
            wanted = [job for job in group if job.future.set_running_or_notify_cancel()]
            if wanted:
                self._commit(wanted)

    def _commit(self, group: list[_Job]) -> None:
        done: list[tuple[_Job, Any]] = []
        try:
            with self._engine.begin() as connection:
                for job in group:
                    self._do(connection, job, done)
                failpoint("ingest.before_commit")
            failpoint("ingest.after_commit_before_ack")
        except Exception as error:  # noqa: BLE001 - whatever it was, each of the group must hear that nothing was stored
            refusal = _refusal(error)
            for job in group:
                if not job.future.done():
                    job.future.set_exception(refusal)
            return
        for job, result in done:
            job.future.set_result(result)

    def _do(self, connection: Connection, job: _Job, done: list[tuple[_Job, Any]]) -> None:
        """A job that fails by itself is undone by itself; a database that fails ends the whole group."""
        try:
            with connection.begin_nested():
                result = job.work(connection)
        except ServerError as error:
            job.future.set_exception(error)
        except Exception as error:  # a fault in one job must not fail its neighbours
            if isinstance(error, DBAPIError) and not isinstance(error, DataError | IntegrityError):
                raise
            _log.exception("a job failed")
            job.future.set_exception(error)
        else:
            done.append((job, result))


def _refusal(error: Exception) -> ServerError:
    if isinstance(error, DBAPIError):
        _log.error("database error", extra={"error": str(error.orig)})
        if any(disk_is_full(cause) for cause in _causes(error)):
            return DiskFull("the server's disk is full; nothing of this was stored, send it again when there is room")
    else:
        _log.error("database error", exc_info=error)
    return DatabaseFailed("the server's database failed; nothing of this was stored, send it again later")


def _causes(error: BaseException | None) -> Iterator[BaseException | None]:
    """The error and those that it came up in: a rollback after a full disk may fail with other words."""
    while error is not None:
        yield getattr(error, "orig", error)
        error = error.__context__


def disk_is_full(error: BaseException | None) -> bool:
    """Whether SQLite, PostgreSQL or the system says that there is no room."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    return getattr(error, "sqlstate", None) == "53100"  # PostgreSQL: disk_full
