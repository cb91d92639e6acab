"""What every source of frames gives to the scan."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from crackmap.errors import InputError
from crackmap.messages import Capture, Image

Pixels = npt.NDArray[np.uint8]
"""A frame's raster: (height_px, width_px, 3), RGB, C order, as stored: never turned."""


@dataclass(frozen=True)
class Photo:
    """One image file as it was read, not yet decoded. The whole file is in memory, so it cannot change under a scan.

    `content` is empty where the file is as it was in an earlier run and its report is kept: nobody needs it then.
    """

    label: str
    path: Path
    image: Image
    capture: Capture
    content: bytes = field(repr=False)

    @property
    def source_key(self) -> str:
        """What the frame's id is derived from: the content, so that a path is only a label."""
        return self.image.sha256


@dataclass(frozen=True)
class Refused:
    """A photograph that cannot be scanned, and why. The rest goes on."""

    label: str
    error: InputError


@dataclass(frozen=True)
class Quiet:
    """A live source has had nothing new for so long; `why` where it knows: as that the camera is unplugged."""

    for_s: float
    why: str = ""


Shot = Photo | Refused | Quiet


class Camera(Protocol):
    """A source of frames."""

    def frames(self) -> Iterator[Shot]:
        """The frames in the order in which they were taken. A live source never ends by itself.

        May block while the next one is read; a live source gives Quiet at least every second.
        """
        ...
