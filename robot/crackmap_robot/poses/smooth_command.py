"""One `crackmap surface smooth`: a trajectory and fixes in, the trajectory without drift out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from crackmap.errors import InputError
from crackmap.messages import Pose
from crackmap_robot.poses.file import Missing, PoseFile, read_poses
from crackmap_robot.poses.fixes import TimedFix, read_fixes
from crackmap_robot.poses.json_lines import write_rows
from crackmap_robot.poses.smoothing import Drift, Fix, smoothed


def run_smooth(fixes: Path, poses: Path, to: Path, drift: Drift) -> Iterator[str]:
    """Write `to`; yields what people want to know. Raises InputError, StorageError."""
    timed, trajectory = read_fixes(fixes), read_poses(poses)
    if not trajectory.by_time:
        raise InputError(f"{poses}: gives poses by file name; drift is known from the time of each pose.")
    chain, placed, outside = _joined(trajectory, timed)
    if not placed:
        raise InputError(f"{fixes}: no fix falls into the time of {poses.name} ({outside[0]}). Do both have one clock?")
    try:
        found = smoothed([pose for _, pose in chain], placed, drift)
    except InputError as error:
        raise InputError(f"{fixes}: {error}") from error
    by_time = {time_s: pose for (time_s, _), pose in zip(chain, found, strict=True)}
    write_rows(to, [replace(row, pose=by_time[row.known_time_s]) for row in trajectory.rows])
    yield from (f"left out: {why}" for why in outside)
    before = [math.dist(chain[fix.number][1].position_m, fix.position_m) for fix in placed]
    after = [math.dist(found[fix.number].position_m, fix.position_m) for fix in placed]
    yield f"{len(placed)} fixes: {_spread(before)} from the trajectory before, {_spread(after)} after"
    sigmas = [math.sqrt(np.linalg.eigvalsh(np.array(pose.covariance).reshape(6, 6)[:3, :3])[-1]) for pose in found]
    yield f"{to}: {len(trajectory.rows)} poses, {_spread(sigmas)} exact (one sigma, worst direction)"


def _joined(trajectory: PoseFile, fixes: Sequence[TimedFix]) -> tuple[list[tuple[float, Pose]], list[Fix], list[str]]:
    """The trajectory with a pose at the time of each fix, the fixes by its numbers, and why others are left out."""
    at = {row.known_time_s: row.pose for row in trajectory.rows}
    known, outside = [], []
    for fix in fixes:
        pose = trajectory.pose_for(None, fix.time_s)
        if isinstance(pose, Missing):
            outside.append(pose.cause)
        else:
            at[fix.time_s] = pose
            known.append(fix)
    chain = sorted(at.items())
    numbers = {time_s: number for number, (time_s, _) in enumerate(chain)}
    placed = [Fix(numbers[fix.time_s], fix.position_m, fix.orientation_xyzw, fix.covariance) for fix in known]
    return chain, placed, outside


def _spread(metres: Sequence[float]) -> str:
    return f"{1000 * float(np.median(metres)):.1f} mm (worst {1000 * max(metres):.1f})"
