"""Which pictures of a frame are kept, and crops of its detections. Pure."""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from crackmap.messages import Crop, Evidence
from crackmap.tile_grid import TileGrid
from crackmap_robot.cameras.camera import Photo, Pixels
from crackmap_robot.tiles import tile

CROP_QUALITY = 90


class Frames(StrEnum):
    """Which frames are kept as evidence."""

    ALL = "all"
    KEYFRAMES = "keyframes"
    NONE = "none"


@dataclass(frozen=True)
class Picture:
    """One picture to be sent: a photograph, which stays where it is (`path`), or a crop (`content`)."""

    sha256: str
    media_type: str
    size_bytes: int
    label: str
    path: Path | None = None
    content: bytes | None = field(default=None, repr=False)


def whole_frame(photo: Photo) -> tuple[Evidence, tuple[Picture, ...]]:
    """The photograph itself."""
    image = photo.image
    return Evidence(frame=True), (Picture(image.sha256, image.media_type, image.size_bytes, photo.label, photo.path),)


def crops(
    photo: Photo, pixels: Pixels, grid: TileGrid, scores: npt.NDArray[np.uint8], lowest: int
) -> tuple[Evidence, tuple[Picture, ...]]:
    """A JPEG of each tile whose score byte is at or over `lowest`; equal tiles are kept once."""
    listed, pictures = [], {}
    for number in np.flatnonzero(scores >= lowest).tolist():
        content = _jpeg(tile(pixels, grid, number))
        sha256 = hashlib.sha256(content).hexdigest()
        listed.append(Crop(tile=number, sha256=sha256, size_bytes=len(content)))
        label = f"{photo.label}, tile {number}"
        pictures[sha256] = Picture(sha256, "image/jpeg", len(content), label, content=content)
    return Evidence(frame=False, crops=tuple(listed)), tuple(pictures.values())


def _jpeg(pixels: npt.NDArray[np.uint8]) -> bytes:
    done, content = cv2.imencode(
        ".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), (cv2.IMWRITE_JPEG_QUALITY, CROP_QUALITY)
    )
    assert done, "an 8-bit RGB tile can always be encoded"
    return content.tobytes()
