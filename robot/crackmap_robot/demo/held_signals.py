"""Ctrl-C and SIGTERM at moments when a process must neither be started unseen nor be left behind."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def endings_as_interrupt() -> Iterator[None]:
    """SIGTERM and a closed terminal raise KeyboardInterrupt as Ctrl-C does, so that blocks are left in order."""
    before = {number: signal.getsignal(number) for number in ENDINGS}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:  # as under nohup
            signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class HeldSignals:
    """Within the block endings wait; `release`, at the latest the block's end, raises KeyboardInterrupt for them."""

    def __enter__(self) -> Self:
        self._came = False
        self._before = {number: signal.getsignal(number) for number in ENDINGS}
        for number, handler in self._before.items():
            if handler != signal.SIG_IGN:
                signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """End the waiting early. Raises KeyboardInterrupt where an ending came."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
        if self._came:
            self._came = False
            raise KeyboardInterrupt

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._came = True


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
