"""What is taken out of a bag, message by message, into a folder: photographs at once, poses at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crackmap.errors import InputError
from crackmap_robot.bags import frames, odometry, pictures
from crackmap_robot.bags.reader import stamp_s
from crackmap_robot.poses.json_lines import write_rows
from crackmap_robot.poses.mount import Mount
from crackmap_robot.poses.rows import Row

ODOMETRY, POSES = "odometry.jsonl", "poses.jsonl"


@dataclass(frozen=True)
class _Taken:
    """A photograph, and in which of ROS's frames its camera is."""

    name: str
    time_s: float
    frame: str


@dataclass
class Extraction:
    """With `world` the poses are those of the pictures' frames in that one; else they come by odometry and mount."""

    to: Path
    mount: Mount
    world: str | None
    _rows: dict[float, Row] = field(default_factory=dict, init=False)
    _frames: frames.Frames = field(default_factory=frames.Frames, init=False)
    _taken: list[_Taken] = field(default_factory=list, init=False)
    _refused: Counter[str] = field(default_factory=Counter, init=False)

    def take(self, topic: str, kind: str, message: Any, logged_ns: int) -> None:
        """What is no pose and no picture is counted. Raises OSError where the folder cannot be written."""
        try:
            if kind == frames.TYPE:
                self._frames.add(message, static=topic == frames.STATIC)
                return
            time_s = stamp_s(message, logged_ns)
            if kind in odometry.TYPES:
                pose = self.mount.camera(odometry.pose_of_message(message, kind))
                self._rows.setdefault(time_s, Row(len(self._rows) + 1, None, time_s, pose))
            else:
                ending, content = pictures.photograph(message, kind, time_s)
                name = f"{len(self._taken) + 1:07d}{ending}"
                (self.to / name).write_bytes(content)
                self._taken.append(_Taken(name, time_s, message.header.frame_id))
        except InputError as error:
            self._refused[f"{topic}: {error}"] += 1

    def finished(self) -> Iterator[str]:
        """Write the poses; what people want to know. Raises StorageError, InputError where no photograph has a pose."""
        if self.world is None:
            rows, name, where = [self._rows[time_s] for time_s in sorted(self._rows)], ODOMETRY, "odometry's frame"
        else:
            rows, name, where = list(self._placed(self.world)), POSES, f"frame {self.world}"
        if rows:
            write_rows(self.to / name, rows)
        for why, number in self._refused.items():
            yield f"left out: {number} × {why}"
        yield f"{self.to}: {len(self._taken)} photographs, {len(rows)} poses"
        if rows:
            unknown = sum(row.pose.covariance is None for row in rows)
            yield f"{self.to / name}: in {where}" + (f"; {unknown} poses of unknown error" if unknown else "")
        elif self.world is not None and self._taken:
            raise InputError(f"{self.to}: none of {len(self._taken)} photographs has a pose, for the reasons above.")

    def _placed(self, world: str) -> Iterator[Row]:
        for number, picture in enumerate(self._taken, start=1):
            try:
                pose = self._frames.pose(picture.frame, world, picture.time_s)
            except InputError as error:
                self._refused[f"pose: {error}"] += 1
            else:
                yield Row(number, picture.name, picture.time_s, pose)
