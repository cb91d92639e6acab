"""A process of its own that takes frames from a camera or a stream and writes them to standard output as JPEGs.

OpenCV's reads may block for ever, or crash on a broken stream; a process can be killed from outside when they do. So
nothing but this file calls cv2.VideoCapture. Run by `crackmap_robot.cameras.live`:

    python -m crackmap_robot.cameras.grabber '{"source": "v4l2:/dev/video0", …}'

What it says is written by `crackmap_robot.cameras.grabbed`. Its first line tells that it has begun: what a camera is
given to answer in counts from there, not from when a busy machine found time to start a program.
"""

import json
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Condition, Event, Thread
from time import monotonic, time
from typing import Any

import cv2

from crackmap.errors import CrackmapError
from crackmap_robot.cameras.grabbed import END, Alive, Item, Still, failed, packed
from crackmap_robot.cameras.picamera import PiCamera

PARENT_EVERY_S = 1.0


@dataclass(frozen=True)
class Grab:
    """What to take, from where. 0 and None: as the camera likes."""

    source: str
    width_px: int = 0
    height_px: int = 0
    frames_per_s: float = 0.0
    exposure_ms: float | None = None
    focus: float | None = None
    jpeg_quality: int = 95
    topic: str = ""
    """Of a bag's pictures; none: the only one that there is."""
    poses: str = ""
    """Of a simulated camera: where its poses go, as udp:9870. Of a bag: which they are, as odometry:/odom or tf:map."""
    replay_speed: float = 1.0
    """Of a bag, against when it was recorded; 0: as fast as it can be read."""
    gap_s: float = 5.0
    """A bag without a picture for longer has a gap."""
    done: int = 0
    """So many pictures of a bag are there already: nobody waits for them."""

    @property
    def live(self) -> bool:
        """Whether frames that nobody takes in time are gone; a video file or a bag waits."""
        return not self.source.startswith(("video:", "rosbag:"))


def open_capture(grab: Grab) -> Any:
    """An opened cv2.VideoCapture, or what reads like one. Raises ValueError with the reason."""
    kind, _, rest = grab.source.partition(":")
    if kind == "csi":
        return PiCamera(grab)
    capture = (
        cv2.VideoCapture(rest, cv2.CAP_V4L2)
        if kind == "v4l2"
        else cv2.VideoCapture(rest if kind == "video" else grab.source, cv2.CAP_FFMPEG)
    )
    if not capture.isOpened():
        raise ValueError("cannot be opened: is it there, switched on, and used by no other program?")
    if kind != "v4l2":
        return capture
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))  # raw frames are too many bytes for USB 2
    wanted = {
        cv2.CAP_PROP_FRAME_WIDTH: grab.width_px,
        cv2.CAP_PROP_FRAME_HEIGHT: grab.height_px,
        cv2.CAP_PROP_FPS: grab.frames_per_s,
    }
    for name, value in wanted.items():
        if value:
            capture.set(name, value)
    if grab.exposure_ms is not None:
        capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, 1)  # V4L2_EXPOSURE_MANUAL
        capture.set(cv2.CAP_PROP_EXPOSURE, 10 * grab.exposure_ms)  # V4L2 counts 100 µs
    if grab.focus is not None:
        capture.set(cv2.CAP_PROP_AUTOFOCUS, 0)
        capture.set(cv2.CAP_PROP_FOCUS, grab.focus)
    size = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    if grab.width_px and size != (grab.width_px, grab.height_px):
        raise ValueError(f"gives {size[0]} × {size[1]} px, not {grab.width_px} × {grab.height_px}")
    return capture


class _Latest:
    """The frame that was taken last: a slow reader gets fewer frames, never old ones."""

    def __init__(self, capture: Any) -> None:
        self._capture, self._changed = capture, Condition()
        self._taken: tuple[Any, float, int] | None = None
        self._number, self.ended = 0, False
        Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            good, pixels = self._capture.read()
            with self._changed:
                self._number += 1
                self._taken, self.ended = ((pixels, time(), self._number), False) if good else (None, True)
                self._changed.notify()
            if not good:
                return

    def take(self) -> tuple[Any, float, int] | None:
        """Waits for a frame that was not taken yet; None when the stream has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._taken is not None or self.ended)
            taken, self._taken = self._taken, None
            return taken


def items_of(grab: Grab) -> Iterator[Item]:
    """What the source gives, until it ends. Raises ValueError or a CrackmapError with the reason when it fails."""
    match grab.source.partition(":")[0]:
        case "sim":
            from crackmap_robot.cameras import simulated  # noqa: PLC0415 - others start sooner without it

            return simulated.items(grab)
        case "rosbag":
            from crackmap_robot.cameras import bag  # noqa: PLC0415 - as above

            return bag.items(grab)
        case _:
            return _captured(grab)


def _captured(grab: Grab) -> Iterator[Item]:
    """Frames by OpenCV or Picamera2."""
    capture = open_capture(grab)
    latest = _Latest(capture) if grab.live else None
    number, next_s = 0, monotonic()
    while True:
        if latest is not None:
            taken = latest.take()
            if taken is None:
                raise ValueError("the stream ended")
            pixels, taken_s, number = taken
        else:
            good, pixels = capture.read()
            if not good:
                return
            taken_s, number = time(), number + 1
        if grab.live and grab.frames_per_s:
            if monotonic() < next_s:
                continue
            next_s = max(next_s + 1 / grab.frames_per_s, monotonic() - 1)
        _, content = cv2.imencode(".jpg", pixels, (cv2.IMWRITE_JPEG_QUALITY, grab.jpeg_quality))
        yield Still(taken_s, number, content.tobytes())


def run(grab: Grab) -> int:
    """Write what the source gives until it ends (0) or fails (1)."""
    # A debugging line of FFmpeg's on standard output would look like a frame.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    out.write(packed(Alive()))
    out.flush()
    try:
        for item in items_of(grab):
            out.write(packed(item))
            out.flush()
        last, code = failed(END), 0
    except (ValueError, CrackmapError) as error:
        last, code = failed(str(error)), 1
    out.write(last)
    out.flush()
    return code


def _end_with_the_parent() -> None:
    """A read that blocks for ever must not outlive the daemon."""
    parent = os.getppid()
    while os.getppid() == parent:
        Event().wait(PARENT_EVERY_S)
    os._exit(1)


def main() -> None:
    """The process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the daemon, which ends this process
    Thread(target=_end_with_the_parent, daemon=True).start()
    try:
        code = run(Grab(**json.loads(sys.argv[1])))
    except BrokenPipeError:
        code = 1
    os._exit(code)  # a reader that hangs in OpenCV would keep an ordinary exit waiting


if __name__ == "__main__":
    main()
