"""Poses from a file: JSON lines or CSV, by file name or by time; a TUM trajectory, by time; COLMAP or OpenSfM, by name.

JSON lines  {"file": "0001.jpg", "position_m": [x, y, z], "orientation_xyzw": [x, y, z, w], "covariance": [36] or null}
            with "time_s" (UNIX seconds) in place of "file" or beside it; with "file" also how the camera moved:
            "velocity_m_s": [x, y, z], "turn_rad_s": [x, y, z]
CSV         columns file and/or time_s, x_m, y_m, z_m, qx, qy, qz, qw and maybe covariance (36 numbers between blanks),
            velocity_m_s and turn_rad_s (3 each)
TUM         timestamp tx ty tz qx qy qz qw, with blanks between (see tum.py)
COLMAP      images.txt (see colmap.py)
OpenSfM     reconstruction.json, also of OpenDroneMap (see opensfm.py)
"""

from __future__ import annotations

import bisect
import hashlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from crackmap.messages import Pose
from crackmap_robot.poses.interpolation import between
from crackmap_robot.poses.motion import Motion, motion_between
from crackmap_robot.poses.record import PoseFileError
from crackmap_robot.poses.rows import Row, read_rows


@dataclass(frozen=True)
class Missing:
    """There is no pose, and why."""

    cause: str


@dataclass(frozen=True)
class PoseFile:
    """The poses of one file. With file names they are found by name, else by time."""

    path: Path
    sha256: str
    rows: tuple[Row, ...]
    max_gap_s: float
    _by_name: Mapping[str, Row] = field(repr=False)
    _by_base_name: Mapping[str, list[Row]] = field(repr=False)

    @property
    def by_time(self) -> bool:
        """Whether poses are looked up by time, not by file name."""
        return not self._by_name

    def row_for(self, file_name: str) -> Row | None:
        """The row of a photograph: its path as written in the file, else its base name.

        Raises PoseFileError where several rows have that base name and none the whole path.
        """
        name = _normal(file_name)
        if name in self._by_name:
            return self._by_name[name]
        base = PurePosixPath(name).name
        found = self._by_base_name.get(base, [])
        if len(found) > 1:
            lines = " and ".join(str(row.line) for row in found)
            raise PoseFileError(
                f"{self.path}, lines {lines}, file: all are called {base!r}, so the pose of {file_name} is ambiguous; "
                "write the photographs' paths into the pose file as they lie in the folder"
            )
        return found[0] if found else None

    def pose_for(self, file_name: str | None, time_s: float | None, time_sigma_s: float | None = 0.0) -> Pose | Missing:
        """The camera's pose for a photograph of that name, or at that time (UNIX seconds).

        Between two rows at most `max_gap_s` apart poses are interpolated; none is ever guessed outside of them. The
        time's standard deviation times the speed there is part of the covariance; None makes the covariance unknown.
        """
        if not self.by_time:
            if file_name is None:
                return Missing(f"{self.path.name} gives poses by file name, and the frame has none")
            row = self.row_for(file_name)
            return row.pose if row else Missing(f"{self.path.name} has no row for {PurePosixPath(file_name).name}")
        if time_s is None:
            return Missing(f"{self.path.name} gives poses by time, and the frame's time is not known")
        pose = self._at(time_s, time_sigma_s or 0.0)
        return pose.model_copy(update={"covariance": None}) if isinstance(pose, Pose) and time_sigma_s is None else pose

    def motion_for(self, file_name: str | None, time_s: float | None, over_s: float) -> Motion | None:
        """How the camera moved over so many seconds about that pose; None where nothing tells."""
        if not self.by_time:
            row = None if file_name is None else self.row_for(file_name)
            return row.motion if row else None
        if time_s is None:
            return None
        begin_s = max(time_s - over_s / 2, self.rows[0].known_time_s)
        end_s = min(time_s + over_s / 2, self.rows[-1].known_time_s)
        if end_s <= begin_s:
            return None
        before, after = self._at(begin_s, 0.0), self._at(end_s, 0.0)
        if isinstance(before, Missing) or isinstance(after, Missing):
            return None
        return motion_between(before, after, end_s - begin_s)

    def _at(self, time_s: float, time_sigma_s: float) -> Pose | Missing:
        number = bisect.bisect_left(self.rows, time_s, key=lambda row: row.known_time_s)
        if number == len(self.rows):
            return Missing(f"{self.path.name}: {time_s - self.rows[-1].known_time_s:.3f} s after the last pose")
        here = self.rows[number]
        at_row = here.known_time_s == time_s
        if at_row and time_sigma_s == 0:
            return here.pose
        if number == 0 and not at_row:
            return Missing(f"{self.path.name}: {here.known_time_s - time_s:.3f} s before the first pose")
        before, after = self.rows[max(number - 1, 0)], self.rows[min(max(number, 1), len(self.rows) - 1)]
        gap_s = after.known_time_s - before.known_time_s
        if at_row and not 0 < gap_s <= self.max_gap_s:
            return here.pose.model_copy(update={"covariance": None})  # nobody says how fast it moved
        if gap_s > self.max_gap_s:
            return Missing(f"{self.path.name}: the poses around it are {gap_s:.3f} s apart, over {self.max_gap_s:g} s")
        return between(before.pose, after.pose, (time_s - before.known_time_s) / gap_s, time_sigma_s / gap_s)


def read_poses(path: Path, max_gap_s: float = 1.0) -> PoseFile:
    """Read and check the whole file. Raises PoseFileError with file, line, key and value."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PoseFileError(f"{path} cannot be read: {error.strerror}. Give --poses a readable file.") from error
    rows = read_rows(path, content)
    names = _names(path, rows)
    if not names:
        _check_order(path, rows)
    base_names: dict[str, list[Row]] = {}
    for name, row in names.items():
        base_names.setdefault(PurePosixPath(name).name, []).append(row)
    return PoseFile(path, hashlib.sha256(content).hexdigest(), rows, max_gap_s, names, base_names)


def _normal(name: str) -> str:
    return str(PurePosixPath(name.replace("\\", "/")))


def _names(path: Path, rows: tuple[Row, ...]) -> dict[str, Row]:
    names: dict[str, Row] = {}
    for row in rows:
        if (row.file is None) != (rows[0].file is None):
            raise PoseFileError(
                f"{path}, line {row.line}, file: some rows name a file and others do not (line {rows[0].line}); "
                "name the file in every row or in none"
            )
        if row.file is None:
            continue
        name = _normal(row.file)
        if name in names:
            raise PoseFileError(
                f"{path}, line {row.line}, file: {row.file!r} is already in line {names[name].line}; keep one of them"
            )
        names[name] = row
    return names


def _check_order(path: Path, rows: tuple[Row, ...]) -> None:
    for before, row in itertools.pairwise(rows):
        if row.known_time_s <= before.known_time_s:
            what = "repeats" if row.known_time_s == before.known_time_s else "is before"
            raise PoseFileError(
                f"{path}, line {row.line}, time_s: {row.known_time_s} {what} the time in line {before.line} "
                f"({before.known_time_s}); sort the rows by time, one for each"
            )
