"""MAVLink's odometry as poses: frames, signs, covariance and time, with messages that pymavlink itself packs."""

import json
import math
import socket
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crackmap.errors import SettingError
from crackmap.messages import Pose
from crackmap_robot.daemon.camera_settings import CameraSection
from crackmap_robot.daemon.pose_stream import listen
from crackmap_robot.poses.mavlink import BODY_FRD, MavlinkPoses
from crackmap_robot.poses.record import PoseFileError
from crackmap_robot.poses.register_command import run_register
from crackmap_robot.poses.registration_file import read_registration
from crackmap_robot.projection.rotation import rotation

pytestmark = pytest.mark.needs("pymavlink")
NED, ENU, FRD, FLU = 1, 4, 20, 21
NOW_S = 1_900_000_000.0
UNKNOWN = [math.nan] + [0.0] * 20


def packed(
    place: tuple[float, float, float],
    q_wxyz: list[float],
    *,
    time_us: int = round(NOW_S * 1e6),
    frame: int = NED,
    child: int = BODY_FRD,
    covariance: list[float] = UNKNOWN,
) -> bytes:
    from pymavlink.dialects.v20 import common

    sender = common.MAVLink(None)
    sender.robust_parsing = True
    zeros = [math.nan] + [0.0] * 20
    message = sender.odometry_encode(time_us, frame, child, *place, q_wxyz, 0, 0, 0, 0, 0, 0, covariance, zeros)
    return bytes(message.pack(sender))


LEVEL = [1.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("frame", "place"), [(NED, (3, 1, -2)), (ENU, (1, 3, 2)), (FRD, (1, -3, -2)), (FLU, (1, 3, 2))]
)
def test_places_by_hand(frame: int, place: tuple[float, float, float]) -> None:
    """NED: one east, three north, two up. The others: x stays, left is against right, up against down."""
    (row,) = MavlinkPoses()(packed(place, LEVEL, frame=frame))
    assert row.pose.position_m == pytest.approx((1, 3, 2))
    assert row.time_s == pytest.approx(NOW_S)
    assert row.pose.covariance is None


def test_a_body_that_is_level_and_looks_north_by_hand() -> None:
    (row,) = MavlinkPoses()(packed((0, 0, 0), LEVEL))
    ahead, left, up = rotation(row.pose.orientation_xyzw).T
    assert ahead == pytest.approx([0, 1, 0], abs=1e-9)
    assert left == pytest.approx([-1, 0, 0], abs=1e-9)
    assert up == pytest.approx([0, 0, 1], abs=1e-9)


def test_a_turn_to_the_right_is_one_to_the_east() -> None:
    half = math.radians(90) / 2
    (row,) = MavlinkPoses()(packed((0, 0, 0), [math.cos(half), 0, 0, math.sin(half)]))
    ahead, left, _ = rotation(row.pose.orientation_xyzw).T
    assert ahead == pytest.approx([1, 0, 0], abs=1e-6)
    assert left == pytest.approx([0, 1, 0], abs=1e-6)


def test_a_covariance_goes_with_its_axes() -> None:
    """North is known to 1 cm, east to 2 cm, down to 3 cm; yaw to 4 mrad."""
    diagonal = [1e-4, 4e-4, 9e-4, 1e-6, 1e-6, 16e-6]
    upper = np.diag(diagonal)[np.triu_indices(6)].tolist()
    (row,) = MavlinkPoses()(packed((0, 0, 0), LEVEL, covariance=upper))
    covariance = np.array(row.pose.covariance).reshape(6, 6)
    assert np.diag(covariance) == pytest.approx([4e-4, 1e-4, 9e-4, 1e-6, 1e-6, 16e-6], rel=1e-5)
    for useless in ([0.0] * 21, [-1.0] * 21):
        (row,) = MavlinkPoses()(packed((0, 0, 0), LEVEL, covariance=useless))
        assert row.pose.covariance is None


def test_times_since_the_start_become_this_machines_by_the_shortest_way() -> None:
    arrivals = iter([NOW_S + 5.30, NOW_S + 5.41, NOW_S + 5.75])
    poses = MavlinkPoses(clock=lambda: next(arrivals))
    times = [poses(packed((0, 0, 0), LEVEL, time_us=us))[0].time_s for us in (5_000_000, 5_200_000, 5_400_000)]
    assert times[0] == pytest.approx(NOW_S + 5.30)
    assert times[1] == pytest.approx(NOW_S + 5.41), "the second was under way for less long"
    assert times[2] == pytest.approx(NOW_S + 5.61)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no mavlink at all", "damaged"),
        (lambda: packed((0, 0, 0), LEVEL, frame=8), "from frame 12 to 8"),
        (lambda: packed((0, 0, 0), LEVEL, child=1), "from frame 1 to 1"),
        (lambda: packed((math.nan, 0, 0), LEVEL), "no pose: position"),
        (lambda: packed((0, 0, 0), [0, 0, 0, 0]), "no pose: position"),
    ],
)
def test_what_is_no_pose_is_named(content: Any, said: str) -> None:
    with pytest.raises(PoseFileError, match="mavlink") as error:
        MavlinkPoses()(content if isinstance(content, bytes) else content())
    assert said in str(error.value)


def test_other_messages_are_passed_over() -> None:
    from pymavlink.dialects.v20 import common

    sender = common.MAVLink(None)
    heartbeat = bytes(sender.heartbeat_encode(2, 3, 0, 0, 4).pack(sender))
    assert MavlinkPoses()(heartbeat) == ()
    assert len(MavlinkPoses()(heartbeat + packed((1, 2, 3), LEVEL))) == 1


@given(st.lists(st.binary(max_size=300), max_size=5), st.integers(0, 300))
@settings(max_examples=100, deadline=None)
def test_whatever_comes_is_read_or_named(datagrams: list[bytes], cut: int) -> None:
    poses = MavlinkPoses()
    for content in [*datagrams, packed((1, 2, 3), LEVEL)[:cut], packed((1, 2, 3), LEVEL)]:
        try:
            found = poses(content)
        except PoseFileError:
            continue
        assert all(isinstance(row.pose, Pose) for row in found)


def test_a_robots_poses_become_the_cameras_on_the_surface(tmp_path: Path) -> None:
    """The wall stands to the north, 2 m away, u to the east; the camera looks ahead from 0.5 m above the robot."""
    marks = ["name,odometry_x_m,odometry_y_m,odometry_z_m,u_m,v_m,sigma_m"]
    marks += [f"m{k},{u},2,{v},{u + 5},{v},0.002" for k, (u, v) in enumerate([(0, 0), (3, 0), (3, 2), (0, 2)])]
    (tmp_path / "marks.csv").write_text("\n".join(marks))
    said = list(run_register(tmp_path / "marks.csv", registration=tmp_path / "surface.json"))
    assert any("4 control points" in line for line in said)
    assert read_registration(tmp_path / "surface.json").points(np.array([[1.0, 2.0, 0.5]])) == pytest.approx(
        np.array([[6.0, 0.5, 0.0]]), abs=1e-9
    )
    (tmp_path / "mount.toml").write_text("position_m = [0, 0, 0.5]\norientation_xyzw = [-0.5, 0.5, -0.5, 0.5]\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    camera = CameraSection.model_validate(
        {
            "source": "v4l2:/dev/video0",
            "calibration": tmp_path / "camera.yaml",
            "pose_stream": f"mavlink:{port}",
            "mount": tmp_path / "mount.toml",
            "registration": tmp_path / "surface.json",
        },
        context={"folder": tmp_path},
    )
    known = np.diag([1e-4] * 3 + [1e-5] * 3)[np.triu_indices(6)].tolist()
    with listen(camera) as listener, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for k in range(3):
            content = packed((0.0, 1.0, 0.0), LEVEL, time_us=round((NOW_S + k) * 1e6), covariance=known)
            out.sendto(content, ("127.0.0.1", port))
        out.sendto(b"garbage", ("127.0.0.1", port))
        end_s = time.monotonic() + 20
        while listener.taken + listener.refused < 4 and time.monotonic() < end_s:
            time.sleep(0.01)
        assert (listener.taken, listener.refused) == (3, 1)
        pose = listener.at(NOW_S + 1, 0.0)
    assert isinstance(pose, Pose)
    # One metre east, at the origin to the north: u = 6, half a metre up, two metres from the wall, square to it.
    assert pose.position_m == pytest.approx((6.0, 0.5, 2.0), abs=1e-6)
    assert abs(pose.orientation_xyzw[0]) == pytest.approx(1, abs=1e-6)
    assert pose.covariance is not None


@pytest.mark.parametrize(
    "text", ["", "[]", "7", '{"scale": 0}', '{"scale": 1}', json.dumps({"scale": 1, "position_m": [0, 0, 0]})]
)
def test_a_registration_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "surface.json"
    path.write_text(text)
    with pytest.raises(PoseFileError, match=r"surface\.json"):
        read_registration(path)


def test_mount_and_registration_go_with_a_stream() -> None:
    with pytest.raises(ValueError, match="mount and registration go with pose_stream"):
        CameraSection.model_validate(
            {"source": "folder:x", "mm_per_px": 0.2, "mount": "mount.toml"}, context={"folder": Path("/")}
        )


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pymavlink.dialects.v20", None)
    with pytest.raises(SettingError, match=r"crackmap-robot\[mavlink\]"):
        MavlinkPoses()
