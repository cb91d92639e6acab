"""How many bytes of bodies are held in memory at the same time: each may be large, and many robots deliver at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from crackmap_server.errors import Busy


class BodyBudget:
    """What does not fit is refused at once, for the client to send again; a body that is alone always fits."""

    def __init__(self, most_bytes: int, refused: Callable[[], None]) -> None:
        """`refused` is told of each refusal."""
        self._most_bytes = most_bytes
        self._refused = refused
        self._taken_bytes = 0
        self._changed = Lock()

    @property
    def taken_bytes(self) -> int:
        """By all bodies together."""
        return self._taken_bytes

    @contextmanager
    def share(self) -> Iterator["Share"]:
        """Of one request, until it is answered."""
        share = Share(self)
        try:
            yield share
        finally:
            with self._changed:
                self._taken_bytes -= share.taken_bytes

    def grow(self, share: "Share", size_bytes: int) -> None:
        """As `Share.grow_to`, which calls it."""
        with self._changed:
            of_others = self._taken_bytes - share.taken_bytes
            if of_others == 0 or of_others + size_bytes <= self._most_bytes:
                self._taken_bytes = of_others + size_bytes
                share.taken_bytes = size_bytes
                return
        self._refused()
        raise Busy("too many deliveries arrive at the same time; send it again later")


class Share:
    """What one request's body takes."""

    def __init__(self, budget: BodyBudget) -> None:
        self._budget = budget
        self.taken_bytes = 0

    def grow_to(self, size_bytes: int) -> None:
        """So much at the least. From any thread. Raises Busy when it does not fit beside the others."""
        if size_bytes > self.taken_bytes:
            self._budget.grow(self, size_bytes)
