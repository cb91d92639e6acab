"""Connections end that cost more than they bring: heads that do not come or are too long, answers that nobody takes.

uvicorn itself waits for ever, and httptools takes a head of any length. A body's pace is looked after by `bodies`.
"""

from asyncio import TimerHandle, Transport
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from crackmap_server.bodies import SLOWEST_BYTES_PER_S

HEAD_BYTES: Final = 64 * 2**10
_TOO_LONG: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"  # RFC 6585
)


class Patient(HttpToolsProtocol):
    """Waits `patience_s` for a request's head, and for an answer that is taken as slowly as no body may come."""

    patience_s: float
    _head_due: TimerHandle | None = None
    _answer_due: TimerHandle | None = None
    _in_head = False
    _head_bytes = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """The first head is awaited."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        _end(self._head_due, self._answer_due)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Counts what arrives while a head is not whole."""
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES:
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(_TOO_LONG)
            self.transport.close()

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._in_head = False
        _end(self._head_due)
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """The next head is awaited, also where the rest of a refused body comes first."""
        nothing_waits = not self.pipeline
        super().on_response_complete()
        if nothing_waits and not self.transport.is_closing():
            self._await_head()

    def pause_writing(self) -> None:
        """The client takes no more of the answer at the moment."""
        super().pause_writing()
        self._watch_answer()

    def resume_writing(self) -> None:
        """It has taken some."""
        _end(self._answer_due)
        super().resume_writing()

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing is upgraded to; whoever asks gets a plain answer, and no line in the log."""

    def _await_head(self) -> None:
        _end(self._head_due)
        self._head_due = self.loop.call_later(self.patience_s, self.transport.close)

    def _watch_answer(self) -> None:
        waiting_bytes = self.transport.get_write_buffer_size()
        self._answer_due = self.loop.call_later(self.patience_s, self._look_again, waiting_bytes)

    def _look_again(self, before_bytes: int) -> None:
        taken_bytes = before_bytes - self.transport.get_write_buffer_size()
        if taken_bytes < SLOWEST_BYTES_PER_S * self.patience_s:
            self.transport.abort()
        else:
            self._watch_answer()


def _end(*timers: TimerHandle | None) -> None:
    for timer in timers:
        if timer is not None:
            timer.cancel()


def patient(patience_s: float) -> type[Patient]:
    """What uvicorn makes one of for each connection."""
    return type("PatientSoLong", (Patient,), {"patience_s": patience_s})
