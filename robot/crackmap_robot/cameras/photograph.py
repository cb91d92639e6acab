"""An image file: its header, its EXIF and its pixels. Bytes in, values out; every refusal is a named error.

The header is read by Pillow. JPEGs are decoded by OpenCV, which is twice as fast and gives the same pixels (both hold
libjpeg-turbo), but fills what is missing with grey: so `_whole_jpeg` looks for the end of the picture first. PNG and
TIFF are decoded by Pillow, which notices by itself.
"""

import hashlib
import io
import math
import struct
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Any, Final, Literal

import cv2
import numpy as np
from PIL import ExifTags, UnidentifiedImageError
from PIL import Image as Picture

from crackmap.errors import InputError
from crackmap.messages import LARGEST_SIDE_PX, Capture, Image, TimeSource
from crackmap_robot.cameras.camera import Pixels

MediaType = Literal["image/jpeg", "image/png", "image/tiff"]
FORMATS: Final = ("JPEG", "PNG", "TIFF")
MEDIA_TYPES: Final[Mapping[str, MediaType]] = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # a JPEG with a second one (a preview, the other eye) behind it, as drones and phones write
    "PNG": "image/png",
    "TIFF": "image/tiff",
}
LARGEST_PX = 300_000_000
"""Pixels of one photograph: 0.9 GB decoded. A header may promise more than the machine can hold."""

_UPRIGHT = 1
_DAMAGED = (OSError, SyntaxError, ValueError, KeyError, TypeError, IndexError, OverflowError, struct.error)
"""What Pillow raises for a damaged file."""
_EIGHT_BITS = (
    "convert it to 8-bit RGB first, for example `magick {name} -colorspace sRGB -depth 8 -alpha off {stem}-rgb.png`"
)

# Pillow warns from 89 megapixels and refuses from 179; we refuse ourselves, by name, at LARGEST_PX.
Picture.MAX_IMAGE_PIXELS = None


def read_header(content: bytes, name: str) -> tuple[Image, Capture]:
    """What the file says of itself, without decoding it. `name` is for messages.

    Raises InputError for what is no JPEG, PNG or TIFF, is cut short (JPEG), or has other than 8-bit grey or RGB pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd EXIF; what matters is checked below
            with Picture.open(io.BytesIO(content), formats=FORMATS) as picture:
                width_px, height_px = picture.size
                media_type = MEDIA_TYPES[picture.format or ""]
                kind = _kind(picture, content)
                pictures = 1 if media_type == "image/jpeg" else getattr(picture, "n_frames", 1)
                tags = _exif(picture)
    except UnidentifiedImageError as error:
        what = "it is empty" if not content else "it is no JPEG, PNG or TIFF, or its first bytes are damaged"
        raise InputError(f"{name}: {what}. Copy it again from the camera, or take it out of the folder.") from error
    except _DAMAGED as error:
        raise InputError(f"{name}: the header is damaged ({error}). Copy it again from the camera.") from error
    if kind is not None:
        hint = _EIGHT_BITS.format(name=name, stem=PurePath(name).stem)
        raise InputError(f"{name}: has {kind}; the model takes 8-bit RGB or grey: {hint}.")
    if pictures != 1:
        raise InputError(f"{name}: holds {pictures} pictures; save each as a file of its own.")
    if max(width_px, height_px) > LARGEST_SIDE_PX or width_px * height_px > LARGEST_PX:
        raise InputError(
            f"{name}: is {width_px} × {height_px} px; at most {LARGEST_PX / 1e6:.0f} megapixels and "
            f"{LARGEST_SIDE_PX} px a side are taken. Cut it into parts."
        )
    if media_type == "image/jpeg":
        _whole_jpeg(content, name)
    image = Image(
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        media_type=media_type,
        width_px=width_px,
        height_px=height_px,
        exif_orientation=_orientation(tags),
    )
    return image, capture_from_exif(tags)


_KINDS: Final[Mapping[str, str]] = {
    "CMYK": "CMYK (printing) colours",
    "I;16": "16 bits per channel",
    "I;16B": "16 bits per channel",
    "I": "32 bits per channel",
    "F": "floating-point pixels",
    "P": "a palette",
    "1": "1 bit per pixel",
    "RGBA": "transparency",
    "LA": "transparency",
    "PA": "a palette with transparency",
}
_PNG_DEPTH_AT = 24  # in the IHDR chunk (PNG specification, 11.2.1)


def _kind(picture: Picture.Image, content: bytes) -> str | None:
    """What kind of pixels it has, for people; None for 8-bit RGB and grey. Pillow calls 16-bit colour RGB as well."""
    if picture.mode not in {"RGB", "L"}:
        return _KINDS.get(picture.mode, f"pixels of the kind {picture.mode}")
    depth: object = (8,)
    if picture.format == "PNG":
        depth = (content[_PNG_DEPTH_AT],)
    elif picture.format == "TIFF":
        depth = getattr(picture, "tag_v2", {}).get(ExifTags.Base.BitsPerSample, (8,))
    bits = max(depth) if isinstance(depth, tuple) else depth
    return None if bits == 8 else f"{bits} bits per channel"


def decode(content: bytes, image: Image, name: str) -> Pixels:
    """The raster as it is stored, (height_px, width_px, 3) uint8 RGB; grey is repeated in the three channels.

    Raises InputError when the picture's data end early or are damaged.
    """
    damaged = f"{name}: the picture's data are damaged or cut short. Copy it again from the camera."
    if image.media_type == "image/jpeg":
        flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
        try:
            pixels = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
        except cv2.error as error:
            raise InputError(damaged) from error
        if pixels is None:
            raise InputError(damaged)
        raster = np.asarray(pixels, np.uint8)
    else:
        try:
            with Picture.open(io.BytesIO(content), formats=FORMATS) as picture:
                raster = np.array(picture.convert("RGB"))
        except _DAMAGED as error:
            raise InputError(f"{damaged} ({error})") from error
    if raster.shape != (image.height_px, image.width_px, 3):
        raise InputError(damaged)
    return raster


# --------------------------------------------------------------------------------------------------------------- JPEG

_START, _END, _SCAN = b"\xff\xd8", b"\xff\xd9", 0xDA
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD8)}


def _whole_jpeg(content: bytes, name: str) -> None:
    """Refuse a JPEG whose end is missing.

    The segments before the first scan are stepped over by their lengths, because an EXIF thumbnail among them has an
    end marker of its own. Inside a scan's data FF D9 cannot occur (ITU-T T.81, B.1.1.5: FF is followed by 00).
    """
    cut = InputError(f"{name}: the JPEG is cut short: its end is missing. Copy it again from the camera.")
    at = len(_START)
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            raise InputError(f"{name}: the JPEG is damaged at byte {at}. Copy it again from the camera.")
        marker = content[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker in _WITHOUT_LENGTH:
            at += 2
        elif marker == _SCAN:
            if content.find(_END, at) < 0:
                raise cut
            return
        else:
            at += 2 + int.from_bytes(content[at + 2 : at + 4])
    raise cut


# --------------------------------------------------------------------------------------------------------------- EXIF


def _exif(picture: Picture.Image) -> dict[int, Any]:
    """Orientation and the three time tags; empty where the EXIF block is absent or broken: it never refuses a photo."""
    try:
        exif = picture.getexif()
        return {**exif.get_ifd(ExifTags.IFD.Exif), ExifTags.Base.Orientation: exif.get(ExifTags.Base.Orientation)}
    except _DAMAGED:
        return {}


def _orientation(tags: Mapping[int, Any]) -> int:
    value = tags.get(ExifTags.Base.Orientation, _UPRIGHT)
    return value if isinstance(value, int) and 1 <= value <= 8 else _UPRIGHT


def capture_from_exif(tags: Mapping[int, Any]) -> Capture:
    """When it was taken: UTC only where the camera wrote its offset, else a local time without a zone.

    The camera drops what is under its last digit, so the time may be later by up to one step of it: root mean square
    step / √3. That its clock goes wrong is not in it.
    """
    taken = _text(tags.get(ExifTags.Base.DateTimeOriginal))
    try:
        moment = datetime.strptime(taken, "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - the offset, if any, follows
    except ValueError:
        return Capture()
    part = _text(tags.get(ExifTags.Base.SubsecTimeOriginal))
    step_s = 1.0
    if part.isdecimal():
        moment += timedelta(seconds=float(f"0.{part}"))
        step_s = 10.0 ** -len(part)
    offset = _text(tags.get(ExifTags.Base.OffsetTimeOriginal))
    known: dict[str, datetime]
    try:
        known = {"captured_utc": moment.replace(tzinfo=datetime.strptime(offset, "%z").tzinfo).astimezone(UTC)}
    except (ValueError, OverflowError):
        known = {"captured_local": moment}
    return Capture(time_source=TimeSource.EXIF, time_sigma_s=step_s / math.sqrt(3), **known)


def _text(value: object) -> str:
    return value.strip("\0 ") if isinstance(value, str) else ""
