"""ROS 2 bags become photographs and poses that a scan takes, without ROS."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from crackmap.errors import InputError
from crackmap_robot.bags.contents import run_bag
from crackmap_robot.bags.extraction import ODOMETRY, Extraction
from crackmap_robot.cameras.camera import Photo
from crackmap_robot.cameras.folder import open_folder
from crackmap_robot.cameras.photograph import decode
from crackmap_robot.poses.file import read_poses
from crackmap_robot.poses.mount import Mount

pytestmark = pytest.mark.needs("rosbags")
SPEC = importlib.util.spec_from_file_location("bags", Path(__file__).with_name("bags.py"))
assert SPEC is not None
assert SPEC.loader is not None
bags = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(bags)
START_S, ODOM, PICTURES, RAW = bags.START_S, bags.ODOM, bags.PICTURES, bags.RAW
Drive, picture, jpeg = bags.Drive, bags.picture, bags.jpeg

KNOWN = np.diag([1e-4, 1e-4, 1e-4, 1e-5, 1e-5, 1e-5])


@pytest.mark.parametrize("storage", ["SQLITE3", "MCAP"])
def test_pictures_and_odometry_go_together_by_time(tmp_path: Path, storage: str) -> None:
    drive = Drive()
    messages = [(ODOM, drive.odometry(START_S + 0.1 * k, KNOWN)) for k in range(20)]
    messages += [(PICTURES, drive.compressed(START_S + 0.25 + 0.5 * k, jpeg(k))) for k in range(3)]
    bag = drive.write(tmp_path / "bag", messages, storage)
    listed = list(run_bag(bag, None, None, Extraction(Path(), Mount(), None)))
    assert any(line.startswith(ODOM) and line.endswith("--odometry") for line in listed)
    assert any(line.startswith(PICTURES) and line.endswith("--images") for line in listed)
    said = list(run_bag(bag, PICTURES, ODOM, Extraction(tmp_path / "out", Mount((0.0, 0.0, 0.5)), None)))
    assert f"{tmp_path / 'out'}: 3 photographs, 20 poses" in said
    poses = read_poses(tmp_path / "out" / ODOMETRY)
    photos = [photo for photo in open_folder(tmp_path / "out").frames() if isinstance(photo, Photo)]
    assert len(photos) == 3
    for k, photo in enumerate(photos):
        taken = photo.capture.captured_utc
        assert taken is not None
        assert taken.timestamp() == pytest.approx(START_S + 0.25 + 0.5 * k, abs=1e-6)
        found = poses.pose_for(photo.label, taken.timestamp(), photo.capture.time_sigma_s)
        assert found.position_m == pytest.approx((0.5 * (0.25 + 0.5 * k), 0.25, 0.5), abs=1e-6)
        assert found.covariance is not None
        expected = cv2.cvtColor(cv2.imdecode(np.frombuffer(jpeg(k), np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        assert np.array_equal(decode(photo.content, photo.image, photo.label), expected)


@pytest.mark.parametrize(("encoding", "channels"), [("rgb8", 3), ("bgr8", 3), ("mono8", 1)])
def test_raw_pictures_keep_their_pixels(tmp_path: Path, encoding: str, channels: int) -> None:
    drive, pixels = Drive(), picture(1)
    sent = {"rgb8": pixels, "bgr8": pixels[:, :, ::-1], "mono8": pixels[:, :, :1]}[encoding]
    bag = drive.write(
        tmp_path / "bag", [(RAW, drive.raw(START_S + 0.5, np.ascontiguousarray(sent), encoding))], "SQLITE3"
    )
    list(run_bag(bag, RAW, None, Extraction(tmp_path / "out", Mount(), None)))
    (photo,) = open_folder(tmp_path / "out").frames()
    assert isinstance(photo, Photo)
    shown = decode(photo.content, photo.image, photo.label)
    assert np.array_equal(shown, pixels if channels == 3 else np.repeat(pixels[:, :, :1], 3, axis=2))
    assert photo.capture.captured_utc is not None
    assert photo.capture.captured_utc.timestamp() == START_S + 0.5


@pytest.mark.parametrize(
    "covariance", [np.zeros((6, 6)), np.diag([-1.0] * 6), np.full((6, 6), np.nan), np.diag([1, 1, 0, 1, 1, 1.0])]
)
def test_a_covariance_that_says_nothing_is_unknown(tmp_path: Path, covariance: np.ndarray) -> None:
    drive = Drive()
    bag = drive.write(tmp_path / "bag", [(ODOM, drive.odometry(START_S + 1, covariance))], "MCAP")
    said = list(run_bag(bag, None, ODOM, Extraction(tmp_path / "out", Mount(), None)))
    assert any("1 poses of unknown error" in line for line in said)
    (line,) = (tmp_path / "out" / ODOMETRY).read_text().splitlines()
    assert json.loads(line)["covariance"] is None


def test_what_is_no_picture_and_no_pose_is_counted(tmp_path: Path) -> None:
    drive = Drive()
    messages = [
        (ODOM, drive.odometry(START_S + 1, KNOWN, w=7.0)),
        (ODOM, drive.odometry(START_S + 2, KNOWN)),
        (PICTURES, drive.compressed(START_S + 1, b"garbage", "h264")),
        (PICTURES, drive.compressed(START_S + 2, b"\x89PNG garbage", "png")),
        (PICTURES, drive.compressed(START_S + 3, jpeg(3))),
    ]
    said = list(
        run_bag(
            drive.write(tmp_path / "bag", messages, "MCAP"), PICTURES, ODOM, Extraction(tmp_path / "out", Mount(), None)
        )
    )
    assert f"{tmp_path / 'out'}: 1 photographs, 1 poses" in said
    assert sum(line.startswith("left out: 1 ×") for line in said) == 3


@pytest.mark.parametrize(
    ("images", "odometry", "said"),
    [
        ("/none", None, "has no topic /none; it has /odom"),
        (ODOM, None, "/odom: is nav_msgs/msg/Odometry; taken are sensor_msgs/msg/CompressedImage"),
    ],
)
def test_topics_that_cannot_be_used_are_named(
    tmp_path: Path, images: str | None, odometry: str | None, said: str
) -> None:
    drive = Drive()
    bag = drive.write(tmp_path / "bag", [(ODOM, drive.odometry(START_S + 1, KNOWN))], "SQLITE3")
    with pytest.raises(InputError) as error:
        list(run_bag(bag, images, odometry, Extraction(tmp_path / "out", Mount(), None)))
    assert said in str(error.value)


def test_what_is_no_bag_is_named(tmp_path: Path, crackmap: Any) -> None:
    (tmp_path / "metadata.yaml").write_text("rosbag2_bagfile_information: 7")
    for source in (tmp_path, tmp_path / "none"):
        ran = crackmap("robot", "bag", source)
        assert ran.code == 2
        assert "cannot be read as a bag" in ran.err
        assert "Traceback" not in ran.err
    ran = crackmap("robot", "bag", tmp_path, tmp_path / "out")
    assert (ran.code, "give a folder together with" in ran.err) == (2, True)


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    drive = Drive()
    bag = drive.write(tmp_path / "bag", [(ODOM, drive.odometry(START_S + 1, KNOWN))], "SQLITE3")
    with pytest.raises(InputError, match="is not empty; give a new folder"):
        list(run_bag(bag, None, ODOM, Extraction(tmp_path, Mount(), None)))
