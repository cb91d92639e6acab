"""The daemon with sources that need no hardware: a bag, and a simulated camera with its odometry."""

import json
import signal
import socket
import sqlite3
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest

from crackmap_robot.cameras.simulated import CAMERA, scene
from crackmap_robot.renderer import Pose, render

from .camera_files import camera_file

CALIBRATION = camera_file(320, 240, 400.0)
SQUARE = "position_m = [0.0, 0.0, 0.8]\norientation_xyzw = [1.0, 0.0, 0.0, 0.0]\n"
"""A camera that looks down at the surface on which odometry counts."""
PICTURES = 12


def poses_in(outbox: Path) -> dict[str, Any]:
    """Labels and the camera's positions of all frames in it; None where one has no place."""
    with sqlite3.connect(outbox) as rows:
        found = rows.execute("SELECT label, json_extract(body, '$.placement.pose.position_m') FROM report").fetchall()
    rows.close()
    assert len({label for label, _ in found}) == len(found)
    return {label: None if place is None else json.loads(place) for label, place in found}


@pytest.fixture
def bag_daemon(bags: ModuleType, daemons: ModuleType, model: Path, tmp_path: Path) -> Any:
    """A robot whose camera is a bag of twelve pictures and the odometry around them."""
    drive, start_s = bags.Drive(), bags.START_S
    sent = [(start_s + 0.1 * k, bags.ODOM, drive.odometry(start_s + 0.1 * k, np.eye(6) * 1e-6)) for k in range(80)]
    for k in range(PICTURES):
        view = np.random.default_rng(k).integers(0, 255, (240, 320, 3)).astype(np.uint8)
        time_s = start_s + 0.33 + 0.5 * k
        sent.append((time_s, bags.PICTURES, drive.compressed(time_s, bytes(cv2.imencode(".jpg", view)[1]))))
    sent.sort(key=lambda each: each[0])
    drive.write(tmp_path / "bag", [each[1:] for each in sent], "MCAP", [each[0] for each in sent])
    daemon = daemons.Daemon(tmp_path / "robot", model)
    (daemon.folder / "camera.yaml").write_text(CALIBRATION)
    (daemon.folder / "mount.toml").write_text(SQUARE)
    config = daemon.folder / "robot.toml"
    camera = f'pose_stream = "odometry:{bags.ODOM}"\ncalibration = "camera.yaml"\nmount = "mount.toml"\n'
    text = config.read_text().replace("folder:photos", f"rosbag:{tmp_path / 'bag'}")
    config.write_text(text.replace("mm_per_px = 0.5\n", camera) + "[live]\nstep = 0\nreplay_speed = 0\n")
    return daemon


@pytest.mark.needs("rosbags")
def test_a_bag_is_scanned_as_it_would_be_taken_apart_first(
    bag_daemon: Any, bags: ModuleType, crackmap: Any, model: Path, tmp_path: Path
) -> None:
    with bag_daemon.running():
        bag_daemon.until("kept", PICTURES)
        told = json.loads(bag_daemon.get("/healthz"))
        assert (told["poses"], told["poses_refused"], told["recorded"]) == (80, 0, PICTURES)
        bag_daemon.stop()
    live = poses_in(bag_daemon.outbox)
    bag, out = tmp_path / "bag", tmp_path / "out"
    mount = bag_daemon.folder / "mount.toml"
    ran = crackmap("robot", "bag", bag, out, "--images", bags.PICTURES, "--odometry", bags.ODOM, "--mount", mount)
    assert ran.code == 0, ran.err
    poses = ("--poses", out / "odometry.jsonl", "--camera", bag_daemon.folder / "camera.yaml")
    ran = crackmap(
        "scan", out, "--surface", "north", "--inspection", "2026", "--model", model,
        "--outbox", tmp_path / "apart.sqlite", *poses,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    apart = poses_in(tmp_path / "apart.sqlite")
    assert live.keys() == apart.keys()
    assert len(live) == PICTURES
    for label, place in live.items():
        assert place == pytest.approx(apart[label], abs=2e-6)  # its EXIF tells microseconds


@pytest.mark.needs("rosbags")
def test_kills_amid_a_bag_lose_no_picture_and_no_pose(bag_daemon: Any, daemons: ModuleType) -> None:
    for failpoint in ("recorder.before_rename:4", "outbox.after_commit:3"):
        bag_daemon.start(failpoint)
        bag_daemon.process.communicate(timeout=daemons.PATIENCE_S)
        assert bag_daemon.process.returncode == -signal.SIGKILL
    with bag_daemon.running():
        bag_daemon.until("started")
        bag_daemon.frames(PICTURES)
        bag_daemon.stop()
    found = poses_in(bag_daemon.outbox)
    assert len(found) == PICTURES
    assert None not in found.values()
    lines = (bag_daemon.folder / "recordings" / "poses.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["file"] for line in lines) == sorted(found)


@pytest.mark.needs("rosbags")
def test_a_check_tries_a_bags_first_picture_and_its_place(bag_daemon: Any, crackmap: Any) -> None:
    ran = crackmap("robot", "check", "--config", bag_daemon.folder / "robot.toml")
    assert "320 × 240 px, 2 mm per pixel" in ran.out


def test_a_robot_without_hardware(daemons: ModuleType, crackmap: Any, model: Path, tmp_path: Path) -> None:
    """`simulate`, `check` and `run`: pictures of a wall, each with the pose of its own moment."""
    daemon = daemons.Daemon(tmp_path / "robot", model)
    ran = crackmap("robot", "simulate", tmp_path / "made", "--wall", "7")
    assert (ran.code, "crackmap robot check" in ran.out) == (0, True)
    assert crackmap("robot", "simulate", tmp_path / "made").code == 2
    (daemon.folder / "camera.yaml").write_text((tmp_path / "made" / "camera.yaml").read_text())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    text = (tmp_path / "made" / "robot.toml").read_text().replace("9870", str(port))
    runs = (daemon.folder / "robot.toml").read_text()
    (daemon.folder / "robot.toml").write_text(
        text.replace("target_width_mm = 0.3\n", "") + "least_free_mb = 1\n"
        + runs[runs.index("[model]") : runs.index("[keep]")] + runs[runs.index("[status]") :]
    )  # fmt: skip
    ran = crackmap("robot", "check", "--config", daemon.folder / "robot.toml")
    assert "ok       source      sim:7: 1280 × 960 px, 0.25 mm per pixel" in ran.out
    with daemon.running():
        daemon.until("kept", 4)
        daemon.stop()
    assert None not in list(poses_in(daemon.outbox).values())[:4]
    recordings = daemon.folder / "recordings"
    told = [json.loads(line) for line in (recordings / "poses.jsonl").read_text().splitlines()]
    assert len(told) >= 4
    wall, _ = scene(7)
    for row in told[:4]:
        seen = cv2.imread(str(recordings / row["file"]), cv2.IMREAD_REDUCED_GRAYSCALE_2)
        pose = Pose(tuple(row["position_m"]), tuple(row["orientation_xyzw"]))
        there = cv2.cvtColor(render(wall, CAMERA, pose, np.random.default_rng(1)), cv2.COLOR_RGB2GRAY)
        there = cv2.resize(there, seen.shape[::-1], interpolation=cv2.INTER_AREA)
        window = cv2.createHanningWindow(seen.shape[::-1], cv2.CV_32F)
        (right, down), response = cv2.phaseCorrelate(seen.astype(np.float32), there.astype(np.float32), window)
        assert response > 0.05
        # Odometry is off by 3 mm and 4 mrad, which are 12 px and 9; a tenth of a second would be 60.
        assert 2 * np.hypot(right, down) < 45
