"""How far a long reading has come, and how long it will take."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

SAY_EVERY_S = 10.0


@dataclass(slots=True)
class Progress:
    """Says every ten seconds how much of `total` is done. Work that is quicker than that is silent."""

    what: str
    total: int
    say: Callable[[str], None]
    _began_s: float = field(default_factory=time.monotonic, init=False)
    _said_s: float = field(default_factory=time.monotonic, init=False)

    def reached(self, done: int) -> None:
        """`done` of `total`, of equal effort each."""
        now_s = time.monotonic()
        if now_s - self._said_s > SAY_EVERY_S:
            self._said_s = now_s
            left_s = (now_s - self._began_s) / max(done, 1) * (self.total - done)
            self.say(f"  {done / self.total:.0%} of {self.what}, {left_s:.0f} s left")
