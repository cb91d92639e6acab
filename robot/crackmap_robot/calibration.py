"""The camera file: ROS `camera_info` YAML with the `plumb_bob` lens model, as camera calibrators write it."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml

from crackmap.errors import InputError
from crackmap.messages import LARGEST_SIDE_PX, Camera

LARGEST_FILE_BYTES = 1_000_000


class CalibrationError(InputError):
    """The camera file cannot be used; the message names file, line, key and value."""


@dataclass(frozen=True)
class _Section:
    """One mapping of the file, with the line of each of its keys."""

    path: Path
    name: str
    line: int
    values: dict[str, Any]
    lines: dict[str, int]
    nodes: dict[str, yaml.Node]

    def refuse(self, key: str, why: str) -> NoReturn:
        full_key = f"{self.name}.{key}" if self.name else key
        raise CalibrationError(f"{self.path}, line {self.lines.get(key, self.line)}, {full_key}: {why}")

    def get(self, key: str) -> Any:
        if key not in self.values:
            self.refuse(key, "is missing; write the file as ROS camera_info YAML, as its camera calibrators do")
        return self.values[key]

    def section(self, key: str) -> _Section:
        value = self.get(key)
        if not isinstance(value, dict):
            self.refuse(key, f"must hold rows, cols and data, not {value!r}")
        return _section(self.path, key, self.nodes[key], value)

    def side_px(self, key: str) -> int:
        value = self.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= LARGEST_SIDE_PX:
            self.refuse(key, f"must be a whole number of pixels from 1 to {LARGEST_SIDE_PX}, not {value!r}")
        return value

    def numbers(self, key: str, counts: tuple[int, ...]) -> list[float]:
        value = self.get(key)
        wanted = " or ".join(map(str, counts))
        if not isinstance(value, list) or len(value) not in counts:
            found = f"{len(value)} values" if isinstance(value, list) else repr(value)
            self.refuse(key, f"must be a list of {wanted} numbers, not {found}")
        return [self._number(key, place, item) for place, item in enumerate(value)]

    def _number(self, key: str, place: int, value: Any) -> float:
        try:
            # YAML 1.1 reads 1e-05 (without a point) as text, and calibrators write it so.
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            self.refuse(key, f"value {place + 1} must be a finite number, not {value!r}")
        return number


def read_camera(path: Path) -> tuple[Camera, str]:
    """The calibration in a ROS camera_info YAML file, and the file's SHA-256.

    Takes `plumb_bob` with 4 (k1, k2, p1, p2) or 5 (… k3) coefficients. Rectification and projection matrix are not
    used: crackmap works on pictures as they come from the sensor. Raises CalibrationError.
    """
    content = _content(path)
    top = _parsed(path, content)
    width_px, height_px = top.side_px("image_width"), top.side_px("image_height")
    matrix = top.section("camera_matrix")
    fx, skew, cx, below, fy, cy, *last_row = matrix.numbers("data", (9,))
    for name, focal in (("fx", fx), ("fy", fy)):
        if focal <= 0:
            matrix.refuse("data", f"the focal length {name} must be over 0, not {focal}")
    if skew != 0:
        matrix.refuse("data", f"value 2 is the skew and must be 0, not {skew}; calibrate without skew")
    if below != 0 or last_row != [0, 0, 1]:
        matrix.refuse("data", "must read fx, 0, cx, 0, fy, cy, 0, 0, 1")
    name = top.values.get("camera_name", "")
    if not isinstance(name, str | int) or len(str(name)) > 200:
        top.refuse("camera_name", "must be a name of at most 200 characters")
    camera = Camera(
        name=str(name),
        width_px=width_px,
        height_px=height_px,
        fx_px=fx,
        fy_px=fy,
        cx_px=cx,
        cy_px=cy,
        distortion=_distortion(top),
    )
    return camera, hashlib.sha256(content).hexdigest()


def check_fits(camera: Camera, width_px: int, height_px: int, photo: Path) -> None:
    """Raise CalibrationError unless the calibration was made for pictures of this size.

    A photograph that was scaled, cropped or turned has another focal length and centre than its sensor's calibration.
    """
    if (camera.width_px, camera.height_px) == (width_px, height_px):
        return
    known = f"the calibration of camera {camera.name!r} is for {camera.width_px} × {camera.height_px} pixels"
    if (camera.width_px, camera.height_px) == (height_px, width_px):
        advice = "give the picture as the sensor stores it, not turned (an EXIF orientation may stay)"
    else:
        advice = "give --camera the calibration of this resolution and sensor mode, or the pictures as they were taken"
    raise CalibrationError(f"{photo} has {width_px} × {height_px} pixels, {known}: {advice}.")


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise CalibrationError(f"{path} is over {LARGEST_FILE_BYTES} bytes: it is no camera_info YAML.")
        return path.read_bytes()
    except OSError as error:
        raise CalibrationError(f"{path} cannot be read: {error.strerror}. Give --camera a readable file.") from error


def _parsed(path: Path, content: bytes) -> _Section:
    if content.startswith(b"%YAML:"):
        raise CalibrationError(
            f"{path}, line 1: this is OpenCV's own YAML; save the calibration as ROS camera_info YAML."
        )
    try:
        text = content.decode("utf-8-sig")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except UnicodeDecodeError as error:
        raise CalibrationError(f"{path} is not UTF-8 text at byte {error.start}: it is no camera_info YAML.") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CalibrationError(f"{path}, line {line}: not YAML: {error.problem}.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: as a date of month 13
        raise CalibrationError(f"{path}: not YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(values, dict) or node is None:
        raise CalibrationError(f"{path}, line 1: holds no keys; it must be ROS camera_info YAML (image_width: …).")
    return _section(path, "", node, values)


def _section(path: Path, name: str, node: yaml.Node, values: dict[str, Any]) -> _Section:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return _Section(
        path=path,
        name=name,
        line=node.start_mark.line + 1,
        values=values,
        lines={str(key.value): value.start_mark.line + 1 for key, value in pairs},
        nodes={str(key.value): value for key, value in pairs},
    )


def _distortion(top: _Section) -> tuple[float, float, float, float, float]:
    model = top.get("distortion_model")
    if model != "plumb_bob":
        top.refuse("distortion_model", f"must be plumb_bob, not {model!r}; calibrate again with that model")
    k1, k2, p1, p2, *k3 = top.section("distortion_coefficients").numbers("data", (4, 5))
    return k1, k2, p1, p2, k3[0] if k3 else 0.0
