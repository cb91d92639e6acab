"""A bag as a camera: every picture once, at its time, with the poses around it; what a gap and a damage raise."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from time import monotonic
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from crackmap.errors import InputError
from crackmap.messages import Pose
from crackmap_robot.bags.contents import run_bag
from crackmap_robot.bags.extraction import Extraction
from crackmap_robot.bags.replay import AHEAD_NS, Logged, replay
from crackmap_robot.cameras.camera import Quiet
from crackmap_robot.cameras.grabbed import Poses, Still
from crackmap_robot.cameras.grabber import Grab
from crackmap_robot.cameras.live import LiveCamera
from crackmap_robot.poses.mount import FORWARD, Mount
from crackmap_robot.poses.track import PoseTrack

pytestmark = pytest.mark.needs("rosbags")
KNOWN = np.diag([1e-4, 1e-4, 1e-4, 1e-5, 1e-5, 1e-5])
NONE = (0.0, 0.0, 0.0, 1.0)


@pytest.fixture
def drive(bags: ModuleType) -> Any:
    return bags.Drive()


def odometry_bag(bags: ModuleType, drive: Any, folder: Path, storage: str, pictures: int = 5) -> Path:
    """Odometry ten times a second, logged 0.3 s late; a picture every half second."""
    start_s, every_s = bags.START_S, 0.5
    sent = [
        (start_s + 0.1 * k + 0.3, bags.ODOM, drive.odometry(start_s + 0.1 * k, KNOWN))
        for k in range(round(10 * every_s * pictures) + 5)
    ]
    sent += [
        (start_s + 0.25 + every_s * k, bags.PICTURES, drive.compressed(start_s + 0.25 + every_s * k, bags.jpeg(k)))
        for k in range(pictures)
    ]
    sent.sort(key=lambda each: each[0])
    return drive.write(folder, [each[1:] for each in sent], storage, [each[0] for each in sent])


def stills(found: list[Logged | Poses]) -> list[Still]:
    return [each.still for each in found if isinstance(each, Logged) and each.still is not None]


def told(found: Iterator[Logged | Poses], track: PoseTrack) -> list[tuple[Still, Pose]]:
    """Each picture, with the pose that is known when it comes."""
    placed = []
    for each in found:
        if isinstance(each, Poses):
            track.refuse(each.refused) if each.refused else track.take(each.content)
        elif each.still is not None:
            pose = track.at(each.still.taken_unix_s, 0.0)
            assert isinstance(pose, Pose)
            placed.append((each.still, pose))
    return placed


@pytest.mark.parametrize("storage", ["SQLITE3", "MCAP"])
def test_pictures_are_those_of_the_extraction_and_their_poses_come_before_them(
    bags: ModuleType, drive: Any, tmp_path: Path, storage: str
) -> None:
    bag = odometry_bag(bags, drive, tmp_path / "bag", storage)
    list(run_bag(bag, bags.PICTURES, bags.ODOM, Extraction(tmp_path / "out", Mount(), None)))
    track = PoseTrack("bag", None, Mount().camera)
    placed = told(replay(bag, "", f"odometry:{bags.ODOM}"), track)
    names = [f"{still.number:07d}{still.ending}" for still, _ in placed]
    assert [(tmp_path / "out" / name).read_bytes() for name in names] == [still.content for still, _ in placed]
    assert len(names) == 5
    for still, pose in placed:
        assert pose.position_m == pytest.approx((0.5 * (still.taken_unix_s - bags.START_S), 0.25, 0), abs=1e-6)
        assert pose.covariance is not None
    assert (track.refused, track.late) == (0, 0)
    single = next(path for path in bag.iterdir() if path.suffix != ".yaml")
    assert stills(list(replay(single, bags.PICTURES, ""))) == [still for still, _ in placed]


def test_no_pose_is_read_that_was_logged_long_after_its_picture(bags: ModuleType, drive: Any, tmp_path: Path) -> None:
    bag = odometry_bag(bags, drive, tmp_path / "bag", "MCAP", pictures=8)
    last_s = -math.inf
    for each in replay(bag, "", f"odometry:{bags.ODOM}"):
        if isinstance(each, Poses):
            last_s = max(last_s, json.loads(each.content)["time_s"] + 0.3)
        elif each.still is not None and each.still.number < 8:
            assert last_s <= each.logged_s + AHEAD_NS * 1e-9 + 1e-3


def test_the_tree_of_frames_tells_where_the_pictures_own_frame_is(bags: ModuleType, drive: Any, tmp_path: Path) -> None:
    start_s = bags.START_S
    sent = [("/tf_static", drive.transform(0, "base_link", "camera", (0.1, 0, 0.2), FORWARD))]
    sent += [("/tf", drive.transform(start_s + 0.2 * k, "map", "base_link", (0.1 * k, 0, 0), NONE)) for k in range(20)]
    sent += [(bags.PICTURES, drive.compressed(start_s + 1.0 + 0.033 * k, bags.jpeg(k))) for k in range(3)]
    sent += [(bags.PICTURES, drive.compressed(start_s + 99.0, bags.jpeg(9)))]
    sent += [(bags.PICTURES, drive.compressed(start_s + 1.5, bags.jpeg(9), frame="another"))]
    bag = drive.write(tmp_path / "bag", sent, "SQLITE3")
    track = PoseTrack("tf:map")
    found = list(replay(bag, "", "tf:map"))
    placed = told((each for each in found if isinstance(each, Poses) or not (each.still and each.still.no_pose)), track)
    for still, pose in placed:
        assert pose.position_m == pytest.approx((0.1 + 0.5 * (still.taken_unix_s - start_s), 0, 0.2), abs=1e-6)
        motion = track.motion_at(still.taken_unix_s, 0.02)
        assert motion is not None
        assert motion.velocity_m_s == pytest.approx((0.5, 0, 0), abs=1e-3)
    assert (len(placed), track.late) == (3, 0)
    without = [still.no_pose for still in stills(found) if still.no_pose]
    assert without[0] == "the last transform of base_link in map is older"
    assert without[1].startswith("no chain of frames from another to map")


def test_what_is_no_picture_and_no_pose_is_said_and_the_numbers_go_on(
    bags: ModuleType, drive: Any, tmp_path: Path
) -> None:
    sent = [
        (bags.ODOM, drive.odometry(bags.START_S, KNOWN, w=7.0)),
        (bags.PICTURES, drive.compressed(bags.START_S, bags.jpeg(1))),
        (bags.PICTURES, drive.compressed(bags.START_S + 1, b"garbage", "h264")),
        (bags.PICTURES, drive.compressed(bags.START_S + 2, bags.jpeg(2))),
    ]
    found = list(replay(drive.write(tmp_path / "bag", sent, "MCAP"), bags.PICTURES, f"odometry:{bags.ODOM}"))
    assert [still.number for still in stills(found)] == [1, 2]
    assert next(each.refused for each in found if isinstance(each, Poses)).startswith("/odom: no pose")
    whys = [each.why for each in found if isinstance(each, Logged) and each.still is None]
    assert whys == ["/camera/image/compressed: compressed as 'h264', which is no JPEG or PNG"]


def test_topics_that_cannot_be_told_apart_or_are_not_there_are_named(
    bags: ModuleType, drive: Any, tmp_path: Path
) -> None:
    pixels = np.zeros((40, 40, 3), np.uint8)
    sent = [(bags.PICTURES, drive.compressed(bags.START_S, bags.jpeg(1))), (bags.RAW, drive.raw(1, pixels, "rgb8"))]
    bag = drive.write(tmp_path / "bag", sent, "MCAP")
    for topic, poses, words in (
        ("", "", "has pictures on /camera/image and /camera/image/compressed; say with camera.topic which"),
        ("/none", "", "has no topic /none"),
        (bags.RAW, "odometry:/odom", "has no topic /odom"),
        (bags.RAW, "tf:map", "has no topic /tf or /tf_static"),
    ):
        with pytest.raises(InputError, match=words):
            list(replay(bag, topic, poses))
    with pytest.raises(InputError, match="cannot be read as a bag"):
        list(replay(tmp_path / "nothing", "", ""))


# ------------------------------------------------------------------------------------------- through the real process


def camera(bag: Path, **grab: Any) -> LiveCamera:
    return LiveCamera(Grab(f"rosbag:{bag}", **grab), 30.0, Event().wait)


def test_it_takes_as_long_as_the_drive_did_and_what_is_there_already_takes_no_time(
    bags: ModuleType, drive: Any, tmp_path: Path
) -> None:
    bag = odometry_bag(bags, drive, tmp_path / "bag", "MCAP", pictures=7)

    def came_s(**grab: Any) -> tuple[list[Still], list[float]]:
        found, at_s = [], []
        for item in camera(bag, **grab).stills():
            if isinstance(item, Still):
                found.append(item)
                at_s.append(monotonic())
        return found, at_s

    paced, at_s = came_s(replay_speed=4.0)
    assert at_s[-1] - at_s[0] > 0.95 * 6 * 0.5 / 4
    hurried, _ = came_s(replay_speed=0.0)
    assert hurried == paced
    again, at_s = came_s(replay_speed=1e-3, done=7)  # would take an hour
    assert again == paced


def test_a_gap_is_told_once_and_ends_with_the_next_picture(bags: ModuleType, drive: Any, tmp_path: Path) -> None:
    start_s = bags.START_S
    times_s = [start_s, start_s + 1, start_s + 9.5, start_s + 10]
    sent = [(bags.PICTURES, drive.compressed(time_s, bags.jpeg(k))) for k, time_s in enumerate(times_s)]
    bag = drive.write(tmp_path / "bag", sent, "SQLITE3", times_s)
    for speed in (0.0, 100.0):
        order = [
            item.number if isinstance(item, Still) else item.why
            for item in camera(bag, replay_speed=speed, gap_s=5.0).stills()
            if isinstance(item, Still) or (isinstance(item, Quiet) and item.why)
        ]
        why = f"rosbag:{bag}: no picture for 8.5 s, as it was recorded"
        assert [each for k, each in enumerate(order) if k == 0 or each != order[k - 1]] == [1, 2, why, 3, 4]


def test_raw_pictures_come_as_png(bags: ModuleType, drive: Any, tmp_path: Path) -> None:
    bag = drive.write(tmp_path / "bag", [(bags.RAW, drive.raw(bags.START_S, bags.picture(1), "rgb8"))], "MCAP")
    (still,) = (item for item in camera(bag, topic=bags.RAW, replay_speed=0.0).stills() if isinstance(item, Still))
    assert (still.ending, still.content[:4]) == (".png", b"\x89PNG")


def test_a_bag_that_is_none_says_so_and_is_tried_again(tmp_path: Path) -> None:
    stop = Event()
    (tmp_path / "metadata.yaml").write_text("rosbag2_bagfile_information: 7")
    whys = []
    for item in replace(camera(tmp_path), wait=stop.wait).stills():
        if isinstance(item, Quiet) and item.why:
            whys.append(item.why)
            if len(whys) == 2:
                stop.set()
    assert "cannot be read as a bag" in whys[0]
    assert whys[0] == whys[1]
