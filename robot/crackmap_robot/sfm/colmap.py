"""COLMAP's cameras.txt: CAMERA_ID MODEL WIDTH HEIGHT PARAMS…

Pixels are counted from the corner of the first one; ours from its middle.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np

from crackmap.messages import LARGEST_SIDE_PX, Camera
from crackmap_robot.camera_file import CalibrationError, checked

PARAMETERS = {
    "SIMPLE_PINHOLE": "f cx cy",
    "PINHOLE": "fx fy cx cy",
    "SIMPLE_RADIAL": "f cx cy k1",
    "RADIAL": "f cx cy k1 k2",
    "OPENCV": "fx fy cx cy k1 k2 p1 p2",
    "FULL_OPENCV": "fx fy cx cy k1 k2 p1 p2 k3 k4 k5 k6",
}


def read_cameras(path: Path, content: bytes) -> Camera | None:
    """The one camera of a cameras.txt; None where the file is something else. Raises CalibrationError."""
    text = content.decode("utf-8-sig", errors="replace")
    cameras = [(line, words.split()) for line, words in said(text) if words.strip()]
    if not cameras or len(cameras[0][1]) < 5 or not cameras[0][1][0].isdecimal() or not cameras[0][1][1].isupper():
        return None
    line, (number, model, width, height, *values) = cameras[0]

    def refuse(key: str, why: str) -> NoReturn:
        raise CalibrationError(f"{path}, line {line}, {key}: {why}")

    if len(cameras) > 1:
        refuse("CAMERA_ID", f"there are {len(cameras)} cameras; put the line of one into a file of its own")
    if model not in PARAMETERS:
        refuse("MODEL", f"{model} is not known; the models are {', '.join(PARAMETERS)}")
    names = PARAMETERS[model].split()
    if len(values) != len(names) or not all(map(is_number, values)):
        refuse("PARAMS", f"must be {len(names)} numbers for {model}: {PARAMETERS[model]}")
    found = dict(zip(names, map(float, values), strict=True))
    if any(found.get(name, 0) for name in ("k4", "k5", "k6")):
        refuse("PARAMS", "k4, k5 and k6 must be 0; take the model OPENCV")
    sides = [int(side) if side.isdecimal() and len(side) < 10 else 0 for side in (width, height)]
    if not all(0 < side <= LARGEST_SIDE_PX for side in sides):
        refuse("WIDTH", f"{width[:20]} × {height[:20]} are no pixels of a picture")
    fx, fy = found.get("fx", found.get("f", 0.0)), found.get("fy", found.get("f", 0.0))
    if min(fx, fy) <= 0 or not np.isfinite(list(found.values())).all():
        refuse("PARAMS", "the focal length must be over 0, and all of them finite")
    with checked(path):
        return Camera(
            name=f"COLMAP camera {number}"[:200],
            width_px=sides[0],
            height_px=sides[1],
            fx_px=fx,
            fy_px=fy,
            cx_px=found["cx"] - 0.5,
            cy_px=found["cy"] - 0.5,
            distortion=(
                found.get("k1", 0.0),
                found.get("k2", 0.0),
                found.get("p1", 0.0),
                found.get("p2", 0.0),
                found.get("k3", 0.0),
            ),
        )


def said(text: str) -> Iterator[tuple[int, str]]:
    """Lines but remarks, with their numbers."""
    for line, written in enumerate(text.split("\n"), start=1):
        if not written.lstrip().startswith("#"):
            yield line, written.rstrip("\r")


def is_number(word: str) -> bool:
    """Whether Python reads it as one."""
    try:
        float(word)
    except ValueError:
        return False
    return True
