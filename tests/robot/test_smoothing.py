"""Drift is taken out by fixes, and what is left of it is within what is stated."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crackmap.errors import InputError
from crackmap.messages import Pose
from crackmap_robot.poses.file import read_poses
from crackmap_robot.poses.fixes import read_fixes
from crackmap_robot.poses.record import PoseFileError
from crackmap_robot.poses.smooth_command import run_smooth
from crackmap_robot.poses.smoothing import Drift, Fix, smoothed
from crackmap_robot.poses.transform import quaternion
from crackmap_robot.projection.rotation import rotation

DRIFT = Drift(0.01, math.radians(0.1))
EVERY_M, FIX_SIGMA_M = 5.0, 0.003
FACING = np.diag([1.0, -1.0, -1.0])


class Drive:
    """A serpentine along a wall with a camera that sways, and odometry that goes wrong as DRIFT says, at random."""

    def __init__(self, seed: int, count: int = 400, way_m: float = 40.0) -> None:
        rng = np.random.default_rng(seed)
        along = np.linspace(0, way_m, count)
        self.places = np.stack([np.abs(along % 16 - 8), 0.3 + 0.6 * (along // 8), np.full(count, 0.5)], axis=1)
        sways = np.stack([0.02 * np.sin(along), 0.02 * np.cos(0.7 * along), 0.05 * np.sin(0.3 * along)], axis=1)
        self.turns = [cv2.Rodrigues(sway)[0] @ FACING for sway in sways]
        place, turn = self.places[0].copy(), self.turns[0]
        self.odometry = [self.pose(place, turn)]
        for k in range(count - 1):
            shift = self.turns[k].T @ (self.places[k + 1] - self.places[k])
            scale = math.sqrt(EVERY_M * float(np.linalg.norm(shift)))
            shift = shift + rng.normal(0, DRIFT.share * scale, 3)
            wrong = cv2.Rodrigues(rng.normal(0, DRIFT.turn_rad_per_m * scale, 3))[0]
            place = place + turn @ shift
            turn = turn @ self.turns[k].T @ self.turns[k + 1] @ wrong
            self.odometry.append(self.pose(place, turn))
        ways = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(self.places, axis=0), axis=1))])
        self.fixes = [
            Fix(
                int(k),
                tuple((self.places[k] + rng.normal(0, FIX_SIGMA_M, 3)).tolist()),
                None,
                np.eye(3) * FIX_SIGMA_M**2,
            )
            for k in np.searchsorted(ways, np.arange(0, ways[-1], EVERY_M))
        ]

    @staticmethod
    def pose(place: np.ndarray, turn: np.ndarray) -> Pose:
        return Pose(position_m=tuple(place.tolist()), orientation_xyzw=quaternion(turn))

    def errors(self, poses: tuple[Pose, ...]) -> tuple[np.ndarray, np.ndarray]:
        """(n, 6) errors of places and turns, and (n, 6, 6) stated covariances."""
        places = np.array([pose.position_m for pose in poses]) - self.places
        turns = [
            cv2.Rodrigues(truth @ rotation(pose.orientation_xyzw).T)[0].ravel()
            for pose, truth in zip(poses, self.turns, strict=True)
        ]
        return np.hstack([-places, turns]), np.array([pose.covariance for pose in poses]).reshape(-1, 6, 6)


def test_the_error_is_less_and_as_large_as_it_is_said_to_be() -> None:
    ratios = []
    for seed in range(6):
        drive = Drive(seed)
        errors, covariances = drive.errors(smoothed(drive.odometry, drive.fixes, DRIFT))
        raw = np.linalg.norm(np.array([pose.position_m for pose in drive.odometry]) - drive.places, axis=1)
        assert np.linalg.norm(errors[:, :3], axis=1).max() < max(0.12, raw.max())
        ratios.append(np.einsum("ni,nij,nj->n", errors, np.linalg.inv(covariances), errors))
    # Normalised estimation error squared: 6 in the mean where the covariance is honest. Neighbours share their errors,
    # so there are about as many independent ones as fixes: 6 drives of 8.
    assert 6 * 0.7 < np.mean(ratios) < 6 * 1.35
    assert np.mean(np.array(ratios) < 16.8) > 0.93  # the 99 % quantile of chi squared with 6 degrees of freedom


def test_a_steady_drift_is_taken_out_better_than_it_is_said() -> None:
    drive = Drive(3)
    places = drive.places * 1.01
    longer = [drive.pose(place, turn) for place, turn in zip(places, drive.turns, strict=True)]
    errors, _ = drive.errors(smoothed(longer, drive.fixes, DRIFT))
    assert np.linalg.norm(errors[:, :3], axis=1).max() < 0.04, "after the last fix it grows again"
    assert np.linalg.norm(places - drive.places, axis=1).max() > 0.08


def test_between_fixes_a_pose_is_less_exact_than_at_them() -> None:
    drive = Drive(1)
    found = smoothed(drive.odometry, drive.fixes, DRIFT)
    traces = np.array([np.trace(np.array(pose.covariance).reshape(6, 6)[:3, :3]) for pose in found])
    at = [fix.number for fix in drive.fixes]
    for before, after in itertools.pairwise(at):
        middle = (before + after) // 2
        assert traces[middle] > 3 * max(traces[before], traces[after])


def test_fixes_with_orientation_need_only_be_one() -> None:
    drive = Drive(2)
    covariance = np.diag([1e-6] * 3 + [1e-6] * 3)
    fix = Fix(200, tuple(drive.places[200].tolist()), quaternion(drive.turns[200]), covariance)
    found = smoothed(drive.odometry, [fix], DRIFT)
    assert found[200].position_m == pytest.approx(drive.places[200], abs=1e-3)
    assert np.array(found[200].covariance).reshape(6, 6)[:3, :3] == pytest.approx(np.eye(3) * 1e-6, abs=1e-7)


@pytest.mark.parametrize("count", [1, 2])
def test_what_the_fixes_leave_free_is_refused(count: int) -> None:
    drive = Drive(0)
    with pytest.raises(InputError, match="leave a direction free"):
        smoothed(drive.odometry, drive.fixes[:count], DRIFT)


def test_a_first_pose_of_known_error_holds_what_fixes_leave_free() -> None:
    drive = Drive(0)
    known = tuple(np.diag([1e-4] * 3 + [1e-4] * 3).ravel().tolist())
    first = drive.odometry[0].model_copy(update={"covariance": known})
    found = smoothed([first, *drive.odometry[1:]], drive.fixes[:1], DRIFT)
    assert all(np.isfinite(pose.covariance).all() for pose in found)


@given(st.integers(0, 30), st.integers(3, 8))
@settings(max_examples=10, deadline=None)
def test_without_drift_nothing_moves(seed: int, count: int) -> None:
    drive = Drive(seed, 60, 16.0)
    true = [drive.pose(place, turn) for place, turn in zip(drive.places, drive.turns, strict=True)]
    numbers = np.linspace(0, 59, count).astype(int).tolist()
    exact = [Fix(k, tuple(drive.places[k].tolist()), None, np.eye(3) * 1e-6) for k in numbers]
    errors, _ = drive.errors(smoothed(true, exact, DRIFT))
    assert np.abs(errors).max() < 1e-5


# --------------------------------------------------------------------------------------------------- files and command


def write_odometry(path: Path, drive: Drive) -> Path:
    lines = [json.dumps({"time_s": 1e9 + 0.1 * k, **pose.model_dump()}) for k, pose in enumerate(drive.odometry)]
    path.write_text("\n".join(lines))
    return path


def write_fixes(path: Path, drive: Drive, late_s: float = 0.0) -> Path:
    rows = [
        f"{1e9 + 0.1 * fix.number + late_s!r},{','.join(map(repr, fix.position_m))},{FIX_SIGMA_M}"
        for fix in drive.fixes
    ]
    path.write_text("\n".join(["time_s,u_m,v_m,w_m,sigma_m", *rows]))
    return path


def test_the_command_writes_a_pose_file_with_every_pose(tmp_path: Path) -> None:
    drive = Drive(5)
    poses, fixes = write_odometry(tmp_path / "odometry.jsonl", drive), write_fixes(tmp_path / "fixes.csv", drive)
    said = list(run_smooth(fixes, poses, tmp_path / "smooth.jsonl", DRIFT))
    found = read_poses(tmp_path / "smooth.jsonl")
    assert [row.known_time_s for row in found.rows] == [row.known_time_s for row in read_poses(poses).rows]
    assert all(row.pose.covariance is not None for row in found.rows)
    assert any(f"{len(drive.fixes)} fixes" in line for line in said)
    expected = smoothed(drive.odometry, drive.fixes, DRIFT)
    assert found.rows[123].pose.position_m == pytest.approx(expected[123].position_m, abs=1e-6)


def test_fixes_between_two_poses_and_outside_of_the_trajectory(tmp_path: Path) -> None:
    drive = Drive(5)
    poses = write_odometry(tmp_path / "odometry.jsonl", drive)
    fixes = write_fixes(tmp_path / "fixes.csv", drive, 0.05)
    fixes.write_text(fixes.read_text() + "\n5,1,1,0.5,0.01\n")
    said = list(run_smooth(fixes, poses, tmp_path / "smooth.jsonl", DRIFT))
    assert len(read_poses(tmp_path / "smooth.jsonl").rows) == len(drive.odometry), "none was added"
    assert any("before the first pose" in line for line in said)
    write_fixes(fixes, drive, 1e6)
    with pytest.raises(InputError, match="no fix falls into the time"):
        list(run_smooth(fixes, poses, tmp_path / "smooth.jsonl", DRIFT))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time_s,u_m,v_m,sigma_m\n", "no column w_m"),
        ("time_s,u_m,v_m,w_m,sigma_m,x\n", "line 1, 'x': is not known"),
        ("time_s,u_m,v_m,w_m,sigma_m\n", "holds no fix"),
        ("time_s,u_m,v_m,w_m,sigma_m\n1,2,3,4\n", "line 2: has 4 values"),
        ("time_s,u_m,v_m,w_m,sigma_m\n1,2,3,4,0\n", "line 2, sigma_m: 0.0 is no standard deviation"),
        ("time_s,u_m,v_m,w_m,sigma_m\n1,2,x,4,1\n", "line 2, v_m: 'x' is not a finite number"),
        ('{"time_s": 1, "position_m": [0,0,1], "orientation_xyzw": [1,0,0,0]}', "covariance: is not known"),
        ('{"file": "a", "position_m": [0,0,1], "orientation_xyzw": [1,0,0,0]}', "time_s: is missing"),
    ],
)
def test_fixes_that_cannot_be_used_are_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "fixes.csv"
    path.write_text(text)
    with pytest.raises(PoseFileError, match=r"fixes\.csv") as error:
        read_fixes(path)
    assert said in str(error.value)
