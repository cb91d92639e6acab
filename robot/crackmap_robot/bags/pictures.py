"""A picture in a ROS message → the bytes of a photograph with its time. Pure."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import numpy as np
from PIL import ExifTags, Image

from crackmap.errors import InputError
from crackmap_robot.cameras.recorder import with_time

COMPRESSED, RAW = "sensor_msgs/msg/CompressedImage", "sensor_msgs/msg/Image"
TYPES = (COMPRESSED, RAW)
DIGITS = 6
"""Of a second, that a header's stamp is written with."""
CHANNELS = {"rgb8": 3, "bgr8": 3, "mono8": 1, "8UC1": 1, "8UC3": 3}
BLUE_FIRST = ("bgr8", "8UC3")
JPEG_START, PNG_START = b"\xff\xd8", b"\x89PNG"


def photograph(message: Any, kind: str, taken_unix_s: float) -> tuple[str, bytes]:
    """The ending of its name and its bytes, as they came where they were compressed. Raises InputError."""
    taken = datetime.fromtimestamp(taken_unix_s, UTC)
    if kind == RAW:
        return ".png", _png(Image.fromarray(_pixels(message)), taken)
    content = bytes(message.data)
    if content.startswith(JPEG_START):
        return ".jpg", with_time(content, taken, DIGITS)
    if content.startswith(PNG_START):
        try:
            with Image.open(io.BytesIO(content), formats=("PNG",)) as picture:
                return ".png", _png(picture, taken)
        except (OSError, SyntaxError, ValueError) as error:
            raise InputError(f"a PNG that is damaged ({error})") from error
    raise InputError(f"compressed as {message.format!r}, which is no JPEG or PNG")


def _pixels(message: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    channels = CHANNELS.get(message.encoding)
    if channels is None:
        raise InputError(f"encoded as {message.encoding!r}; taken are {', '.join(CHANNELS)}")
    height, width, step = int(message.height), int(message.width), int(message.step)
    content = np.frombuffer(bytes(message.data), np.uint8)
    if min(height, width) < 1 or step < width * channels or content.size < height * step:
        raise InputError(f"{width} × {height} px of {message.encoding} in {content.size} bytes")
    rows = content[: height * step].reshape(height, step)[:, : width * channels]
    pixels = rows.reshape(height, width, channels)
    if message.encoding in BLUE_FIRST:
        pixels = pixels[:, :, ::-1]
    return np.ascontiguousarray(pixels[:, :, 0] if channels == 1 else pixels)


def _png(picture: Image.Image, taken: datetime) -> bytes:
    exif = Image.Exif()
    inside = exif.get_ifd(ExifTags.IFD.Exif)
    inside[ExifTags.Base.DateTimeOriginal] = taken.strftime("%Y:%m:%d %H:%M:%S")
    inside[ExifTags.Base.OffsetTimeOriginal] = "+00:00"
    inside[ExifTags.Base.SubsecTimeOriginal] = f"{taken.microsecond:06d}"
    written = io.BytesIO()
    picture.save(written, "PNG", exif=exif.tobytes(), compress_level=1)
    return written.getvalue()
