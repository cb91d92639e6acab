"""One `crackmap surface mosaic`: overlapping photographs of one plane in, their poses out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from rich.console import Console
from rich.progress import track

from crackmap.errors import InputError, SettingError
from crackmap.messages import Camera
from crackmap_robot.calibration import check_fits, read_camera
from crackmap_robot.cameras.camera import Refused
from crackmap_robot.cameras.folder import open_folder
from crackmap_robot.cameras.photograph import decode
from crackmap_robot.mosaic.anchors import Anchor, read_marks, tag_anchors
from crackmap_robot.mosaic.features import Features, features_of
from crackmap_robot.mosaic.hold import Hold
from crackmap_robot.mosaic.links import LEAST_MATCHES, Link, candidates, groups, link
from crackmap_robot.mosaic.solution import Solution, fixed, solve
from crackmap_robot.poses.json_lines import write_rows
from crackmap_robot.poses.rows import Row
from crackmap_robot.poses.tag_layout import read_tag_layout
from crackmap_robot.poses.tags import TagFinder
from crackmap_robot.projection.errors import NoView
from crackmap_robot.projection.lens import pixel_slopes, undistorted

MOST_NAMED = 5
ASSUMED_SCALE_SIGMA = 1e-4
Item = TypeVar("Item")


@dataclass(frozen=True)
class Fixing:
    """What fixes the frame: millimetres per pixel in the middle of the first photograph, or a table of marks, a layout
    of tags, or both. `scale_sigma` is how exact the first is, as a share; None: unknown.

    Raises SettingError unless it is one of the two.
    """

    mm_per_px: float | None = None
    scale_sigma: float | None = None
    marks: Path | None = None
    tags: Path | None = None

    def __post_init__(self) -> None:
        anchored = self.marks is not None or self.tags is not None
        if anchored == (self.mm_per_px is not None):
            raise SettingError(
                "give --mm-per-px of the first photograph, or --marks or --tags on the surface: one of them says how "
                "large the mosaic is and where it lies."
            )
        if self.scale_sigma is not None and anchored:
            raise SettingError("--scale-sigma-percent says how exact --mm-per-px is; marks and tags have their own.")


def run_mosaic(photographs: Path, camera: Path, fixing: Fixing, to: Path) -> Iterator[str]:
    """Write `to`; yields what people want to know. Raises InputError, SettingError, StorageError."""
    calibration, _ = read_camera(camera)
    anchors = {} if fixing.marks is None else read_marks(fixing.marks)
    features: list[Features] = []
    yield from _look(photographs, calibration, fixing, anchors, features)
    if unknown := sorted(set(anchors) - {each.label for each in features}):
        raise InputError(f"{fixing.marks}, file: {_some(unknown)}: no such photograph could be read.")
    pairs = candidates(features)
    tried = {pair: link(features, *pair) for pair in _shown(pairs, "comparing", len(pairs))}
    links = [each for each in tried.values() if isinstance(each, Link)]
    rows: list[Row] = []
    for group in groups(len(features), links):
        names = [features[number].label for number in group]
        if len(group) == 1:
            yield f"not placed: {names[0]}: {_alone(group[0], features, tried)}"
            continue
        try:
            found = _solved(group, features, links, calibration, fixing, anchors)
        except InputError as error:
            raise InputError(f"{photographs}: {_some(names)}: {error}") from error
        if found is None:
            yield f"not placed: {_some(names)}: {_apart(fixing)}"
            continue
        yield from _lines(found, group, features)
        unknown_error = _unknown(fixing, group, features, anchors)
        poses = [each.model_copy(update={"covariance": None}) if unknown_error else each for each in found.poses]
        rows += [Row(0, name, None, pose) for name, pose in zip(names, poses, strict=True)]
    if not rows:
        raise InputError(f"{photographs}: no photograph could be placed.")
    order = {each.label: number for number, each in enumerate(features)}
    rows.sort(key=lambda row: order[row.file or ""])
    write_rows(to, [replace(row, line=number) for number, row in enumerate(rows, start=1)])
    yield _written(to, rows)


def _look(
    photographs: Path, camera: Camera, fixing: Fixing, anchors: dict[str, list[Anchor]], features: list[Features]
) -> Iterator[str]:
    """Fill features, and anchors by the tags that are seen; yields what is refused."""
    folder = open_folder(photographs)
    layout = None if fixing.tags is None else read_tag_layout(fixing.tags)
    finder = None if layout is None else TagFinder(layout, camera=camera)
    for photo in _shown(folder.frames(), "photographs", len(folder.photographs)):
        if isinstance(photo, Refused):
            yield f"refused: {photo.error}"
            continue
        try:
            check_fits(camera, photo.image.width_px, photo.image.height_px, photo.path)
            pixels = decode(photo.content, photo.image, photo.label)
            features.append(features_of(pixels, camera, photo.label))
        except (InputError, NoView) as error:
            yield f"refused: {error}"
            continue
        if finder is not None and layout is not None:
            anchors.setdefault(photo.label, []).extend(tag_anchors(finder.corners(pixels), layout))
    if not features:
        raise InputError(f"{photographs}: no photograph could be read.")


def _solved(  # noqa: PLR0917 - what the command has read
    group: Sequence[int],
    features: Sequence[Features],
    links: Sequence[Link],
    camera: Camera,
    fixing: Fixing,
    anchors: Mapping[str, Sequence[Anchor]],
) -> Solution | None:
    """None where nothing says where the group is."""
    new = {number: place for place, number in enumerate(group)}
    hold, known = None, {}
    if fixing.mm_per_px is not None:
        if 0 not in new:
            return None
        middle = undistorted(np.array([[(camera.width_px - 1) / 2, (camera.height_px - 1) / 2]]), camera)
        pixel = float(np.sqrt(np.linalg.det(pixel_slopes(middle, camera)[0])))
        scale_sigma = ASSUMED_SCALE_SIGMA if fixing.scale_sigma is None else fixing.scale_sigma
        x, y = middle[0].tolist()
        hold = Hold(new[0], (x, y), fixing.mm_per_px / 1000 / pixel, scale_sigma)
    else:
        known = {new[number]: anchors.get(features[number].label, []) for number in group}
        if not fixed(known):
            return None
    inside = [
        Link(new[each.first], new[each.second], each.in_first, each.in_second) for each in links if each.first in new
    ]
    return solve([features[number] for number in group], inside, camera, known, hold)


def _lines(found: Solution, group: Sequence[int], features: Sequence[Features]) -> Iterator[str]:
    for each in found.contradicting:
        one, two = (features[group[number]].label for number in (each.first, each.second))
        yield f"not used: {one} and {two} have {each.matches} features in common, but other overlaps contradict that"
    yield f"{len(group)} photographs, {found.used} overlaps; features fit to {found.sigma_px:.2f} px"
    if found.anchor_misfits_m:
        misfits_mm = {name: 1000 * misfit_m for name, misfit_m in found.anchor_misfits_m.items()}
        worst = max(misfits_mm, key=lambda name: misfits_mm[name])
        rms_mm = math.sqrt(float(np.mean(np.square(list(misfits_mm.values())))))
        yield f"{len(misfits_mm)} known places, {rms_mm:.1f} mm off, worst {worst} with {misfits_mm[worst]:.1f} mm"
        if found.doubtful:
            yield (
                f"warning: known places are farther off than their sigmas allow, worst {worst}; the stated error was "
                "enlarged to what was seen. Measure it again."
            )


def _written(to: Path, rows: Sequence[Row]) -> str:
    known = [
        1000 * math.sqrt(np.linalg.eigvalsh(np.array(row.pose.covariance).reshape(6, 6)[:3, :3])[-1])
        for row in rows
        if row.pose.covariance is not None
    ]
    unknown = len(rows) - len(known)
    said = [f"{to}: {len(rows)} poses"]
    if known:
        said.append(f"{float(np.median(known)):.2g} mm (worst {max(known):.2g}) exact (one sigma, worst direction)")
    if unknown:
        said.append(f"{unknown} of unknown error")
    return ", ".join(said)


def _unknown(
    fixing: Fixing, group: Sequence[int], features: Sequence[Features], anchors: Mapping[str, Sequence[Anchor]]
) -> bool:
    """Whether something that fixes the frame is known to nobody knows what."""
    if fixing.mm_per_px is not None:
        return fixing.scale_sigma is None
    return any(each.sigma_m is None for number in group for each in anchors.get(features[number].label, []))


def _alone(number: int, features: Sequence[Features], tried: Mapping[tuple[int, int], Link | int]) -> str:
    if len(features[number].rays) < LEAST_MATCHES:
        return f"shows only {len(features[number].rays)} features; is it blurred, dark, or the surface smooth?"
    counts = {pair: found for pair, found in tried.items() if number in pair and isinstance(found, int)}
    if not any(counts.values()):
        return f"nothing in it is in another photograph ({len(counts)} were tried)"
    first, second = max(counts, key=lambda pair: counts[pair])
    other = features[second if first == number else first].label
    return f"too little overlap: {counts[first, second]} features in common with {other}, {LEAST_MATCHES} are the least"


def _apart(fixing: Fixing) -> str:
    if fixing.mm_per_px is not None:
        return "overlap with each other, but not with the first photograph"
    return "overlap with each other, but show fewer than two marks or tags, and no photograph that does"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _shown(items: Iterable[Item], what: str, count: int) -> Iterable[Item]:
    return track(items, what, count, console=Console(stderr=True), transient=True)
