"""Uploading while a scan runs, and to the end after it."""

from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Self

from crackmap_robot.access import WITHOUT_KEY, Access
from crackmap_robot.outbox import Outbox
from crackmap_robot.server_answers import wait_s
from crackmap_robot.uplink import LOOK_EVERY_S, Away, Outcome, Sent, Uplink

MOST_FAILURES = 4
BUSY_FOR_S = 120.0


class BackgroundUpload:
    """Uploads from an outbox in a thread of its own, with a connection of its own, until it is left.

    A server that is away is tried again and again. Leaving waits for the request in hand, at the most `patience_s`
    (None: until it ends); one that is cut off is sent again next time.
    """

    def __init__(
        self, outbox: Path, server: str, access: Access = WITHOUT_KEY, *, patience_s: float | None = None
    ) -> None:
        self._outbox, self._server, self._access, self._patience_s = outbox, server, access, patience_s
        self._work, self._stop = Event(), Event()
        self._thread = Thread(target=self._run, name="uplink", daemon=True)
        self._failed: BaseException | None = None
        self.away: Away | None = None
        """What the server, or the way to it, said last when it took nothing."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._work.set()
        self._thread.join(self._patience_s)
        if kind is None:
            self.check()

    def wake(self) -> None:
        """Something new is in the outbox."""
        self._work.set()

    def check(self) -> None:
        """Raises what ended the thread, as OutboxError for a full disk."""
        if self._failed is not None:
            raise self._failed

    def _run(self) -> None:
        try:
            with Outbox(self._outbox) as outbox, Uplink(outbox, self._server, self._access) as uplink:
                self._upload(uplink)
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that asks
            self._failed = error

    def _upload(self, uplink: Uplink) -> None:
        failures = 0
        while not self._stop.is_set():
            self._work.clear()
            outcome = uplink.step()
            if isinstance(outcome, Away):
                failures += 1
                self.away = outcome
                self._stop.wait(wait_s(failures, outcome.retry_after_s))
                continue
            failures, self.away = 0, None
            if outcome is None:
                self._work.wait(LOOK_EVERY_S)


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
        stop.wait(wait_s(max(failures, 1), outcome.retry_after_s))
