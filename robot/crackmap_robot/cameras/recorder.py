"""Record first, classify when free: live frames become ordinary photographs in a folder, which is then scanned.

A frame is kept when the view has moved on by `step` of its width or height since the last one that was kept, or cannot
be recognised in it: a robot that stands still does not grow the folder. Each is on disk under its name as a whole.
"""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image

from crackmap.errors import StorageError
from crackmap.failpoints import failpoint
from crackmap_robot.cameras.folder import is_photograph
from crackmap_robot.cameras.grabbed import Still

Grey = npt.NDArray[np.float32]

VIEW_PX = 192
"""Longer side of the small pictures that are compared."""
SAME_RESPONSE = 0.35
"""Phase correlation's peak. Measured on walls, decks and pavements with noise: 0.97 and more for the same view, 0.5 for
one a tenth of its width away, under 0.2 for another place."""
CLOCK_SET = datetime(2026, 11, 1, tzinfo=UTC)
"""A clock that says less was never set: this program is younger than that."""


def view_of(content: bytes) -> Grey | None:
    """A small grey picture of a JPEG; None where it cannot be decoded."""
    grey = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_2)
    if grey is None:
        return None
    scale = VIEW_PX / max(grey.shape)
    small = cv2.resize(grey, None, fx=min(scale, 1), fy=min(scale, 1), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def moved(before: Grey, now: Grey, step: float) -> bool:
    """Whether `now` shows a place that is at least `step` of the picture's sides away from `before`.

    Also where that cannot be told: then it is better to keep the frame. By phase correlation (Kuglin and Hines, 1975).
    """
    if before.shape != now.shape:
        return True
    window = cv2.createHanningWindow((now.shape[1], now.shape[0]), cv2.CV_32F)
    # It may multiply its arguments by the window where they lie.
    (right, down), response = cv2.phaseCorrelate(before.copy(), now.copy(), window)
    return response < SAME_RESPONSE or abs(right) >= step * now.shape[1] or abs(down) >= step * now.shape[0]


def with_time(content: bytes, taken: datetime, digits: int) -> bytes:
    """The JPEG with its time in EXIF, cut to so many digits of a second."""
    exif = Image.Exif()
    inside = exif.get_ifd(ExifTags.IFD.Exif)
    inside[ExifTags.Base.DateTimeOriginal] = taken.strftime("%Y:%m:%d %H:%M:%S")
    inside[ExifTags.Base.OffsetTimeOriginal] = "+00:00"
    if digits:
        inside[ExifTags.Base.SubsecTimeOriginal] = f"{taken.microsecond:06d}"[:digits]
    block = exif.tobytes()
    # After the start marker: APP1, with a length that counts itself (Exif 2.3, 4.5.4).
    return content[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block + content[2:]


class FolderFullError(StorageError):
    """The recordings have reached their budget, or the disk its end."""


@dataclass
class Recorder:
    """Writes to one folder, and nothing else does.

    `step` is a share of the picture's sides. `digits` of a second are what a frame's arrival tells of its time; None:
    nothing, as of a video's or a bag's frames, which keep their own numbers, so that each is recorded once.
    """

    folder: Path
    budget_bytes: int
    step: float
    digits: int | None
    _number: int = field(default=0, init=False)
    _used_bytes: int = field(default=0, init=False)
    _last: Grey | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Raises StorageError."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{self.folder}: cannot be made ({error.strerror}). Choose another folder.") from error
        for path in self.folder.iterdir():
            if path.suffix == ".part":
                path.unlink()  # of a write that a kill cut short
            elif is_photograph(path.name):
                self._used_bytes += path.stat().st_size
                first = path.name.partition("-")[0]
                self._number = max(self._number, int(first) if first.isdecimal() else 0)

    def keep(self, still: Still) -> str | None:
        """The name under which it is on disk now; None where it shows nothing new, or is no picture.

        Raises FolderFullError; nothing is ever deleted.
        """
        view = view_of(still.content)
        if view is None or (self._last is not None and not moved(self._last, view, self.step)):
            return None
        name, content = self._named(still)
        if not (self.folder / name).exists():
            if self._used_bytes + len(content) > self.budget_bytes:
                raise FolderFullError(f"{self.folder}: holds all that it may, {self.budget_bytes // 1_000_000} MB")
            self._write(name, content)
            self._number = self._number + 1 if self.digits is not None else max(self._number, still.number)
            self._used_bytes += len(content)
        self._last = view
        return name

    @property
    def last_number(self) -> int:
        """The highest of the folder; 0 where it is empty."""
        return self._number

    def interrupted(self) -> None:
        """The camera was away, and may be anywhere now: its next frame is kept whatever it shows."""
        self._last = None

    def _named(self, still: Still) -> tuple[str, bytes]:
        """The photograph and its name, which sorts by the order of arrival whatever the clock does."""
        if self.digits is None:
            return f"{still.number:07d}{still.ending}", still.content
        taken = datetime.fromtimestamp(still.taken_unix_s, UTC)
        if taken < CLOCK_SET:
            return f"{self._number + 1:07d}.jpg", still.content
        return f"{self._number + 1:07d}-{taken:%Y%m%dT%H%M%SZ}.jpg", with_time(still.content, taken, self.digits)

    def _write(self, name: str, content: bytes) -> None:
        part = self.folder / f"{name}.part"
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            failpoint("recorder.before_rename")
            part.rename(self.folder / name)
            folder = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise FolderFullError(f"{self.folder}: cannot be written ({error.strerror})") from error
