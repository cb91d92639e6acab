"""A camera or a stream as frames: watched over, and started again whatever happens to it.

What blocks: nothing longer than `PATIENCE_S`. What stale means: no frame, or the very same pixels, for `stale_s`,
counted from when the program that reads the camera has begun. What a gap raises: nothing; it is told as Quiet with the
reason, and ends by itself when the camera is back.
"""

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass
from time import monotonic

from crackmap_robot.cameras.camera import Quiet
from crackmap_robot.cameras.grabbed import END, Alive, Item, Poses, Still, taken_from
from crackmap_robot.cameras.grabber import Grab

PATIENCE_S = 0.5
LONGEST_WAIT_S = 30.0
BEGINS_WITHIN_S = 60.0
"""What the program may take to begin: an old board needs ten seconds to load OpenCV."""


class _Grabber:
    """The process that grabs, and what it wrote so far."""

    def __init__(self, grab: Grab) -> None:
        command = [sys.executable, "-m", "crackmap_robot.cameras.grabber", json.dumps(asdict(grab))]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)  # noqa: S603 - ours
        assert self._process.stdout is not None
        self._out = self._process.stdout.fileno()
        self._buffer = bytearray()
        self.ended = False

    def next(self, patience_s: float) -> Item | str | None:
        """What it gives next, why there will be nothing, or None for nothing yet."""
        item = taken_from(self._buffer)
        if item is None:
            ready, _, _ = select.select([self._out], [], [], patience_s)
            if ready:
                content = os.read(self._out, 1 << 20)
                self.ended = not content
                self._buffer += content
            item = taken_from(self._buffer)
        return "the program that reads it ended" if item is None and self.ended else item

    def close(self) -> None:
        """Kill it, wherever it hangs."""
        self._process.kill()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process.wait()


@dataclass
class LiveCamera:
    """Frames from `grab.source` until `wait` says to stop; a video file or a bag ends by itself."""

    grab: Grab
    stale_s: float
    wait: Callable[[float], bool]
    clock: Callable[[], float] = monotonic

    def stills(self) -> Generator[Still | Poses | Quiet]:
        """Frames as they come, Quiet at least every `PATIENCE_S` without one; poses of a source that knows them."""
        failures, last_s = 0, self.clock()
        while not self.wait(0):
            why, came = "", False
            for item in self._attempt():
                match item:
                    case str():
                        why = item
                        break
                    case Still():
                        came, last_s = True, self.clock()
                        yield item
                    case Poses():
                        yield item
                    case Alive():
                        yield Quiet(self.clock() - last_s, f"{self.grab.source}: {item.why}" if item.why else "")
            if why in {"", END}:
                return  # told to stop, or the end of a recording
            failures = 0 if came else failures + 1
            yield Quiet(self.clock() - last_s, f"{self.grab.source}: {why}")
            if self.wait(min(0.5 * 2**failures, LONGEST_WAIT_S)):
                return

    def _attempt(self) -> Iterator[Item | str]:
        """One life of the grabber: what it gives, Alive while it is waited for, and at the end why it failed."""
        grabber = _Grabber(self.grab)
        try:
            fresh_s, before, frozen, most_s = self.clock(), b"", False, BEGINS_WITHIN_S
            while not self.wait(0):
                item = grabber.next(PATIENCE_S)
                if isinstance(item, str):
                    yield item
                    return
                if isinstance(item, Alive):
                    fresh_s, most_s = self.clock(), self.stale_s
                if isinstance(item, Still):
                    if item.content == before and self.grab.live:
                        item, frozen = None, True
                    else:
                        fresh_s, before, frozen = self.clock(), item.content, False
                if item is not None:
                    yield item
                    continue
                if self.clock() - fresh_s > most_s:
                    yield f"{'the very same picture' if frozen else 'no frame'} for {most_s:g} s"
                    return
                yield Alive()
        finally:
            grabber.close()
