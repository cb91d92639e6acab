"""A bag's pictures one after the other, as they were logged, and its poses a little ahead of them. No clock is asked.

Poses come by time, as a pose file's lines. Those of odometry are the robot's, in odometry's frame. Those of the tree of
frames are of the pictures' own frame, at each picture's time and a moment before and after, so that its motion is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from crackmap.errors import InputError
from crackmap.messages import Pose
from crackmap_robot.bags import odometry, pictures
from crackmap_robot.bags.frames import STATIC, Frames
from crackmap_robot.bags.reader import connection_of, frames_of, opened, stamp_s
from crackmap_robot.cameras.grabbed import Poses, Still
from crackmap_robot.poses.json_lines import values_of
from crackmap_robot.poses.rows import Row

AHEAD_NS = 1_000_000_000
"""A pose may be logged so long after the picture that it belongs to."""
MOMENT_S = 0.02
"""A frame's pose is also told so long before and after its picture: a rolling shutter's rows lie between them."""
ODOMETRY, TREE = "odometry", "tf"


@dataclass(frozen=True)
class Logged:
    """A picture, or why it is none, and when it was logged."""

    logged_s: float
    still: Still | None
    why: str = ""


def replay(bag: Path, topic: str, poses: str) -> Iterator[Logged | Poses]:
    """All of the bag. `topic` is '' where the bag has only one of pictures; `poses` as odometry:TOPIC, tf:FRAME or ''.

    Pictures are numbered from 1, those left out that cannot be used. Raises InputError, SettingError.
    """
    with ExitStack() as files:
        reader = files.enter_context(opened(bag))
        connection = _pictures(bag, reader, topic)
        # A second reader, because storages keep one place in the file.
        known = _source(bag, files.enter_context(opened(bag)), poses) if poses else None
        number = 0
        for _, logged_ns, raw in reader.messages(connections=[connection]):
            message = reader.deserialize(raw, connection.msgtype)
            time_s, no_pose = stamp_s(message, logged_ns), ""
            if known is not None:
                yield from known.until(logged_ns + AHEAD_NS)
                told, no_pose = known.around(message.header.frame_id, time_s)
                yield from told
            try:
                ending, content = pictures.photograph(message, connection.msgtype, time_s)
            except InputError as error:
                yield Logged(logged_ns * 1e-9, None, f"{connection.topic}: {error}")
                continue
            number += 1
            yield Logged(logged_ns * 1e-9, Still(time_s, number, content, ending, no_pose))
        if known is not None:
            yield from known.until(None)


class _Known(Protocol):
    """What tells poses."""

    def until(self, logged_ns: int | None) -> Iterator[Poses]:
        """What was logged until then; None: to the end."""
        ...

    def around(self, frame: str, time_s: float) -> tuple[list[Poses], str]:
        """What is told of a picture's own frame at its time, or why nothing is."""
        ...


class _Ahead:
    """Messages up to a time, and no farther."""

    def __init__(self, reader: Any, connections: list[Any]) -> None:
        self._reader = reader
        self._messages = reader.messages(connections=connections) if connections else iter(())
        self._next = next(self._messages, None)

    def until(self, logged_ns: int | None) -> Iterator[tuple[Any, Any, int]]:
        """Connection, message and when it was logged."""
        while self._next is not None and (logged_ns is None or self._next[1] <= logged_ns):
            connection, at_ns, raw = self._next
            yield connection, self._reader.deserialize(raw, connection.msgtype), at_ns
            self._next = next(self._messages, None)


class _Odometry:
    """The robot's poses, each as it was logged."""

    def __init__(self, bag: Path, reader: Any, topic: str) -> None:
        self._ahead = _Ahead(reader, [connection_of(bag, reader, topic, odometry.TYPES)])
        self._topic = topic

    def until(self, logged_ns: int | None) -> Iterator[Poses]:
        for connection, message, at_ns in self._ahead.until(logged_ns):
            try:
                pose = odometry.pose_of_message(message, connection.msgtype)
            except InputError as error:
                yield Poses(refused=f"{self._topic}: {error}")
            else:
                yield _line(stamp_s(message, at_ns), pose)

    def around(self, frame: str, time_s: float) -> tuple[list[Poses], str]:  # noqa: ARG002 - as of every _Known
        """Nothing: the robot's poses place the picture."""
        return [], ""


class _Tree:
    """Where the pictures' frame is in another one."""

    def __init__(self, bag: Path, reader: Any, world: str) -> None:
        connections = frames_of(bag, reader.connections)
        static = [each for each in connections if each.topic == STATIC]
        self._world, self._frames, self._told_s = world, Frames(), 0.0
        for refused in self._read(_Ahead(reader, static), None, static=True):
            raise InputError(f"{bag}, {refused.refused}")
        self._ahead = _Ahead(reader, [each for each in connections if each.topic != STATIC])

    def until(self, logged_ns: int | None) -> Iterator[Poses]:
        yield from self._read(self._ahead, logged_ns, static=False)

    def around(self, frame: str, time_s: float) -> tuple[list[Poses], str]:
        """Three lines, or fewer at the beginning and the end of the transforms."""
        try:
            there = self._frames.pose(frame, self._world, time_s)
        except InputError as error:
            return [], str(error)
        told = []
        for at_s in (time_s - MOMENT_S, time_s, time_s + MOMENT_S):
            try:
                pose = there if at_s == time_s else self._frames.pose(frame, self._world, at_s)
            except InputError:
                continue  # before the first transform or after the last: the pose itself is known
            if at_s > self._told_s:  # else the moment after the picture before goes beyond it
                told.append(_line(at_s, pose))
                self._told_s = at_s
        return told, ""

    def _read(self, ahead: _Ahead, logged_ns: int | None, *, static: bool) -> Iterator[Poses]:
        for connection, message, _ in ahead.until(logged_ns):
            try:
                self._frames.add(message, static=static)
            except InputError as error:
                yield Poses(refused=f"{connection.topic}: {error}")


def _pictures(bag: Path, reader: Any, topic: str) -> Any:
    if topic:
        return connection_of(bag, reader, topic, pictures.TYPES)
    found = [each for each in reader.connections if each.msgtype in pictures.TYPES]
    if len(found) == 1:
        return found[0]
    names = " and ".join(sorted(each.topic for each in found)) or "no topic"
    raise InputError(f"{bag}: has pictures on {names}; say with camera.topic which are meant")


def _source(bag: Path, reader: Any, poses: str) -> _Known:
    kind, _, name = poses.partition(":")
    return _Odometry(bag, reader, name) if kind == ODOMETRY else _Tree(bag, reader, name)


def _line(time_s: float, pose: Pose) -> Poses:
    return Poses(json.dumps(values_of(Row(0, None, time_s, pose))).encode())
