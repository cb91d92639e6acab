"""Pictures of few bytes that are large in memory or long to decode, sent to a server process."""

import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

from crackmap_server.pictures import MOST_SCANS

from .conftest import peak_mb


def encoded(image: Image.Image, kind: str, **more: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **more)
    return content.getvalue()


def put(process: Any, wall: Any, content: bytes) -> Any:
    return process.client.put(f"/v1/evidence/{wall.sha256(content)}", content=content)


def png_of(width_px: int, height_px: int) -> bytes:
    """A PNG that only says how large it is."""
    head = struct.pack(">IIBBBBB", width_px, height_px, 8, 6, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def with_scans(scans: int) -> bytes:
    """A progressive JPEG whose last scan is there again and again."""
    content = encoded(Image.new("RGB", (800, 800), (120, 100, 90)), "JPEG", progressive=True)
    end, last = content.rfind(b"\xff\xd9"), content.rfind(b"\xff\xda")
    table = content.rfind(b"\xff\xc4", 0, last)
    return content[:end] + content[table:end] * scans + content[end:]


@pytest.mark.parametrize("size_px", [(2**31 - 1, 2**31 - 1), (100_000, 100_000), (0, 10)])
def test_a_picture_that_says_it_is_huge_is_refused_undecoded(start: Any, wall: Any, size_px: tuple[int, int]) -> None:
    process = start()
    answer = put(process, wall, png_of(*size_px))
    assert answer.status_code == 422
    assert peak_mb(process) < 300


TURNED = Image.Exif()
TURNED[ExifTags.Base.Orientation] = 6
BOMBS: list[tuple[str, dict[str, Any], int]] = [
    ("PNG", {"compress_level": 1}, 550),
    ("TIFF", {"compression": "tiff_adobe_deflate"}, 550),
    ("TIFF", {"compression": "tiff_adobe_deflate", "strip_size": 10**9, "exif": TURNED}, 750),  # and a strip of 183 MB
    ("JPEG", {"progressive": True, "quality": 5}, 550),
]


@pytest.mark.parametrize(("kind", "more", "most_mb"), BOMBS, ids=["PNG", "TIFF", "TIFF of one strip, turned", "JPEG"])
def test_bombs_are_decoded_one_after_the_other(
    start: Any, wall: Any, kind: str, more: dict[str, Any], most_mb: int
) -> None:
    """Four of 64 megapixels at once: each has 244 MB of pixels, and the server's process 120 MB without any."""
    process = start()
    bomb = encoded(Image.new("RGB", (8000, 8000), (90, 0, 0)), kind, **more)
    assert len(bomb) < 1_000_000
    bombs = [bomb + bytes([number]) for number in range(4)]  # what comes after the picture is not looked at
    with ThreadPoolExecutor(len(bombs)) as clients:
        statuses = [answer.status_code for answer in clients.map(lambda each: put(process, wall, each), bombs)]
    assert statuses == [201] * len(bombs)
    assert peak_mb(process) < most_mb


def test_a_picture_of_many_frames_is_decoded_once(start: Any, wall: Any) -> None:
    """Only the first frame is ever looked at."""
    process = start()
    noise = [Image.fromarray(np.full((400, 400), shade % 256, np.uint8)) for shade in range(500)]
    for content in (
        encoded(noise[0], "TIFF", save_all=True, append_images=noise[1:]),
        encoded(noise[0], "PNG", save_all=True, append_images=noise[1:]),
    ):
        answer = put(process, wall, content)
        assert (answer.status_code, answer.json()["width_px"]) == (201, 400)
    assert peak_mb(process) < 300


def test_a_tiff_whose_frames_lead_in_a_circle_ends(start: Any, wall: Any) -> None:
    content = bytearray(encoded(Image.new("L", (16, 16)), "TIFF"))
    (first,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, first)
    struct.pack_into("<I", content, first + 2 + 12 * count, first)
    assert put(start(), wall, bytes(content)).status_code == 201


def test_a_jpeg_of_very_many_scans_is_refused_undecoded(start: Any, wall: Any) -> None:
    """Each costs a pass over the picture: a megabyte of them at 144 megapixels took ten minutes."""
    process = start()
    answer = put(process, wall, with_scans(MOST_SCANS))
    assert answer.status_code == 422
    assert "scans" in answer.json()["detail"]
    assert put(process, wall, with_scans(3)).status_code == 201


@pytest.mark.parametrize("chunk", [b"zTXt", b"iTXt", b"iCCP"])
def test_a_png_whose_texts_unpack_to_gigabytes_takes_no_memory(start: Any, wall: Any, chunk: bytes) -> None:
    packed = zlib.compress(bytes(300_000_000), 9)
    data = {
        b"zTXt": b"note\x00\x00" + packed,
        b"iTXt": b"note\x00\x01\x00\x00\x00" + packed,
        b"iCCP": b"note\x00\x00" + packed,
    }[chunk]
    picture = encoded(Image.new("L", (16, 16)), "PNG")
    text = struct.pack(">I", len(data)) + chunk + data + struct.pack(">I", zlib.crc32(chunk + data))
    process = start()
    assert put(process, wall, picture[:33] + text + picture[33:]).status_code in {201, 422}
    assert peak_mb(process) < 300
