"""The camera in OpenSfM's reconstruction.json, which OpenDroneMap keeps as opensfm/reconstruction.json.

Lengths on the sensor are shares of the picture's longer side, from its middle.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from crackmap.messages import LARGEST_SIDE_PX, Camera
from crackmap_robot.camera_file import CalibrationError, checked, shown

LARGEST = 1e10
MODELS = ("perspective", "simple_radial", "radial", "brown")


def read_cameras(path: Path, content: bytes) -> Camera | None:
    """The one camera of a reconstruction.json; None where the file is something else. Raises CalibrationError."""
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        return None

    def refuse(key: str, why: str) -> NoReturn:
        raise CalibrationError(f"{path}, cameras, {key}: {why}")

    try:
        reconstructions = json.loads(content)
        (top,) = reconstructions
        ((name, camera),) = top["cameras"].items()
        kind, size = camera["projection_type"], (camera["width"], camera["height"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CalibrationError(
            f"{path}: must hold one reconstruction with one camera, its projection_type, width and height ({error})"
        ) from error
    if kind not in MODELS:
        refuse("projection_type", f"{kind!r} is not known; the models are {', '.join(MODELS)}")
    if not all(isinstance(side, int) and 0 < side <= LARGEST_SIDE_PX for side in size):
        refuse("width", f"{size[0]!r} × {size[1]!r} are no pixels of a picture")
    longer = max(size)

    def number(*names: str, default: float | None = None) -> float:
        value: Any = next((camera[each] for each in names if each in camera), default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:  # NaN is not
            refuse(names[0], f"must be a finite number, not {shown(value)}")
        return float(value)

    fx, fy = longer * number("focal_x", "focal"), longer * number("focal_y", "focal")
    if min(fx, fy) <= 0:
        refuse("focal", "must be over 0")
    with checked(path):
        return Camera(
            name=str(name)[:200],
            width_px=size[0],
            height_px=size[1],
            fx_px=fx,
            fy_px=fy,
            cx_px=longer * number("c_x", default=0.0) + (size[0] - 1) / 2,
            cy_px=longer * number("c_y", default=0.0) + (size[1] - 1) / 2,
            distortion=(
                number("k1", default=0.0),
                number("k2", default=0.0),
                number("p1", default=0.0),
                number("p2", default=0.0),
                number("k3", default=0.0),
            ),
        )
