"""Uploading while a scan runs, and to the end after it."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from time import monotonic
from types import TracebackType
from typing import Self

from crackmap_robot.outbox import Outbox
from crackmap_robot.uplink import Away, Outcome, Sent, Uplink, wait_s

MOST_FAILURES = 4
BUSY_FOR_S = 120.0


class BackgroundUpload:
    """Uploads from an outbox in a thread of its own, with a connection of its own, until it is left.

    A server that is away is tried again and again; what is wrong is shown by `drain` at the end.
    """

    def __init__(self, outbox: Path, server: str) -> None:
        self._outbox, self._server = outbox, server
        self._work, self._stop = Event(), Event()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="uplink")
        self._done: Future[None] | None = None

    def __enter__(self) -> Self:
        self._done = self._pool.submit(self._run)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._work.set()
        self._pool.shutdown()
        if self._done is not None and kind is None:
            self._done.result()

    def wake(self) -> None:
        """Something new is in the outbox."""
        self._work.set()

    def _run(self) -> None:
        failures = 0
        with Outbox(self._outbox) as outbox, Uplink(outbox, self._server) as uplink:
            while not self._stop.is_set():
                self._work.clear()
                outcome = uplink.step()
                if isinstance(outcome, Away):
                    failures += 1
                    self._stop.wait(wait_s(outcome, failures))
                else:
                    failures = 0
                    if outcome is None:
                        self._work.wait()


def drain(uplink: Uplink, stop: Event, sent: Callable[[Sent], None]) -> None:
    """Upload until nothing waits, or `stop` is set. `sent` is told of each step.

    Raises ServerUnavailable when the server does not answer four times in a row, or is busy for two minutes.
    """
    failures, busy_since = 0, None
    while not stop.is_set():
        outcome: Outcome = uplink.step()
        if outcome is None:
            return
        if isinstance(outcome, Sent):
            failures, busy_since = 0, None
            sent(outcome)
            continue
        if outcome.busy:
            busy_since = busy_since or monotonic()
            if monotonic() - busy_since > BUSY_FOR_S:
                raise outcome.error
        else:
            failures += 1
            if failures == MOST_FAILURES:
                raise outcome.error
        stop.wait(wait_s(outcome, max(failures, 1)))
