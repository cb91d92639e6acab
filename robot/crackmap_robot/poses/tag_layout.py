"""Where tags are fixed on the surface: a TOML file.

family = "apriltag_36h11"      as OpenCV names its dictionaries; also aruco: "4x4_50", "5x5_100", "aruco_mip_36h12" …
side_m = 0.08                  of the black square
sigma_m = 0.002                how exact the places are, each coordinate; may be left out: unknown

[[tag]]
id = 3
u_m = 0.50                     its middle
v_m = 1.20
turn_deg = 0.0                 anticlockwise as seen by the viewer; 0: its upper edge lies along u. May be left out
side_m = 0.12                  where it differs. May be left out
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from crackmap.errors import InputError
from crackmap.surfaces import Facing, Surface
from crackmap_robot.poses.transform import FloatArray

FILE_KEYS = ("family", "side_m", "sigma_m", "tag")
TAG_KEYS = ("id", "u_m", "v_m", "turn_deg", "side_m")
LARGEST_M = 1e5
FAMILIES = {
    name.removeprefix("DICT_").lower(): number for name, number in vars(cv2.aruco).items() if name.startswith("DICT_")
}


class TagLayoutError(InputError):
    """The layout cannot be used; the message names file, tag, key and value."""


@dataclass(frozen=True)
class Tag:
    """One tag, flat on the surface."""

    number: int
    middle_m: tuple[float, float]
    side_m: float
    turn_rad: float

    def corners_m(self, surface: Surface | None = None) -> FloatArray:
        """(4, 3) in the body frame: top left, top right, bottom right, bottom left of the tag as it is printed.

        On a cylinder it lies in the plane that touches it at the tag's middle. Without a surface it is a plane.
        """
        half = self.side_m / 2
        cosine, sine = math.cos(self.turn_rad), math.sin(self.turn_rad)
        square = np.array([[-half, half], [half, half], [half, -half], [-half, -half]])
        turned = square @ np.array([[cosine, sine], [-sine, cosine]])
        if surface is None or surface.radius_m is None:
            return np.hstack([turned + np.array(self.middle_m), np.zeros((4, 1))])
        radius_m, side = surface.radius_m, -1.0 if surface.facing is Facing.INSIDE else 1.0
        angle = self.middle_m[0] / radius_m
        middle = np.array([radius_m * math.sin(angle), self.middle_m[1], side * radius_m * math.cos(angle)])
        right, up = np.array([math.cos(angle), 0.0, -side * math.sin(angle)]), np.array([0.0, 1.0, 0.0])
        return np.asarray(middle + turned[:, :1] * right + turned[:, 1:] * up)


@dataclass(frozen=True)
class TagLayout:
    """The tags by number; `family` is a number of cv2.aruco. `sigma_m` None: nobody says how exact their places are."""

    sha256: str
    family: int
    sigma_m: float | None
    tags: Mapping[int, Tag]


def read_tag_layout(path: Path) -> TagLayout:
    """Raises TagLayoutError with file, tag, key and value."""
    try:
        content = path.read_bytes()
        values = tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise TagLayoutError(f"{path} cannot be read: {error.strerror}. Give a layout of tags.") from error
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, an integer of thousands of digits
        raise TagLayoutError(f"{path}: not TOML: {error}") from error
    _known(path, "", values, FILE_KEYS)
    family = str(values.get("family", "")).lower()
    if family not in FAMILIES:
        raise TagLayoutError(
            f"{path}, family: {values.get('family')!r} is not known; it is apriltag_36h11 or another of "
            f"{', '.join(sorted(FAMILIES))}"
        )
    sigma_m = values.get("sigma_m")
    if sigma_m is not None:
        sigma_m = _length(path, "sigma_m", sigma_m)
    side_m = values.get("side_m")
    rows = values.get("tag")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise TagLayoutError(f"{path}, tag: holds no tags; write a [[tag]] with id, u_m and v_m for each")
    largest = cv2.aruco.getPredefinedDictionary(FAMILIES[family]).bytesList.shape[0] - 1
    tags: dict[int, Tag] = {}
    for place, row in enumerate(rows, start=1):
        tag = _tag(path, f"tag {place}", row, side_m, largest)
        if tag.number in tags:
            raise TagLayoutError(
                f"{path}, tag {place}, id: {tag.number} is there twice; each tag has a number of its own"
            )
        tags[tag.number] = tag
    return TagLayout(hashlib.sha256(content).hexdigest(), FAMILIES[family], sigma_m, tags)


def _tag(path: Path, where: str, row: dict[str, Any], side_m: object, largest: int) -> Tag:
    _known(path, f"{where}, ", row, TAG_KEYS)
    for key in ("id", "u_m", "v_m"):
        if key not in row:
            raise TagLayoutError(f"{path}, {where}: no {key}; a tag has id, u_m and v_m")
    number = row["id"]
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= largest:
        raise TagLayoutError(
            f"{path}, {where}, id: {number!r} must be a whole number from 0 to {largest} in this family"
        )
    u_m, v_m, turn_deg = (_number(path, f"{where}, {key}", row.get(key, 0.0)) for key in ("u_m", "v_m", "turn_deg"))
    if "side_m" not in row and side_m is None:
        raise TagLayoutError(f"{path}, {where}, side_m: is missing, here and for all tags; it is the black square's")
    return Tag(number, (u_m, v_m), _length(path, f"{where}, side_m", row.get("side_m", side_m)), math.radians(turn_deg))


def _known(path: Path, where: str, values: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    for key in values:
        if key not in keys:
            raise TagLayoutError(f"{path}, {where}{key}: is not known; the keys are {', '.join(keys)}")


def _number(path: Path, where: str, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) <= LARGEST_M:  # NaN is not
        raise TagLayoutError(f"{path}, {where}: {value!r} must be a number")
    return float(value)


def _length(path: Path, where: str, value: object) -> float:
    length_m = _number(path, where, value)
    if length_m <= 0:
        raise TagLayoutError(f"{path}, {where}: {value!r} must be metres over 0")
    return length_m
