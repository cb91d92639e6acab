"""What is known of the surface's frame: marks, and tags, that some photographs show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crackmap.messages import Camera
from crackmap_robot.mosaic.sightings import Sightings
from crackmap_robot.poses.table import read_table
from crackmap_robot.poses.tag_layout import TagLayout
from crackmap_robot.poses.tags import Corners
from crackmap_robot.poses.transform import FloatArray
from crackmap_robot.projection.lens import undistorted

MARK_COLUMNS = ("name", "file", "x_px", "y_px", "u_m", "v_m")
MARK_SIGMA_PX = 1.0
"""Of a mark that a person pointed at in a photograph."""
STEP_PX = 1e-3
ASSUMED_SIGMA_M = 0.001
"""What weighs places against pictures where nobody says how exact they are; the poses' error is then unknown."""


@dataclass(frozen=True)
class Anchor:
    """One sighting of a place that is known; those of one `name` are of one place."""

    name: str
    pixel_px: tuple[float, float]
    sigma_px: float
    place_m: tuple[float, float]
    sigma_m: float | None


def read_marks(path: Path) -> dict[str, list[Anchor]]:
    """Marks by the file name of the photograph that shows them. Raises PoseFileError: file, line, column, value."""
    found: dict[str, list[Anchor]] = {}
    places: dict[str, tuple[int, tuple[float, float]]] = {}
    for record in read_table(path, MARK_COLUMNS, ("sigma_m",), "table of marks"):
        name, file = record.values["name"], record.values["file"]
        for key, value in (("name", name), ("file", file)):
            if value is None:
                record.refuse(key, "is empty; a mark has a name, and a photograph that shows it")
        x_px, y_px, u_m, v_m = (record.number(column, record.values[column]) for column in MARK_COLUMNS[2:])
        sigma = record.values.get("sigma_m")
        sigma_m = None if sigma is None else record.number("sigma_m", sigma)
        if sigma_m is not None and sigma_m <= 0:
            record.refuse("sigma_m", f"{sigma_m} is no standard deviation; give metres over 0, or leave it empty")
        line, place = places.setdefault(name, (record.line, (u_m, v_m)))
        if place != (u_m, v_m):
            record.refuse("u_m", f"mark {name!r} is at {place} in line {line}; it can only be at one place")
        found.setdefault(file, []).append(Anchor(f"mark {name}", (x_px, y_px), MARK_SIGMA_PX, place, sigma_m))
    return found


def tag_anchors(corners: Corners, layout: TagLayout) -> list[Anchor]:
    """The middles of tags that one photograph shows, where their diagonals meet.

    The layout's error moves a tag as a whole, so four corners would not tell its place better. How large it is counts
    for nothing: tags are small, and far apart they tell the scale better.
    """
    found = []
    for number in np.unique(corners.tags).tolist():
        rows = corners.tags == number
        both = np.repeat(rows, 2)
        seen, covariance = corners.pixels_px[rows], corners.covariance_px2[np.ix_(both, both)]
        steps = STEP_PX * np.eye(8).reshape(8, 4, 2)
        slopes = np.array([_middle(seen + step) - _middle(seen - step) for step in steps]) / (2 * STEP_PX)
        x, y = _middle(seen).tolist()
        sigma_px = float(np.sqrt(np.trace(slopes.T @ covariance @ slopes) / 2))
        found.append(Anchor(f"tag {number}", (x, y), sigma_px, layout.tags[number].middle_m, layout.sigma_m))
    return found


def _middle(corners_px: FloatArray) -> FloatArray:
    """Where the diagonals of a quadrangle (4, 2) meet, (2,)."""
    one, two, three, four = np.column_stack([corners_px, np.ones(4)])
    x, y, w = np.cross(np.cross(one, three), np.cross(two, four))
    return np.array([x / w, y / w])


def with_anchors(sightings: Sightings, anchors: Mapping[int, Sequence[Anchor]], camera: Camera) -> Sightings:
    """These sightings, and those of anchors by the number of the photograph."""
    flat = [(number, each) for number, some in anchors.items() for each in some]
    names = list(dict.fromkeys(each.name for _, each in flat))
    if not names:
        return sightings
    by_name = {each.name: each for _, each in flat}
    known = [by_name[name] for name in names]
    rays = undistorted(np.array([each.pixel_px for _, each in flat]), camera)
    focal_px = float(np.sqrt(camera.fx_px * camera.fy_px))
    before = len(sightings.known_m)
    return Sightings(
        np.concatenate([sightings.photographs, [number for number, _ in flat]]),
        np.concatenate([sightings.points, [before + names.index(each.name) for _, each in flat]]),
        np.concatenate([sightings.rays, rays]),
        np.concatenate([sightings.sigmas, [each.sigma_px / focal_px for _, each in flat]]),
        np.concatenate([sightings.known_m, [each.place_m for each in known]]),
        np.concatenate([sightings.known_sigmas_m, [each.sigma_m or ASSUMED_SIGMA_M for each in known]]),
    )
