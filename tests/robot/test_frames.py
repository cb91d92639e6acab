"""ROS's tree of frames: conventions by hand and by matrices, times between transforms, and what is wrong by name."""

import json
import math
import re
from pathlib import Path
from types import SimpleNamespace as Message
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crackmap.errors import InputError
from crackmap_robot.bags.contents import run_bag
from crackmap_robot.bags.extraction import POSES, Extraction
from crackmap_robot.bags.frames import MAX_GAP_S, Frames
from crackmap_robot.poses.file import read_poses
from crackmap_robot.poses.mount import FORWARD, Mount
from crackmap_robot.projection.rotation import rotation

NONE = (0.0, 0.0, 0.0, 1.0)
YAW_90 = (0.0, 0.0, math.sqrt(0.5), math.sqrt(0.5))
Place = tuple[float, float, float]
Turn = tuple[float, float, float, float]


def transform(parent: str, child: str, time_s: float, place: Place, turn: Turn = NONE) -> Message:
    """As a TFMessage holds it."""
    stamp = Message(sec=math.floor(time_s), nanosec=round((time_s - math.floor(time_s)) * 1e9))
    return Message(
        header=Message(frame_id=parent, stamp=stamp),
        child_frame_id=child,
        transform=Message(
            translation=Message(**dict(zip("xyz", place, strict=True))),
            rotation=Message(**dict(zip("xyzw", turn, strict=True))),
        ),
    )


def tree(*moving: Message, static: tuple[Message, ...] = ()) -> Frames:
    frames = Frames()
    frames.add(Message(transforms=list(static)), static=True)
    frames.add(Message(transforms=list(moving)), static=False)
    return frames


CAMERA = transform("base_link", "camera_optical", 0, (0.5, 0, 0.2), FORWARD)


def test_a_camera_that_looks_ahead_on_a_robot_that_turned_left() -> None:
    """By hand: the robot stands at (1, 2) and looks along y; its right is x."""
    frames = tree(transform("odom", "base_link", 5, (1, 2, 0), YAW_90), static=(CAMERA,))
    pose = frames.pose("camera_optical", "odom", 5)
    assert pose.position_m == pytest.approx((1, 2.5, 0.2))
    right, down, ahead = rotation(pose.orientation_xyzw).T
    assert ahead == pytest.approx([0, 1, 0])
    assert right == pytest.approx([1, 0, 0])
    assert down == pytest.approx([0, 0, -1])
    assert pose.covariance is None


def test_a_slash_in_front_is_the_same_frame() -> None:
    frames = tree(transform("/odom", "/base_link", 5, (1, 2, 0)), static=(CAMERA,))
    assert frames.pose("/camera_optical", "odom", 5).position_m == pytest.approx((1.5, 2, 0.2))


numbers = st.floats(-10, 10)
turns = st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: math.hypot(*q) > 0.1).map(
    lambda q: tuple(part / math.hypot(*q) for part in q)
)  # fmt: skip
places = st.tuples(st.tuples(numbers, numbers, numbers), turns)


def matrix(place: Place, turn: Turn) -> np.ndarray:
    found = np.eye(4)
    found[:3, :3], found[:3, 3] = rotation(turn), place
    return found


@given(st.data())
def test_any_frame_in_any_other_is_what_the_matrices_say(data: st.DataObject) -> None:
    edges = [(f"f{data.draw(st.integers(0, n))}", f"f{n + 1}", *data.draw(places)) for n in range(5)]
    split = data.draw(st.integers(0, 5))
    made = [transform(parent, child, 7, place, turn) for parent, child, place, turn in edges]
    frames = tree(*made[:split], static=tuple(made[split:]))
    in_root = {"f0": np.eye(4)}
    for parent, child, place, turn in edges:
        in_root[child] = in_root[parent] @ matrix(place, turn)
    frame, world = data.draw(st.sampled_from(sorted(in_root))), data.draw(st.sampled_from(sorted(in_root)))
    pose = frames.pose(frame, world, 7)
    expected = np.linalg.inv(in_root[world]) @ in_root[frame]
    assert np.allclose(matrix(pose.position_m, pose.orientation_xyzw), expected, atol=1e-6)


@given(st.floats(0, 1))
def test_between_two_transforms_it_moves_evenly(share: float) -> None:
    frames = tree(
        transform("odom", "base_link", 11, (1, 0, 0), YAW_90), transform("odom", "base_link", 10, (0, 0, 0))
    )  # in any order
    pose = frames.pose("base_link", "odom", 10 + share)
    assert pose.position_m == pytest.approx((share, 0, 0), abs=1e-6)
    assert 2 * math.atan2(pose.orientation_xyzw[2], pose.orientation_xyzw[3]) == pytest.approx(
        share * math.pi / 2, abs=1e-6
    )


MOVED = (transform("odom", "base_link", 10, (0, 0, 0)), transform("odom", "base_link", 10 + MAX_GAP_S + 0.1, (1, 0, 0)))


@pytest.mark.parametrize(
    ("frames", "time_s", "said"),
    [
        (tree(), 10, "no chain of frames from camera_optical to odom; there are none"),
        (tree(static=(CAMERA,)), 10, "no chain of frames from camera_optical to odom; there are base_link, camera"),
        (tree(*MOVED, static=(CAMERA,)), 9.9, "the first transform of base_link in odom is newer"),
        (tree(*MOVED, static=(CAMERA,)), 11.2, "the last transform of base_link in odom is older"),
        (tree(*MOVED, static=(CAMERA,)), 10.5, "the transforms of base_link in odom around it are over 1 s apart"),
        (
            tree(transform("camera_optical", "base_link", 10, (0, 0, 0)), static=(CAMERA,)),
            10,
            "frames in a loop: camera_optical in base_link in camera_optical",
        ),
    ],
)
def test_what_is_wrong_has_a_name(frames: Frames, time_s: float, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        frames.pose("camera_optical", "odom", time_s)


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (transform("map", "base_link", 11, (0, 0, 0)), "frame base_link has two parents, odom and map"),
        (transform("odom", "base_link", 11, (0, 0, math.nan)), "no transform of base_link in odom"),
        (transform("odom", "base_link", 11, (0, 0, 0), (0, 0, 0, 0)), "no transform of base_link in odom"),
    ],
)
def test_a_transform_that_cannot_be_is_refused_and_the_others_stay(second: Message, said: str) -> None:
    frames = tree(*MOVED)
    with pytest.raises(InputError, match=said):
        frames.add(Message(transforms=[second]), static=False)
    assert frames.pose("base_link", "odom", 10).position_m == (0, 0, 0)


# ------------------------------------------------------------------------------------------------------- whole bags

from_bags = pytest.mark.needs("rosbags")


def bag(folder: Path, pictures: list[tuple[float, str]], moving: list[Message], static: list[Message]) -> Path:
    from rosbags.rosbag2 import StoragePlugin, Writer
    from rosbags.typesys import Stores, get_typestore

    store = get_typestore(Stores.ROS2_HUMBLE)
    types = store.types

    def real(message: Any, kind: str) -> Any:
        """In the library's own types."""
        found = types[kind]
        return found(**{name: value for name, value in vars(message).items() if not name.startswith("_")})

    def header(of: Message) -> Any:
        return types["std_msgs/msg/Header"](real(of.stamp, "builtin_interfaces/msg/Time"), of.frame_id)

    def tf(message: Message) -> Any:
        inner = types["geometry_msgs/msg/Transform"](
            real(message.transform.translation, "geometry_msgs/msg/Vector3"),
            real(message.transform.rotation, "geometry_msgs/msg/Quaternion"),
        )
        stamped = types["geometry_msgs/msg/TransformStamped"](header(message.header), message.child_frame_id, inner)
        return types["tf2_msgs/msg/TFMessage"]([stamped])

    with Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        sent = [("/tf_static", tf(each)) for each in static] + [("/tf", tf(each)) for each in moving]
        for time_s, frame in pictures:
            pixels = np.zeros((4, 6), np.uint8)
            head = header(transform(frame, "", time_s, (0, 0, 0)).header)
            image = types["sensor_msgs/msg/Image"](head, 4, 6, "mono8", 0, 6, pixels.ravel())
            sent.append(("/camera", image))
        connections: dict[str, Any] = {}
        for number, (topic, message) in enumerate(sent):
            kind = message.__msgtype__
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=store)
            writer.write(connections[topic], number, store.serialize_cdr(message, kind))
    return folder


@from_bags
def test_photographs_get_their_poses_by_name_and_those_without_are_counted(tmp_path: Path) -> None:
    moving = [transform("map", "base_link", 100 + 0.5 * k, (k, 0, 0)) for k in range(4)]
    pictures = [(100.25, "camera_optical"), (101.0, "camera_optical"), (103.0, "camera_optical"), (100.5, "other")]
    made = bag(tmp_path / "bag", pictures, moving, [CAMERA])
    said = list(run_bag(made, "/camera", None, Extraction(tmp_path / "out", Mount(), "map")))
    assert f"{tmp_path / 'out'}: 4 photographs, 2 poses" in said
    assert "left out: 1 × pose: the last transform of base_link in map is older" in said
    assert any(line.startswith("left out: 1 × pose: no chain of frames from other to map") for line in said)
    poses = read_poses(tmp_path / "out" / POSES)
    assert poses.pose_for("0000001.png", None).position_m == pytest.approx((1.0, 0, 0.2))
    assert poses.pose_for("0000002.png", None).position_m == pytest.approx((2.5, 0, 0.2))
    lines = [json.loads(line) for line in (tmp_path / "out" / POSES).read_text().splitlines()]
    assert [line["time_s"] for line in lines] == [100.25, 101.0]
    assert all(line["covariance"] is None for line in lines)


@from_bags
def test_a_bag_without_any_pose_is_named(tmp_path: Path, crackmap: Any) -> None:
    made = bag(
        tmp_path / "bag", [(100.0, "camera_optical")], [transform("odom", "base_link", 100, (0, 0, 0))], [CAMERA]
    )
    ran = crackmap("robot", "bag", made, tmp_path / "out", "--images", "/camera", "--tf", "map")
    assert ran.code == 2
    assert "no chain of frames from camera_optical to map; there are base_link, camera_optical, odom" in ran.out
    assert "none of 1 photographs has a pose" in ran.err
    without = bag(tmp_path / "without", [(100.0, "camera_optical")], [], [])
    ran = crackmap("robot", "bag", without, tmp_path / "out2", "--images", "/camera", "--tf", "map")
    assert (ran.code, "has no topic /tf or /tf_static" in ran.err) == (2, True)
    ran = crackmap("robot", "bag", made, tmp_path / "out3", "--odometry", "/odom", "--tf", "map")
    assert (ran.code, "--tf goes with --images" in ran.err) == (2, True)
