"""Cameras and streams that hang, freeze, break off and come back: real streams, real processes."""

import importlib.util
import itertools
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

import cv2
import numpy as np
import pytest

from crackmap_robot.cameras.camera import Quiet
from crackmap_robot.cameras.grabbed import Still
from crackmap_robot.cameras.grabber import Grab
from crackmap_robot.cameras.live import LiveCamera

SPEC = importlib.util.spec_from_file_location("streams", Path(__file__).with_name("streams.py"))
assert SPEC is not None
assert SPEC.loader is not None
streams = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(streams)

STALE_S = 1.5
MOST_ITEMS = 400


@pytest.fixture
def wall(draw: Any) -> np.ndarray:
    return np.asarray(draw(1, 2000, 300))


def taken(camera: LiveCamera, stop: Event, stills: int, gaps: int = 0) -> tuple[list[Still], list[str]]:
    """What it gives until there were so many frames and reasons for gaps."""
    found: list[Still] = []
    whys: list[str] = []
    for item in itertools.islice(camera.stills(), MOST_ITEMS):
        if isinstance(item, Quiet):
            whys += [item.why] if item.why else []
        else:
            found.append(item)
        if len(found) >= stills and len(whys) >= gaps:
            stop.set()
            return found, whys
    raise AssertionError(f"{len(found)} frames, gaps: {whys}")


def live(source: str, stop: Event, **grab: Any) -> LiveCamera:
    return LiveCamera(Grab(source, **grab), STALE_S, stop.wait)


def grabbers(source: str) -> list[int]:
    """Processes that grab from it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended just now
            command = (process / "cmdline").read_bytes()
            if b"crackmap_robot.cameras.grabber" in command and source.encode() in command:
                found.append(int(process.name))
    return found


def test_frames_of_a_stream_in_order_and_no_process_left(wall: np.ndarray) -> None:
    stop = Event()
    with streams.Stream(lambda _: streams.drive(wall, 320, 240, 20)) as stream:
        found, whys = taken(live(stream.address, stop), stop, 10)
    assert not whys
    assert [still.number for still in found] == sorted({still.number for still in found})
    assert all(np.diff([still.taken_unix_s for still in found]) > 0)
    assert {cv2.imdecode(np.frombuffer(still.content, np.uint8), 1).shape for still in found} == {(240, 320, 3)}
    assert not grabbers(stream.address)


def test_one_that_hangs_is_started_again(wall: np.ndarray) -> None:
    def frames(connection: int) -> Iterator[bytes | None]:
        drive = streams.drive(wall, 320, 240, 20)
        yield from itertools.chain(itertools.islice(drive, 20), [None]) if connection == 1 else drive

    stop = Event()
    with streams.Stream(frames) as stream:
        found, whys = taken(live(stream.address, stop), stop, 30, gaps=1)
        assert stream.connections >= 2
    assert f"no frame for {STALE_S:g} s" in whys[0]
    assert found[-1].taken_unix_s > found[0].taken_unix_s + STALE_S


def test_one_that_freezes_is_started_again(wall: np.ndarray) -> None:
    def frames(connection: int) -> Iterator[bytes]:
        drive = streams.drive(wall, 320, 240, 20)
        if connection > 1:
            yield from drive
        yield from itertools.islice(drive, 10)
        yield from itertools.repeat(streams.jpeg(wall[:240, :320]))

    stop = Event()
    with streams.Stream(frames) as stream:
        _, whys = taken(live(stream.address, stop), stop, 20, gaps=1)
    assert f"the very same picture for {STALE_S:g} s" in whys[0]


def test_one_that_breaks_off_or_sends_garbage_comes_back(wall: np.ndarray) -> None:
    def frames(connection: int) -> Iterator[bytes]:
        drive = streams.drive(wall, 320, 240, 20)
        if connection == 1:
            yield from itertools.islice(drive, 10)
        elif connection == 2:
            yield from itertools.repeat(b"\x00\xff garbage \r\n" * 100, 5)
        else:
            yield from drive

    stop = Event()
    with streams.Stream(frames) as stream:
        found, whys = taken(live(stream.address, stop), stop, 25, gaps=1)
        assert stream.connections >= 3
    assert whys
    assert len(found) == 25


def test_one_that_is_not_there_says_so_and_is_tried_again() -> None:
    stop = Event()
    _, whys = taken(live("v4l2:/dev/nothing", stop), stop, 0, gaps=2)
    assert whys[0] == "v4l2:/dev/nothing: cannot be opened: is it there, switched on, and used by no other program?"


def test_a_grabber_that_is_killed_is_started_again(wall: np.ndarray) -> None:
    stop = Event()
    with streams.Stream(lambda _: streams.drive(wall, 320, 240, 20)) as stream:
        camera = live(stream.address, stop)
        whys = []
        stills = 0
        for item in camera.stills():
            stills += isinstance(item, Still)
            whys += [item.why] if isinstance(item, Quiet) and item.why else []
            if stills == 5:
                (grabber,) = grabbers(stream.address)
                os.kill(grabber, signal.SIGKILL)
                stills += 1
            if whys and stills > 10:
                stop.set()
    assert "the program that reads it ended" in whys[0]


def test_no_more_frames_than_asked_for(wall: np.ndarray) -> None:
    stop = Event()
    with streams.Stream(lambda _: streams.drive(wall, 320, 240, 20)) as stream:
        found, _ = taken(live(stream.address, stop, frames_per_s=5), stop, 8)
    assert found[-1].taken_unix_s - found[0].taken_unix_s > 0.9 * 7 / 5


def test_every_frame_of_a_video_and_then_the_end(wall: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "drive.avi"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (320, 240))
    for left in range(0, 600, 20):
        video.write(wall[:240, left : left + 320])
    video.release()
    camera = live(f"video:{path}", Event())
    found = [item for item in camera.stills() if isinstance(item, Still)]
    assert [still.number for still in found] == list(range(1, 31))


def test_a_video_that_is_none_says_so(tmp_path: Path) -> None:
    (tmp_path / "drive.avi").write_bytes(b"no video")
    stop = Event()
    _, whys = taken(live(f"video:{tmp_path}/drive.avi", stop), stop, 0, gaps=1)
    assert "cannot be opened" in whys[0]
