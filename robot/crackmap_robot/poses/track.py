"""Where something was lately: poses in the order of their times, as they are told while the camera runs.

{"time_s": 1305031102.1758, "position_m": [x, y, z], "orientation_xyzw": [x, y, z, w], "covariance": [36] or null}

Times are UNIX seconds of the clock that the photographs have theirs of. The poses are the camera's on the surface,
unless `carry` brings them there.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from crackmap.messages import Pose
from crackmap_robot.poses.file import Missing, PoseFile
from crackmap_robot.poses.motion import Motion
from crackmap_robot.poses.record import PoseFileError
from crackmap_robot.poses.rows import Row, read_rows

MOST_ROWS = 2_000
"""Kept in memory: what a frame's time is looked up in, ten seconds of a fast source."""
MAX_GAP_S = 1.0
CLOCK_JUMP_S = 5.0
"""A time so far before the last one means that the clock was set, not that poses overtook each other."""

_log = logging.getLogger(__name__)


class PoseTrack:
    """What `take` was given, by one thread; asked by another. A context manager, as what listens is one."""

    def __init__(
        self,
        name: str,
        decode: Callable[[bytes], tuple[Row, ...]] | None = None,
        carry: Callable[[Pose], Pose] | None = None,
    ) -> None:
        self.name = name
        self._decode = decode or (lambda content: read_rows(Path(self.name), content))
        self._carry = carry
        self._rows: deque[Row] = deque(maxlen=MOST_ROWS)
        self._lock = Lock()
        self.taken = 0
        self.refused = 0
        """What was no pose: datagrams, or messages of a bag."""
        self.late = 0
        """Poses from before one that was there already."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held."""

    def at(self, time_s: float, time_sigma_s: float, over_s: float = 0.0) -> Pose | Missing | None:
        """The pose at that time, known to so much; None while a later one may yet come for the `over_s` about it."""
        poses = self._known()
        if poses is None or poses.rows[-1].known_time_s < time_s + over_s / 2:
            return None
        return poses.pose_for(None, time_s, time_sigma_s)

    def motion_at(self, time_s: float, over_s: float) -> Motion | None:
        """How the camera moved over so many seconds about that time; None where nothing tells."""
        poses = self._known()
        return None if poses is None else poses.motion_for(None, time_s, over_s)

    def _known(self) -> PoseFile | None:
        with self._lock:
            rows = tuple(self._rows)
        return PoseFile(Path(self.name), "", rows, MAX_GAP_S, {}, {}) if rows else None

    def take(self, content: bytes) -> None:
        """JSON lines, or what `decode` reads. What is no pose is counted."""
        try:
            rows = self._decode(content)
            for row in rows:
                if row.time_s is None:
                    raise PoseFileError(f"{self.name}, line {row.line}, time_s: is missing")  # noqa: TRY301
        except PoseFileError as error:
            self.refuse(str(error))
            return
        if self._carry is not None:
            rows = tuple(replace(row, pose=self._carry(row.pose)) for row in rows)
        with self._lock:
            for row in rows:
                self._add(row)

    def refuse(self, why: str) -> None:
        """Something that is no pose was told. The first is logged."""
        self.refused += 1
        if self.refused == 1:
            _log.warning("no pose", extra={"why": why})

    def _add(self, row: Row) -> None:
        if self._rows and row.known_time_s <= (last_s := self._rows[-1].known_time_s):
            if row.known_time_s > last_s - CLOCK_JUMP_S:
                self.late += 1
                return
            self._rows.clear()
        self._rows.append(row)
        self.taken += 1
