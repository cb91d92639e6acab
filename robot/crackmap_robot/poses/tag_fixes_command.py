"""One `crackmap surface fixes`: photographs of tags in, the poses they were taken from, by time, out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import track

from crackmap.errors import InputError
from crackmap_robot.calibration import check_fits, read_camera
from crackmap_robot.cameras.camera import Refused
from crackmap_robot.cameras.folder import open_folder
from crackmap_robot.cameras.photograph import decode
from crackmap_robot.poses.file import Missing
from crackmap_robot.poses.json_lines import write_rows
from crackmap_robot.poses.rows import Row
from crackmap_robot.poses.tag_layout import read_tag_layout
from crackmap_robot.poses.tag_pose import pose_of
from crackmap_robot.poses.tags import TagFinder


def run_fixes(photographs: Path, layout: Path, camera: Path, to: Path) -> Iterator[str]:
    """Write `to`; yields what people want to know. Raises InputError, StorageError."""
    tags, (calibration, _), folder = read_tag_layout(layout), read_camera(camera), open_folder(photographs)
    finder = TagFinder(tags, camera=calibration)
    rows: dict[float, Row] = {}
    without: dict[str, int] = {}
    count = len(folder.photographs)
    for photo in track(folder.frames(), "looking for tags", count, console=Console(stderr=True), transient=True):
        if isinstance(photo, Refused):
            yield f"refused: {photo.error}"
            continue
        try:
            check_fits(calibration, photo.image.width_px, photo.image.height_px, photo.path)
            pixels = decode(photo.content, photo.image, photo.label)
        except InputError as error:
            yield f"refused: {error}"
            continue
        pose = pose_of(finder.corners(pixels), calibration, tags.sigma_m)
        taken = photo.capture.captured_utc
        why = pose.cause if isinstance(pose, Missing) else "" if taken else "its time is not known"
        if isinstance(pose, Missing) or taken is None:
            without[why] = without.get(why, 0) + 1
        else:
            rows[taken.timestamp()] = Row(len(rows) + 1, None, taken.timestamp(), pose)
    yield from (f"{number} photographs without a fix: {why}" for why, number in without.items())
    if not rows:
        raise InputError(f"{photographs}: none of {count} photographs tells where and when it was taken.")
    write_rows(to, [rows[time_s] for time_s in sorted(rows)])
    yield f"{to}: {len(rows)} fixes" + ("" if tags.sigma_m else " of unknown error: state sigma_m in the layout")
