"""Named places where a test may kill the process, as power loss or the kernel would.

`CRACKMAP_FAILPOINT=outbox.before_commit` kills (SIGKILL) at the first pass, `outbox.before_commit:3` at the third.
Without the variable a failpoint is one dictionary lookup.
"""

import os
import signal
from collections import Counter

_passes: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """Die here if CRACKMAP_FAILPOINT names this place and this pass."""
    wanted = os.environ.get("CRACKMAP_FAILPOINT")
    if wanted is None:
        return
    place, _, count = wanted.partition(":")
    if place != name:
        return
    _passes[name] += 1
    if _passes[name] == int(count or 1):
        os.kill(os.getpid(), signal.SIGKILL)
