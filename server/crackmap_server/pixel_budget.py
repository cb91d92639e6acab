"""How many pixels are decoded at the same time: a picture of a few bytes may be large in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class PixelBudget:
    """Whoever decodes waits until there is room; a picture over the whole budget is decoded alone."""

    def __init__(self, most_px: int) -> None:
        self._most_px = most_px
        self._taken_px = 0
        self._changed = Condition()

    @contextmanager
    def taken(self, pixels: int) -> Iterator[None]:
        """While a picture of so many pixels is decoded."""
        with self._changed:
            self._changed.wait_for(lambda: self._taken_px == 0 or self._taken_px + pixels <= self._most_px)
            self._taken_px += pixels
        try:
            yield
        finally:
            with self._changed:
                self._taken_px -= pixels
                self._changed.notify_all()
