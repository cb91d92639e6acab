"""The daemon's second thread, where the source is live: frames become photographs while the first one scans."""

import logging
import math
from dataclasses import dataclass, replace
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Self

from crackmap_robot.cameras.camera import Quiet
from crackmap_robot.cameras.grabbed import Poses, Still
from crackmap_robot.cameras.live import LiveCamera
from crackmap_robot.cameras.recorder import FolderFullError, Recorder
from crackmap_robot.daemon.camera_settings import ROSBAG, SIMULATED, VIDEO
from crackmap_robot.daemon.condition import Condition
from crackmap_robot.daemon.settings import RobotSettings
from crackmap_robot.poses.book import PoseBook
from crackmap_robot.poses.file import Missing
from crackmap_robot.poses.track import PoseTrack

MEGABYTE = 1_000_000
STREAM_DIGITS = 0
DIGITS = {"v4l2:": 1, "csi:": 1, SIMULATED: 3, ROSBAG: 6}
"""Of a second, that a frame's time is known to. A USB or CSI camera's frame arrives within about a tenth of a second, a
network's within about one; a simulated camera and a bag's header say it themselves."""
TRY_AGAIN_S = 5.0
POSE_PATIENCE_S = 2.0
"""A pose from after a photograph must come so soon: it is placed between two."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Waiting:
    """A photograph whose pose is not known yet, and until when it may come."""

    name: str
    taken_unix_s: float
    end_s: float


class Recording:
    """Records in a thread until it is left. A context manager."""

    def __init__(
        self,
        settings: RobotSettings,
        condition: Condition,
        stop: Event,
        poses: tuple[PoseTrack, PoseBook] | None,
        readout_s: float | None = None,
    ) -> None:
        """`poses`: where they come from and are written to. `readout_s`: of the camera's rolling shutter.

        Raises StorageError when the folder cannot be made.
        """
        source, live = settings.camera.source, settings.live
        known = next((digits for kind, digits in DIGITS.items() if source.startswith(kind)), STREAM_DIGITS)
        digits = None if source.startswith((VIDEO, ROSBAG)) else known
        self._recorder = Recorder(live.recordings, live.budget_mb * MEGABYTE, live.step, digits)
        self._camera = LiveCamera(replace(settings.grab, done=self._recorder.last_number), live.stale_s, stop.wait)
        self._condition, self._stop = condition, stop
        self._poses, self._readout_s = poses, readout_s or 0.0
        self._time_sigma_s = 10.0**-known / math.sqrt(3)
        self._without_pose: list[_Waiting] = []
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
        for item in self._camera.stills():
            match item:
                case Poses():
                    self._take_poses(item)
                case Quiet():
                    self._condition.tell("source_trouble", item.why or self._condition.source_trouble)
                    if item.why:
                        self._recorder.interrupted()
                case Still():
                    self._keep(item)
            self._write_poses()
        if not self._stop.is_set():
            self._write_poses(over=True)

    def _take_poses(self, told: Poses) -> None:
        """Of a source that knows them, for the photographs after them and just before."""
        if self._poses is None:
            return
        if told.refused:
            self._poses[0].refuse(told.refused)
        else:
            self._poses[0].take(told.content)

    def _keep(self, still: Still) -> None:
        condition = self._condition
        condition.tell("source_trouble", "")
        try:
            name = self._recorder.keep(still)
        except FolderFullError as error:
            condition.dropped += 1
            condition.tell("recording_trouble", str(error))
            return
        condition.tell("recording_trouble", "")
        condition.recorded += name is not None
        if name is None or self._poses is None:
            return
        if still.no_pose:
            self._poses[1].write(name, Missing(f"{self._poses[0].name}: {still.no_pose}"))
        else:
            self._without_pose.append(_Waiting(name, still.taken_unix_s, monotonic() + POSE_PATIENCE_S))

    def _write_poses(self, *, over: bool = False) -> None:
        """The poses of the last photographs, as far as they can be told by now; `over`: no more will come."""
        if self._poses is None:
            return
        listener, book = self._poses
        self._condition.poses, self._condition.poses_refused = listener.taken, listener.refused + listener.late
        waiting, self._without_pose = self._without_pose, []
        for photo in waiting:
            pose = listener.at(photo.taken_unix_s, self._time_sigma_s, self._readout_s)
            if pose is not None:
                motion = listener.motion_at(photo.taken_unix_s, self._readout_s) if self._readout_s else None
                book.write(photo.name, pose, motion)
            elif over or monotonic() > photo.end_s:
                book.write(photo.name, Missing(f"{listener.name}: no pose came after it"))
            else:
                self._without_pose.append(photo)
