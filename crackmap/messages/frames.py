"""One image of a scan: its file, when it was taken, what it is called."""

from datetime import datetime
from enum import StrEnum
from typing import Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, NaiveDatetime, model_validator

from crackmap import ids
from crackmap.manifest import Sha256
from crackmap.messages.base import LARGEST_INTEGER, LARGEST_SIDE_PX, Message, Text


class Image(Message):
    """The stored file. Pixel coordinates are those of its raster; `exif_orientation` only says how to show it."""

    sha256: Sha256
    size_bytes: int = Field(gt=0, le=LARGEST_INTEGER)
    media_type: Literal["image/jpeg", "image/png", "image/tiff"]
    width_px: int = Field(gt=0, le=LARGEST_SIDE_PX)
    height_px: int = Field(gt=0, le=LARGEST_SIDE_PX)
    exif_orientation: int = Field(default=1, ge=1, le=8)


class TimeSource(StrEnum):
    """Where a capture time comes from."""

    SENSOR = "sensor"
    RTCP = "rtcp"
    ARRIVAL = "arrival"
    EXIF = "exif"
    POSE_FILE = "pose_file"
    UNKNOWN = "unknown"


class Capture(Message):
    """When the middle row was half exposed, as far as it is known."""

    time_source: TimeSource = TimeSource.UNKNOWN
    captured_utc: AwareDatetime | None = None
    captured_local: NaiveDatetime | None = Field(default=None, description="a camera clock without a time zone")
    time_sigma_s: float | None = Field(default=None, ge=0)
    exposure_s: float | None = Field(default=None, ge=0)
    readout_s: float | None = Field(default=None, ge=0, description="rolling shutter: first row to last row")
    boot_id: Text | None = Field(default=None, max_length=64)
    monotonic_ns: int | None = Field(default=None, ge=0, le=LARGEST_INTEGER)


class Frame(Message):
    """One image of a scan."""

    frame_id: UUID
    scan_id: UUID
    source_key: Text = Field(min_length=1, max_length=500, description="what frame_id is derived from")
    label: Text = Field(max_length=500, description="file name or the like, for people")
    image: Image
    capture: Capture = Capture()

    @model_validator(mode="after")
    def _id_is_derived(self) -> Self:
        derived = ids.frame_id(self.scan_id, self.source_key)
        if derived != self.frame_id:
            raise ValueError(f"frame_id is derived from scan and source_key: {derived}")
        return self


def utc(moment: datetime) -> str:
    """ISO 8601 with Z, as times are shown everywhere."""
    return moment.isoformat().replace("+00:00", "Z")
