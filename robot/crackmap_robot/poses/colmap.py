"""COLMAP's images.txt: IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME; after each such line one of 2-D points or none.

A pose turns the world into the camera (x_camera = R x_world + t), w first; ours says where the camera is in the world.
The world has COLMAP's own scale and axes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from crackmap_robot.poses.record import PoseFileError, Record
from crackmap_robot.projection.rotation import rotation
from crackmap_robot.sfm.colmap import is_number, said

IMAGE = ("IMAGE_ID", "QW", "QX", "QY", "QZ", "TX", "TY", "TZ", "CAMERA_ID", "NAME")


def is_images(text: str) -> bool:
    """Whether the first line that is no remark is an image: numbers, and a name at the end."""
    first = next((line for _, line in said(text)), "").split(maxsplit=len(IMAGE) - 1)
    return len(first) == len(IMAGE) and first[0].isdecimal() and all(map(is_number, first[1:9]))


def image_records(path: Path, text: str) -> Iterator[Record]:
    """One for each photograph. Raises PoseFileError."""
    lines = said(text)
    for line, written in lines:
        if not written.strip():
            continue
        words = written.split(maxsplit=len(IMAGE) - 1)
        if len(words) != len(IMAGE):
            raise PoseFileError(f"{path}, line {line}: is no image of COLMAP's, which has {' '.join(IMAGE)}")
        found = Record(path, line, dict(zip(IMAGE, words, strict=True)))
        w, x, y, z, *shift = (found.number(name, found.values[name]) for name in IMAGE[1:8])
        norm = float(np.linalg.norm([x, y, z, w]))
        if abs(norm - 1) > 1e-3:
            found.refuse("QW", f"the quaternion has length {norm:.4g}, not 1")
        back = rotation((-x, -y, -z, w))
        yield Record(
            path,
            line,
            {
                "file": words[-1].strip(),
                "position_m": (-back @ np.array(shift)).tolist(),
                "orientation_xyzw": [-x, -y, -z, w],
                "covariance": None,
            },
        )
        next(lines, None)  # its 2-D points
