"""`sim:NUMBER`: a camera that drives over a simulated wall at this machine's time, and odometry that sends its poses.

It runs as a real one does: pictures are of the moment at which they are taken, and poses go as UDP datagrams to where
robot.toml listens for them. When the wall is done it stands and still sees. Another number is another wall.

What blocks: rendering a picture, a second or so; whoever is slow to take one gets fewer. What stale means: as of a real
camera; while the wall is painted, which takes a small board half a minute, and while a picture is waited for, it says
twice a second that it is well. What a gap raises: it makes none.
"""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event, Thread
from time import monotonic, sleep, time
from types import TracebackType
from typing import Self

import numpy as np

from crackmap.messages import Pose
from crackmap_robot.cameras.grabbed import Alive, Item, Still
from crackmap_robot.cameras.grabber import Grab
from crackmap_robot.poses.json_lines import values_of
from crackmap_robot.poses.rows import Row
from crackmap_robot.renderer import Wall, render
from crackmap_robot.renderer.drive import Drive, drive_over
from crackmap_robot.renderer.example import EXAMPLE_CAMERA, example_wall
from crackmap_robot.renderer.photograph import jpeg_bytes

WIDTH_M, HEIGHT_M = 1.5, 0.9
DISTANCE_M, SPEED_M_S = 0.55, 0.15
FRAMES_PER_S = 2.0
"""Where robot.toml asks for no other rate."""
POSE_EVERY_S = 0.05
SAY_EVERY_S = 0.5
CAMERA = replace(EXAMPLE_CAMERA, width_px=1280, height_px=960, cx=645.5, cy=474.0)


def scene(number: int) -> tuple[Wall, Drive]:
    """The wall of that number, and the drive over it."""
    rng = np.random.default_rng([number, 1])
    wall = example_wall(number, WIDTH_M, HEIGHT_M, rng)
    return wall, drive_over(wall, CAMERA, rng, distance_m=DISTANCE_M, speed_m_s=SPEED_M_S)


def items(grab: Grab) -> Iterator[Item]:
    """Pictures for ever, from the beginning of the drive on."""
    number = int(grab.source.partition(":")[2])
    with ThreadPoolExecutor(1) as painter:
        painted = painter.submit(scene, number)
        while not painted.done():
            yield Alive()
            sleep(0.1)
    wall, drive = painted.result()
    begun_s, stop = time(), Event()
    with _Odometry(grab.poses) as odometry:
        odometry.say(drive, begun_s)  # before the first picture, or that one would have no place
        sender = Thread(target=_say_on, args=(odometry, drive, begun_s, stop), daemon=True)
        sender.start()
        try:
            yield from _pictures(grab, wall, drive, begun_s)
        finally:
            stop.set()
            sender.join()


def _pictures(grab: Grab, wall: Wall, drive: Drive, begun_s: float) -> Iterator[Still | Alive]:
    rng, count, every_s = np.random.default_rng(), 0, 1 / (grab.frames_per_s or FRAMES_PER_S)
    due_s = monotonic()
    while True:
        while (rest_s := due_s - monotonic()) > 0:
            yield Alive()
            sleep(min(rest_s, SAY_EVERY_S))
        due_s = max(due_s + every_s, monotonic())
        taken_s, count = time(), count + 1
        picture = render(wall, CAMERA, drive.at(taken_s - begun_s).true, rng)
        yield Still(taken_s, count, jpeg_bytes(picture, grab.jpeg_quality))


class _Odometry:
    """Sends poses as JSON lines to udp:PORT or udp:HOST:PORT; nothing where that is empty. A context manager."""

    def __init__(self, stream: str) -> None:
        host, _, port = stream.partition(":")[2].rpartition(":")
        self._address = (host.strip("[]") or "127.0.0.1", int(port)) if port else None
        self._socket = socket.socket(socket.AF_INET6 if host.startswith("[") else socket.AF_INET, socket.SOCK_DGRAM)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def say(self, drive: Drive, begun_s: float) -> None:
        """Where it is now."""
        now_s = time()
        said = drive.at(now_s - begun_s)
        pose = Pose(
            position_m=said.reported.position_m,
            orientation_xyzw=said.reported.orientation_xyzw,
            covariance=tuple(said.covariance.ravel().tolist()),
        )
        if self._address is not None:
            self._socket.sendto(json.dumps(values_of(Row(0, None, now_s, pose))).encode(), self._address)


def _say_on(odometry: _Odometry, drive: Drive, begun_s: float, stop: Event) -> None:
    while not stop.wait(POSE_EVERY_S):
        odometry.say(drive, begun_s)
