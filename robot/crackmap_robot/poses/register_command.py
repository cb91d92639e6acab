"""One `crackmap surface register`: control points and odometry in, poses on the surface out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from crackmap.errors import InputError
from crackmap_robot.poses.control_points import read_control_points
from crackmap_robot.poses.file import read_poses
from crackmap_robot.poses.json_lines import write_rows
from crackmap_robot.poses.registration import FEWEST_TO_TELL_ERRORS, ControlPoint, Registration, register
from crackmap_robot.poses.registration_file import write_registration
from crackmap_robot.poses.rows import Row
from crackmap_robot.poses.transform import Transform


def run_register(
    control_points: Path,
    poses: Path | None = None,
    to: Path | None = None,
    *,
    registration: Path | None = None,
    free_scale: bool = False,
) -> Iterator[str]:
    """Write `to`, `registration` or both; yields what people want to know. Raises InputError, StorageError."""
    points = read_control_points(control_points)
    try:
        found = register(points, free_scale=free_scale)
    except InputError as error:
        raise InputError(f"{control_points}: {error}") from error
    if registration is not None:
        write_registration(registration, found.transform)
    yield from _lines(points, found)
    if poses is None or to is None:
        return
    rows = [_on_surface(row, found.transform) for row in read_poses(poses).rows]
    if all(row.pose.position_m[2] <= 0 for row in rows):
        raise InputError(
            f"{control_points}: with these points every camera is behind the surface. Look whether u_m and v_m are "
            "mixed up or mirrored: u to the right and v across as seen by the viewer, w towards the camera."
        )
    write_rows(to, rows)
    unknown = sum(row.pose.covariance is None for row in rows)
    yield f"{to}: {len(rows)} poses on the surface" + (f", {unknown} of unknown error" if unknown else "")


def _on_surface(row: Row, transform: Transform) -> Row:
    motion = None if row.motion is None else transform.motion(row.motion)
    return replace(row, pose=transform.pose(row.pose), motion=motion)


def _lines(points: tuple[ControlPoint, ...], found: Registration) -> Iterator[str]:
    yield f"{'point':<20} {'u':>9} {'v':>9} {'w':>9}   misfit in mm"
    for point, misfit_m in zip(points, found.misfits_m, strict=True):
        u, v, w = (1000 * misfit_m).tolist()
        yield f"{point.name[:20]:<20} {u:9.1f} {v:9.1f} {w:9.1f}"
    yield f"{len(points)} control points, root mean square misfit {1000 * found.rms_m:.1f} mm"
    if found.transform.scale != 1.0:
        yield f"one unit of the poses is {found.transform.scale:.6g} m; how exact that is, and the poses, is unknown"
        return
    covariance = found.transform.covariance
    here = found.transform.point_covariance(np.mean([point.odometry_m for point in points], axis=0))
    if covariance is None or here is None:
        yield (
            "the error of the registration is unknown: give sigma_m, or at least "
            f"{FEWEST_TO_TELL_ERRORS} control points"
        )
        return
    sigma_mm, turn_mrad = (
        1000 * math.sqrt(float(np.linalg.eigvalsh(part).max())) for part in (here, covariance[3:, 3:])
    )
    yield f"amid the points it is {sigma_mm:.1f} mm and {turn_mrad:.2f} mrad (one sigma, worst direction)"
    if found.doubtful:
        worst = points[int(np.linalg.norm(found.misfits_m, axis=1).argmax())]
        yield (
            f"warning: the misfits are larger than sigma_m allows, worst at {worst.name!r}; the stated error was "
            "enlarged to what was seen. Measure that point again."
        )
