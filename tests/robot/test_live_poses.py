"""Poses that arrive while the camera runs: whatever comes is taken or counted, and each photograph gets its own."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crackmap.errors import SettingError
from crackmap.messages import Pose
from crackmap_robot.poses.book import PoseBook
from crackmap_robot.poses.file import Missing, read_poses
from crackmap_robot.poses.listener import PoseListener
from crackmap_robot.poses.record import PoseFileError
from crackmap_robot.poses.track import CLOCK_JUMP_S, MOST_ROWS

PATIENCE_S = 30.0


def line(time_s: float, x_m: float = 0.0, **more: Any) -> dict[str, Any]:
    return {"time_s": time_s, "position_m": [x_m, 0, 1], "orientation_xyzw": [1, 0, 0, 0], **more}


def packed(*lines: dict[str, Any]) -> bytes:
    return "\n".join(map(json.dumps, lines)).encode()


@pytest.fixture
def listener() -> Any:
    with PoseListener("127.0.0.1", 0) as listening:
        yield listening


def test_datagrams_become_poses_between_which_a_time_is_placed(listener: PoseListener) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        assert listener.at(10.5, 0.0) is None
        out.sendto(packed(line(10, 0.0), line(10.2, 0.2)), ("127.0.0.1", listener.port))
        out.sendto(packed(line(10.4, 0.4)), ("127.0.0.1", listener.port))
        for _ in range(1000):
            if listener.taken == 3:
                break
            Thread(target=lambda: None).start()  # lets the other thread run
    pose = listener.at(10.3, 0.0)
    assert isinstance(pose, Pose)
    assert pose.position_m == pytest.approx((0.3, 0, 1))
    assert listener.at(10.41, 0.0) is None, "a later pose may yet come"
    early = listener.at(9.0, 0.0)
    assert isinstance(early, Missing)
    assert "before the first pose" in early.cause


def test_late_poses_are_counted_and_a_clock_that_is_set_begins_anew(listener: PoseListener) -> None:
    listener.take(packed(line(100), line(101)))
    listener.take(packed(line(100.5)))
    listener.take(packed(line(101)))
    assert (listener.taken, listener.late) == (2, 2)
    listener.take(packed(line(101 - CLOCK_JUMP_S - 1)))
    assert listener.late == 2
    assert listener.at(100.5, 0.0) is None, "what was before the jump is of another clock"


def test_a_time_that_is_known_to_so_much_makes_a_moving_camera_uncertain(listener: PoseListener) -> None:
    covariance = [1e-6 if row == column else 0 for row in range(6) for column in range(6)]
    listener.take(packed(line(10, 0, covariance=covariance), line(11, 0.5, covariance=covariance)))
    pose = listener.at(10.5, 0.1)
    assert isinstance(pose, Pose)
    assert pose.covariance is not None
    assert pose.covariance[0] == pytest.approx(1e-6 + (0.5 * 0.1) ** 2)


TIMES = st.floats(allow_nan=True, allow_infinity=True) | st.integers(-(10**12), 10**12)
POSES = st.fixed_dictionaries(
    {"time_s": TIMES, "position_m": st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3)},
    optional={
        "orientation_xyzw": st.just([0, 0, 0, 1]) | st.lists(st.floats(-2, 2), max_size=5),
        "covariance": st.none() | st.lists(st.floats(), max_size=36),
        "file": st.text(max_size=3),
    },
)


@given(st.lists(st.binary(max_size=80) | POSES.map(lambda pose: json.dumps(pose).encode()), max_size=30))
@settings(max_examples=200)
def test_whatever_comes_is_taken_or_counted(datagrams: list[bytes]) -> None:
    listener = PoseListener("127.0.0.1", 0)
    for content in datagrams:
        listener.take(content)
    assert listener.taken + listener.refused + listener.late >= len(datagrams)
    times = [row.known_time_s for row in listener._rows]
    assert times == sorted(set(times))
    for time_s in (0.0, *times):
        assert isinstance(listener.at(time_s, 0.0), Pose | Missing | None)
    listener._socket.close()


def test_a_flood_does_not_fill_the_memory(listener: PoseListener) -> None:
    for start in range(0, 5 * MOST_ROWS, 500):
        listener.take(packed(*(line(number / 100) for number in range(start, start + 500))))
    assert len(listener._rows) == MOST_ROWS
    assert listener.taken == 5 * MOST_ROWS


def test_an_address_that_cannot_be_had_is_named(listener: PoseListener) -> None:
    with pytest.raises(SettingError, match=f"udp:127.0.0.1:{listener.port}: cannot be had"):
        PoseListener("127.0.0.1", listener.port)
    with pytest.raises(SettingError, match=r"udp:192\.0\.2\.1:9870: cannot be had"):
        PoseListener("192.0.2.1", 9870)


# ------------------------------------------------------------------------------------------------------------ the book


def pose(x_m: float) -> Pose:
    return Pose(position_m=(x_m, 0, 1), orientation_xyzw=(1, 0, 0, 0))


def test_the_book_is_a_pose_file_and_goes_on_where_it_was(tmp_path: Path) -> None:
    book = PoseBook(tmp_path)
    for number in range(3):
        book.write(f"{number}.jpg", pose(number))
    book.write("none.jpg", Missing("no pose came"))
    again = PoseBook(tmp_path)
    again.write("3.jpg", pose(3))
    for number in range(4):
        assert again.pose_for(f"{number}.jpg", 0) == pose(number)
        assert read_poses(again.path).pose_for(f"{number}.jpg", None) == pose(number)
    assert book.pose_for("none.jpg", 0) == Missing("no pose came")
    gone = again.pose_for("none.jpg", 0)
    assert isinstance(gone, Missing)
    assert "recording ended before a pose came" in gone.cause


def test_a_photograph_of_an_earlier_run_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "old.jpg").write_bytes(b"")
    book = PoseBook(tmp_path)
    began_s = monotonic()
    assert isinstance(book.pose_for("old.jpg", PATIENCE_S), Missing)
    assert monotonic() - began_s < PATIENCE_S / 2
    book.write("old.jpg", pose(1))
    assert book.pose_for("old.jpg", 0) == pose(1)


def test_a_photograph_waits_for_its_pose(tmp_path: Path) -> None:
    book = PoseBook(tmp_path)
    found: list[Pose | Missing] = []
    scans = Thread(target=lambda: found.append(book.pose_for("a.jpg", PATIENCE_S)))
    scans.start()
    book.write("b.jpg", pose(1))
    book.write("a.jpg", pose(2))
    scans.join(PATIENCE_S)
    assert found == [pose(2)]


def test_a_line_that_a_kill_cut_short_is_left_out(tmp_path: Path) -> None:
    book = PoseBook(tmp_path)
    for number in range(3):
        book.write(f"{number}.jpg", pose(number))
    content = book.path.read_bytes()
    for cut in (1, 7, 40):
        book.path.write_bytes(content[:-cut])
        again = PoseBook(tmp_path)
        assert again.pose_for("1.jpg", 0) == pose(1)
        assert isinstance(again.pose_for("2.jpg", 0), Missing)
        again.write("2.jpg", pose(5))
        assert PoseBook(tmp_path).pose_for("2.jpg", 0) == pose(5)
    book.path.write_bytes(b"no pose at all\n")
    with pytest.raises(PoseFileError):
        PoseBook(tmp_path)


def test_what_was_written_is_there_after_a_kill(tmp_path: Path) -> None:
    script = (
        "import sys, os, signal; from pathlib import Path; from crackmap.messages import Pose; "
        "from crackmap_robot.poses.book import PoseBook; b = PoseBook(Path(sys.argv[1])); "
        "[b.write(f'{n}.jpg', Pose(position_m=(n, 0, 1), orientation_xyzw=(1, 0, 0, 0))) for n in range(5)]; "
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    ran = subprocess.run([sys.executable, "-c", script, str(tmp_path)], env=dict(os.environ), check=False)
    assert ran.returncode == -signal.SIGKILL
    assert [PoseBook(tmp_path).pose_for(f"{n}.jpg", 0) for n in range(5)] == [pose(n) for n in range(5)]
