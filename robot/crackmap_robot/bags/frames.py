"""ROS's tree of frames, as /tf and /tf_static tell it: where one frame is in another at a time. Pure.

A transform of `child` in `parent` says where the child is in its parent: p_parent = R p_child + t, metres, quaternion
with w last (REP 103, REP 105). Each frame has one parent. Nothing is guessed beyond the first and the last transform.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import numpy as np

from crackmap.errors import InputError
from crackmap.messages import Pose
from crackmap_robot.poses.interpolation import between
from crackmap_robot.poses.transform import Transform
from crackmap_robot.projection.rotation import rotation

TYPE = "tf2_msgs/msg/TFMessage"
MOVING, STATIC = "/tf", "/tf_static"
MAX_GAP_S = 1.0
NUMBERS = 7


@dataclass
class _Edge:
    """A frame's places in its parent, by time; a static one has one place for all times."""

    parent: str
    static: bool
    times_s: array[float] = field(default_factory=lambda: array("d"))
    places: array[float] = field(default_factory=lambda: array("d"))

    def add(self, time_s: float, place: Sequence[float]) -> None:
        if self.static:
            self.times_s, self.places = array("d", [time_s]), array("d", place)
            return
        number = bisect_left(self.times_s, time_s)
        if number < len(self.times_s) and self.times_s[number] == time_s:
            return
        self.times_s.insert(number, time_s)
        self.places[NUMBERS * number : NUMBERS * number] = array("d", place)

    def pose(self, number: int) -> Pose:
        x, y, z, *turn = self.places[NUMBERS * number : NUMBERS * (number + 1)]
        return Pose(position_m=(x, y, z), orientation_xyzw=(turn[0], turn[1], turn[2], turn[3]))


@dataclass
class Frames:
    """The tree. Frames are named without ROS 1's slash in front."""

    _edges: dict[str, _Edge] = field(default_factory=dict)

    def add(self, message: Any, *, static: bool) -> None:
        """A TFMessage. Raises InputError for a transform that is none, or gives a frame a second parent."""
        for each in message.transforms:
            parent, child = _name(each.header.frame_id), _name(each.child_frame_id)
            place, turn = each.transform.translation, each.transform.rotation
            numbers = [place.x, place.y, place.z, turn.x, turn.y, turn.z, turn.w]
            norm = float(np.linalg.norm(numbers[3:]))
            if not all(map(isfinite, numbers)) or not abs(norm - 1) <= 1e-2:
                raise InputError(f"no transform of {child} in {parent}: {numbers}")
            edge = self._edges.setdefault(child, _Edge(parent, static))
            if edge.parent != parent:
                raise InputError(f"frame {child} has two parents, {edge.parent} and {parent}")
            stamp = each.header.stamp
            edge.add(stamp.sec + stamp.nanosec * 1e-9, [*numbers[:3], *(part / norm for part in numbers[3:])])

    def pose(self, frame: str, world: str, time_s: float) -> Pose:
        """Where `frame` is in `world` at that time; its error is unknown, for tf says nothing of it.

        Raises InputError where there is no chain, a loop, or no transform near enough in time.
        """
        up, down = self._chain(_name(frame)), self._chain(_name(world))
        meeting = next((name for name in up if name in down), None)
        if meeting is None:
            known = ", ".join(sorted({*self._edges, *(edge.parent for edge in self._edges.values())}))
            raise InputError(f"no chain of frames from {_name(frame)} to {_name(world)}; there are {known or 'none'}")
        there = self._climbed(up[: up.index(meeting)], time_s)
        return _inverse(self._climbed(down[: down.index(meeting)], time_s)).pose(there)

    def _chain(self, frame: str) -> list[str]:
        chain = [frame]
        while (edge := self._edges.get(chain[-1])) is not None:
            if edge.parent in chain:
                raise InputError(f"frames in a loop: {' in '.join([*chain, edge.parent])}")
            chain.append(edge.parent)
        return chain

    def _climbed(self, chain: Sequence[str], time_s: float) -> Pose:
        """The first frame of a chain in the parent of its last."""
        pose = Pose(position_m=(0, 0, 0), orientation_xyzw=(0, 0, 0, 1))
        for name in chain:
            step = self._at(name, time_s)
            pose = Transform(step.position_m, step.orientation_xyzw, None).pose(pose)
        return pose

    def _at(self, name: str, time_s: float) -> Pose:
        edge = self._edges[name]
        if edge.static:
            return edge.pose(0)
        number, what = bisect_left(edge.times_s, time_s), f"{name} in {edge.parent}"
        if number == len(edge.times_s):
            raise InputError(f"the last transform of {what} is older")
        after_s = edge.times_s[number]
        if after_s == time_s:
            return edge.pose(number)
        if number == 0:
            raise InputError(f"the first transform of {what} is newer")
        before_s = edge.times_s[number - 1]
        if after_s - before_s > MAX_GAP_S:
            raise InputError(f"the transforms of {what} around it are over {MAX_GAP_S:g} s apart")
        return between(edge.pose(number - 1), edge.pose(number), (time_s - before_s) / (after_s - before_s))


def _inverse(pose: Pose) -> Transform:
    x, y, z, w = pose.orientation_xyzw
    back = (-x, -y, -z, w)
    x_m, y_m, z_m = (-rotation(back) @ np.array(pose.position_m)).tolist()
    return Transform((x_m, y_m, z_m), back, None)


def _name(frame: str) -> str:
    return frame.lstrip("/")
