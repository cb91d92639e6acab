"""Which pose each recorded photograph was taken from: `poses.jsonl` beside them, one line for each, by file name.

It is a pose file: `crackmap scan recordings/ --poses recordings/poses.jsonl` places the same photographs the same way.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from threading import Condition

from crackmap.errors import StorageError
from crackmap.messages import Pose
from crackmap_robot.poses.file import Missing
from crackmap_robot.poses.json_lines import values_of
from crackmap_robot.poses.motion import Motion
from crackmap_robot.poses.rows import Row, read_rows

NAME = "poses.jsonl"


class PoseBook:
    """Written by the thread that records, read by the one that scans. Poses stay in the file, not in memory."""

    def __init__(self, folder: Path, *, comes_again: bool = False) -> None:
        """`comes_again`: the source is gone through from its beginning at each start, and its poses with it.

        Raises StorageError, PoseFileError for a file that is another's.
        """
        self.path = folder / NAME
        self._changed = Condition()
        self._places: dict[str, int] = {}
        self._missing: dict[str, Missing] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # Of an earlier run: a pose that is not in the book by now will never come, and is not to be waited for.
            self._earlier = frozenset(() if comes_again else (path.name for path in folder.iterdir()))
            content = self.path.read_bytes() if self.path.exists() else b""
            whole = content[: content.rfind(b"\n") + 1]  # a kill may have cut the last line short
            if len(whole) < len(content):
                os.truncate(self.path, len(whole))
        except OSError as error:
            raise StorageError(f"{self.path}: cannot be read or written ({error.strerror}).") from error
        place = 0
        for line in whole.splitlines(keepends=True):
            for row in read_rows(self.path, line) if line.strip() else ():
                if row.file is not None:
                    self._places[row.file] = place
            place += len(line)
        self._end = place

    def write(self, name: str, pose: Pose | Missing, motion: Motion | None = None) -> None:
        """Keep a photograph's pose and how it moved then, on disk on return; or for this run why it has none.

        A pose that is in the book stays as it is. Raises StorageError.
        """
        with self._changed:
            if name in self._places:
                return
            if isinstance(pose, Missing):
                self._missing[name] = pose
            else:
                line = json.dumps(values_of(Row(0, name, None, pose, motion))).encode() + b"\n"
                try:
                    with self.path.open("ab") as file:
                        file.write(line)
                        file.flush()
                        os.fsync(file.fileno())
                except OSError as error:
                    raise StorageError(f"{self.path}: cannot be written ({error.strerror}).") from error
                self._places[name] = self._end
                self._end += len(line)
            self._changed.notify_all()

    def pose_for(self, name: str, patience_s: float) -> Pose | Missing:
        """The pose of a photograph; waits for it so long, as it is written a moment after the photograph.

        Not for one of an earlier run, which has its pose by now or never will.
        """
        with self._changed:
            patience_s = 0.0 if name in self._earlier else patience_s
            known = self._changed.wait_for(lambda: name in self._places or name in self._missing, patience_s)
            if not known:
                return Missing(f"{NAME} has no row for {name}: recording ended before a pose came")
            if name in self._missing:
                return self._missing[name]
            return self._row(name).pose

    def motion_for(self, name: str) -> Motion | None:
        """How the camera moved then; None where nothing tells."""
        with self._changed:
            return self._row(name).motion if name in self._places else None

    def _row(self, name: str) -> Row:
        with self.path.open("rb") as file:
            file.seek(self._places[name])
            return read_rows(self.path, file.readline())[0]
