"""Pictures: check that a file is one, make smaller ones and cuttings. Always the stored raster, never turned."""

import io
import mmap
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from crackmap_server.errors import BadRequest, NotAPicture
from crackmap_server.pixel_budget import PixelBudget

# Pillow's own limit is a global of the process and only warns; `checked` refuses by the header, before decoding.
Image.MAX_IMAGE_PIXELS = None
# From 32 MiB on, glibc always gives memory back when it is freed; of Pillow's blocks of 16 MiB each thread would keep
# those of the largest picture that it has decoded.
Image.core.set_block_size(64 * 2**20)  # type: ignore[attr-defined]  # documented by PILLOW_BLOCK_SIZE alone

MEDIA_TYPES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "TIFF": "image/tiff"}
_FORMATS = ("JPEG", "PNG", "TIFF")  # Pillow itself finds that a JPEG holds several pictures (MPO)
QUALITY = 88
MOST_SCANS: Final = 100
"""Of a progressive JPEG, with its preview; cameras write ten. Each costs few bytes, and a pass over the picture."""
_budget = PixelBudget(100_000_000)  # at about four bytes, twice that where the kind of pixels must be changed


@dataclass(frozen=True)
class Picture:
    """What a picture file holds."""

    media_type: str
    width_px: int
    height_px: int


@dataclass(frozen=True)
class Cut:
    """A rectangle of pixels: first column and row, width and height."""

    x_px: int
    y_px: int
    width_px: int
    height_px: int

    def grown(self, margin_px: int, width_px: int, height_px: int) -> "Cut":
        """With a margin around it, as far as the picture reaches. Raises BadRequest when nothing is left."""
        left, top = max(self.x_px - margin_px, 0), max(self.y_px - margin_px, 0)
        right = min(self.x_px + self.width_px + margin_px, width_px)
        bottom = min(self.y_px + self.height_px + margin_px, height_px)
        if left >= right or top >= bottom:
            raise BadRequest(f"the cutting lies outside the picture of {width_px} × {height_px} px")
        return Cut(left, top, right - left, bottom - top)


def checked(path: Path, pixels_max: int) -> Picture:
    """Decode the whole file once. Raises NotAPicture: not JPEG, PNG or TIFF, cut short, or too many pixels."""
    try:
        with Image.open(path, formats=_FORMATS) as image:
            width_px, height_px = image.size
            if width_px * height_px > pixels_max:
                raise NotAPicture(f"the picture has {width_px} × {height_px} pixels; at most {pixels_max} are decoded")
            picture = Picture(MEDIA_TYPES[str(image.format)], width_px, height_px)
            if picture.media_type == "image/jpeg":
                _check_scans(path)
            image.draft("L", (1, 1))  # a JPEG is read to its end, but at an eighth of its size
            if picture.media_type == "image/tiff":
                image.getexif().pop(ExifTags.Base.Orientation, None)  # Pillow would turn it, in a second copy
            with _budget.taken(width_px * height_px), closing(image):
                image.load()
    except UnidentifiedImageError:
        raise NotAPicture("the file is no JPEG, PNG or TIFF picture") from None
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError) as error:
        raise NotAPicture(f"the picture cannot be decoded: {error}") from None
    return picture


def _check_scans(path: Path) -> None:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        scans = sum(1 for _ in re.finditer(rb"\xff\xda", content))
    if scans > MOST_SCANS:
        raise NotAPicture(f"the JPEG has {scans} scans; at most {MOST_SCANS} are decoded")


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    with Image.open(path, formats=_FORMATS) as image, _budget.taken(image.width * image.height), closing(image):
        yield image  # and its pixels are gone before the next has room


def smaller(path: Path, longest_px: int) -> bytes:
    """A JPEG of the whole picture whose longer side is at most `longest_px`."""
    with _opened(path) as image:
        image.draft("RGB", (longest_px, longest_px))
        shown = _eight_bit_rgb(image)
        shown.thumbnail((longest_px, longest_px), Image.Resampling.LANCZOS, reducing_gap=2.0)
        return _jpeg(shown)


def cutting(path: Path, cut: Cut, margin_px: int = 0) -> bytes:
    """A JPEG of a part of the picture, pixel for pixel."""
    with _opened(path) as image:
        part = cut.grown(margin_px, *image.size)
        box = (part.x_px, part.y_px, part.x_px + part.width_px, part.y_px + part.height_px)
        return _jpeg(_eight_bit_rgb(image.crop(box)))


def tile_png(path: Path, cut: Cut) -> bytes:
    """A part of the picture as a PNG: the very pixels, which another JPEG would change."""
    with _opened(path) as image:
        part = cut.grown(0, *image.size)
        box = (part.x_px, part.y_px, part.x_px + part.width_px, part.y_px + part.height_px)
        content = io.BytesIO()
        _eight_bit_rgb(image.crop(box)).save(content, "PNG")
        return content.getvalue()


def _eight_bit_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode == "I":  # 16-bit grey: Pillow would clip it at 255
        grey = np.asarray(image, np.uint32) >> 8
        return Image.fromarray(grey.astype(np.uint8)).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")  # which would be a second copy


def _jpeg(image: Image.Image) -> bytes:
    content = io.BytesIO()
    image.save(content, "JPEG", quality=QUALITY)
    return content.getvalue()
