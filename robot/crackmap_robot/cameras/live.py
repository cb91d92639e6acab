"""A camera or a stream as frames: watched over, and started again whatever happens to it.

What blocks: nothing longer than `PATIENCE_S`. What stale means: no frame, or the very same pixels, for `stale_s`. What
a gap raises: nothing; it is told as Quiet with the reason, and ends by itself when the camera is back.
"""

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from time import monotonic
from typing import Any

from crackmap_robot.cameras.camera import Quiet
from crackmap_robot.cameras.grabber import Grab

PATIENCE_S = 0.5
LONGEST_WAIT_S = 30.0
END = "the video is over"


@dataclass(frozen=True)
class Still:
    """One frame as it came from the camera."""

    taken_unix_s: float
    number: int
    content: bytes = field(repr=False)
    """A JPEG."""


class _Grabber:
    """The process that grabs, and what it wrote so far."""

    def __init__(self, grab: Grab) -> None:
        command = [sys.executable, "-m", "crackmap_robot.cameras.grabber", json.dumps(asdict(grab))]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)  # noqa: S603 - ours
        assert self._process.stdout is not None
        self._out = self._process.stdout.fileno()
        self._buffer = bytearray()
        self.ended = False

    def next(self, patience_s: float) -> "Still | str | None":
        """A frame, why there will be none, or None for nothing yet."""
        ready, _, _ = select.select([self._out], [], [], patience_s)
        if ready:
            content = os.read(self._out, 1 << 20)
            self.ended = not content
            self._buffer += content
        return self._parsed()

    def _parsed(self) -> "Still | str | None":
        line, newline, rest = self._buffer.partition(b"\n")
        if not newline:
            return "the program that reads it ended" if self.ended else None
        header: dict[str, Any] = json.loads(line)
        if "end" in header:
            return END
        if "error" in header:
            return str(header["error"])
        if len(rest) < header["size_bytes"]:
            return "the program that reads it ended" if self.ended else None
        still = Still(header["taken_unix_s"], header["number"], bytes(rest[: header["size_bytes"]]))
        del self._buffer[: len(line) + 1 + header["size_bytes"]]
        return still

    def close(self) -> None:
        """Kill it, wherever it hangs."""
        self._process.kill()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process.wait()


@dataclass
class LiveCamera:
    """Frames from `grab.source` until `wait` says to stop; a video file ends by itself."""

    grab: Grab
    stale_s: float
    wait: Callable[[float], bool]
    clock: Callable[[], float] = monotonic

    def stills(self) -> Iterator[Still | Quiet]:
        """Frames as they come, Quiet at least every `PATIENCE_S` without one."""
        failures, last_s = 0, self.clock()
        while not self.wait(0):
            why, came = "", False
            for item in self._attempt():
                if isinstance(item, str):
                    why = item
                    break
                if item is not None:
                    came, last_s = True, self.clock()
                    yield item
                else:
                    yield Quiet(self.clock() - last_s)
            if why in {"", END}:
                return  # told to stop, or the end of a video
            failures = 0 if came else failures + 1
            yield Quiet(self.clock() - last_s, f"{self.grab.source}: {why}")
            if self.wait(min(0.5 * 2**failures, LONGEST_WAIT_S)):
                return

    def _attempt(self) -> Iterator[Still | str | None]:
        """One life of the grabber: its frames, None while there is none, and at the end why it failed."""
        grabber = _Grabber(self.grab)
        try:
            fresh_s, before, frozen = self.clock(), b"", False
            while not self.wait(0):
                item = grabber.next(PATIENCE_S)
                if isinstance(item, str):
                    yield item
                    return
                if item is not None and (item.content != before or not self.grab.live):
                    fresh_s, before, frozen = self.clock(), item.content, False
                    yield item
                    continue
                frozen |= item is not None
                if self.clock() - fresh_s > self.stale_s:
                    yield f"{'the very same picture' if frozen else 'no frame'} for {self.stale_s:g} s"
                    return
                yield None
        finally:
            grabber.close()
