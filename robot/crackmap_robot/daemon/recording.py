"""The daemon's second thread, where the source is live: frames become photographs while the first one scans."""

import logging
from threading import Event, Thread
from types import TracebackType
from typing import Self

from crackmap_robot.cameras.camera import Quiet
from crackmap_robot.cameras.live import LiveCamera
from crackmap_robot.cameras.recorder import FolderFullError, Recorder
from crackmap_robot.daemon.condition import Condition
from crackmap_robot.daemon.settings import VIDEO, RobotSettings

MEGABYTE = 1_000_000
USB_DIGITS, STREAM_DIGITS = 1, 0
"""A USB camera's frame arrives within about a tenth of a second, a network's within about one."""
TRY_AGAIN_S = 5.0

_log = logging.getLogger(__name__)


class Recording:
    """Records in a thread until it is left. A context manager."""

    def __init__(self, settings: RobotSettings, condition: Condition, stop: Event) -> None:
        """Raises StorageError when the folder cannot be made."""
        source, live = settings.camera.source, settings.live
        arrival = USB_DIGITS if source.startswith("v4l2:") else STREAM_DIGITS
        digits = None if source.startswith(VIDEO) else arrival
        self._camera = LiveCamera(settings.grab, live.stale_s, stop.wait)
        self._recorder = Recorder(live.recordings, live.budget_mb * MEGABYTE, live.step, digits)
        self._condition, self._stop = condition, stop
        self._thread = Thread(target=self._run, name="recorder", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._record()
            except Exception:  # noqa: BLE001 - a supervisor, which logs and counts: the next frame may be sound
                _log.exception("recording failed")
                self._condition.recording_failures += 1
                self._stop.wait(TRY_AGAIN_S)
            else:
                return

    def _record(self) -> None:
        condition = self._condition
        for item in self._camera.stills():
            if isinstance(item, Quiet):
                condition.tell("source_trouble", item.why or condition.source_trouble)
                continue
            condition.tell("source_trouble", "")
            try:
                name = self._recorder.keep(item)
            except FolderFullError as error:
                condition.dropped += 1
                condition.tell("recording_trouble", str(error))
                continue
            condition.tell("recording_trouble", "")
            condition.recorded += name is not None
