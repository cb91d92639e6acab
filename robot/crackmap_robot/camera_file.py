"""A camera file as YAML mappings that know their lines: ROS `camera_info`, or what OpenCV's FileStorage writes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from reprlib import Repr
from typing import Any, NoReturn

import yaml
from pydantic import ValidationError

from crackmap.errors import InputError
from crackmap.messages import LARGEST_SIDE_PX

LARGEST_FILE_BYTES = 200_000_000  # a reconstruction.json holds all points, too
LARGEST_YAML_BYTES = 1_000_000
# OpenCV begins with a directive, which up to version 4 is no YAML (%YAML:1.0), and tags its matrices.
OPENCV_DIRECTIVE = "%YAML"
OPENCV_MATRIX = "tag:yaml.org,2002:opencv-matrix"

_SHORT = Repr()
_SHORT.maxlevel = 2
shown = _SHORT.repr
"""A value for a message: lists of lists of lists, which some bytes of YAML can make, are never written out."""


class CalibrationError(InputError):
    """The camera file cannot be used; the message names file, line, key and value."""


@dataclass(frozen=True)
class Section:
    """One mapping of the file, with the line of each of its keys; `by_opencv`: FileStorage wrote it."""

    path: Path
    name: str
    by_opencv: bool
    line: int
    values: dict[str, Any]
    lines: dict[str, int]
    nodes: dict[str, yaml.Node]

    def refuse(self, key: str, why: str) -> NoReturn:
        """Raises CalibrationError with file, line and key."""
        full_key = f"{self.name}.{key}" if self.name else key
        raise CalibrationError(f"{self.path}, line {self.lines.get(key, self.line)}, {full_key}: {why}")

    def get(self, key: str) -> Any:
        """The value of a key. Raises CalibrationError where it is missing, as all below do."""
        if key not in self.values:
            self.refuse(key, "is missing; write the file as ROS camera_info YAML, or as OpenCV does")
        return self.values[key]

    def section(self, key: str) -> Section:
        """The mapping of a key."""
        value = self.get(key)
        if not isinstance(value, dict):
            self.refuse(key, f"must hold rows, cols and data, not {shown(value)}")
        return as_section(self.path, key, self.nodes[key], value, by_opencv=self.by_opencv)

    def side_px(self, key: str) -> int:
        """A whole number of pixels."""
        value = self.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= LARGEST_SIDE_PX:
            self.refuse(key, f"must be a whole number of pixels from 1 to {LARGEST_SIDE_PX}, not {shown(value)}")
        return value

    def numbers(self, key: str, counts: tuple[int, ...]) -> list[float]:
        """A list of as many finite numbers as one of `counts` says."""
        value = self.get(key)
        wanted = " or ".join(map(str, counts))
        if not isinstance(value, list) or len(value) not in counts:
            found = f"{len(value)} values" if isinstance(value, list) else shown(value)
            self.refuse(key, f"must be a list of {wanted} numbers, not {found}")
        return [self._number(key, f"value {place}", item) for place, item in enumerate(value, start=1)]

    def number(self, key: str) -> float:
        """A finite number."""
        return self._number(key, "it", self.get(key))

    def _number(self, key: str, what: str, value: Any) -> float:
        try:
            # YAML 1.1 reads 1e-05 (without a point) as text, and calibrators write it so.
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            self.refuse(key, f"{what} must be a finite number, not {shown(value)}")
        return number


def content_of(path: Path) -> bytes:
    """Raises CalibrationError for a file that cannot be read or is too large to be a calibration."""
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise CalibrationError(f"{path} is over {LARGEST_FILE_BYTES} bytes: it is no calibration.")
        return path.read_bytes()
    except OSError as error:
        raise CalibrationError(f"{path} cannot be read: {error.strerror}. Give --camera a readable file.") from error


@contextmanager
def checked(path: Path) -> Iterator[None]:
    """Turns what a Camera refuses into CalibrationError."""
    try:
        yield
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise CalibrationError(f"{path}, {key}: {shown(first['input'])}: {first['msg']}") from error


class Loader(yaml.CSafeLoader):
    """Reads OpenCV's matrices as the mappings that they are, and merges nothing.

    By libyaml, which wheels bring: PyYAML's own parser takes seconds for a nest of a thousand braces.
    """

    def matrix(self, node: yaml.Node) -> dict[Any, Any]:
        if not isinstance(node, yaml.MappingNode):
            raise yaml.constructor.ConstructorError(None, None, "an opencv-matrix must be a mapping", node.start_mark)
        return self.construct_mapping(node, deep=True)

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Merging (<<) can make gigabytes of some lines, and no calibrator writes it."""
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(None, None, "keys cannot be merged (<<)", key.start_mark)


Loader.add_constructor(OPENCV_MATRIX, Loader.matrix)


def parsed(path: Path, content: bytes) -> Section:
    """The outermost mapping. Raises CalibrationError for what is no YAML mapping."""
    if len(content) > LARGEST_YAML_BYTES:
        raise CalibrationError(f"{path} is over {LARGEST_YAML_BYTES} bytes: it is no calibration.")
    try:
        text = content.decode("utf-8-sig")
        by_opencv = text.startswith(OPENCV_DIRECTIVE)
        if by_opencv:
            text = "#" + text  # lines keep their numbers
        node = yaml.compose(text, Loader=Loader)
        values = yaml.load(text, Loader=Loader)  # noqa: S506 - a safe loader that knows one tag more
    except UnicodeDecodeError as error:
        raise CalibrationError(f"{path} is not UTF-8 text at byte {error.start}: it is no calibration.") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CalibrationError(f"{path}, line {line}: not YAML: {error.problem}.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: as a date of month 13
        raise CalibrationError(f"{path}: not YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(values, dict) or node is None:
        raise CalibrationError(f"{path}, line 1: holds no keys; it must be a calibration (image_width: …).")
    return as_section(path, "", node, values, by_opencv=by_opencv)


def as_section(path: Path, name: str, node: yaml.Node, values: dict[str, Any], *, by_opencv: bool) -> Section:
    """A mapping with the lines of its keys."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return Section(
        path=path,
        name=name,
        by_opencv=by_opencv,
        line=node.start_mark.line + 1,
        values=values,
        lines={str(key.value): value.start_mark.line + 1 for key, value in pairs},
        nodes={str(key.value): value for key, value in pairs},
    )
