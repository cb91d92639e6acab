"""Image files of every kind: what is taken, what is refused, and that nothing else can happen."""

import io
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from crackmap.errors import InputError
from crackmap.messages import Capture, TimeSource
from crackmap_robot.cameras.photograph import capture_from_exif, decode, read_header

RANDOM = np.random.default_rng(3)
COLOUR = RANDOM.integers(0, 255, (40, 60, 3)).astype(np.uint8)
SMOOTH = np.dstack([np.add.outer(np.arange(40), np.arange(60)).astype(np.uint8)] * 3)


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


JPEG = saved(Image.fromarray(COLOUR), "JPEG", quality=90)
PNG = saved(Image.fromarray(COLOUR), "PNG")
TIFF = saved(Image.fromarray(COLOUR), "TIFF", compression="tiff_lzw")


def read(content: bytes) -> np.ndarray:
    image, _ = read_header(content, "a.jpg")
    return decode(content, image, "a.jpg")


@pytest.mark.parametrize(("content", "media_type"), [(JPEG, "image/jpeg"), (PNG, "image/png"), (TIFF, "image/tiff")])
def test_the_three_kinds(content: bytes, media_type: str) -> None:
    image, capture = read_header(content, "a")
    assert (image.media_type, image.width_px, image.height_px) == (media_type, 60, 40)
    assert (image.size_bytes, image.exif_orientation, capture) == (len(content), 1, Capture())
    pixels = decode(content, image, "a")
    assert (pixels.shape, pixels.dtype, pixels.flags.c_contiguous) == ((40, 60, 3), np.uint8, True)
    if media_type != "image/jpeg":
        assert np.array_equal(pixels, COLOUR)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_blocks": 2}])
def test_jpegs_decode_as_pillow_decodes_them(options: dict[str, object]) -> None:
    content = saved(Image.fromarray(COLOUR), "JPEG", quality=80, **options)
    assert np.array_equal(read(content), np.asarray(Image.open(io.BytesIO(content))))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_grey_is_repeated(kind: str) -> None:
    pixels = read(saved(Image.fromarray(SMOOTH[:, :, 0]), kind))
    assert pixels.shape == (40, 60, 3)
    assert np.array_equal(pixels[:, :, 0], pixels[:, :, 2])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_told_and_never_applied(orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    content = saved(Image.fromarray(COLOUR), "JPEG", quality=90, exif=exif)
    image, _ = read_header(content, "a.jpg")
    assert (image.exif_orientation, image.width_px, image.height_px) == (orientation, 60, 40)
    assert np.array_equal(read(content), read(JPEG))


# ------------------------------------------------------------------------------------------------------------ refused


def sixteen_bit_colour(kind: str) -> bytes:
    done, content = cv2.imencode(kind, np.full((40, 60, 3), 5000, np.uint16))
    assert done
    return content.tobytes()


REFUSED = {
    "16-bit grey PNG": (saved(Image.fromarray(np.full((40, 60), 5000, np.uint16)), "PNG"), "16 bits per channel"),
    "16-bit colour PNG": (sixteen_bit_colour(".png"), "16 bits per channel"),
    "16-bit grey TIFF": (saved(Image.fromarray(np.full((40, 60), 5000, np.uint16)), "TIFF"), "16 bits per channel"),
    "16-bit colour TIFF": (sixteen_bit_colour(".tiff"), "16 bits per channel"),
    "CMYK JPEG": (saved(Image.fromarray(COLOUR).convert("CMYK"), "JPEG"), "CMYK"),
    "CMYK TIFF": (saved(Image.fromarray(COLOUR).convert("CMYK"), "TIFF"), "CMYK"),
    "palette": (saved(Image.fromarray(COLOUR).convert("P"), "PNG"), "a palette"),
    "transparent": (saved(Image.fromarray(COLOUR).convert("RGBA"), "PNG"), "transparency"),
    "1-bit": (saved(Image.fromarray(COLOUR).convert("1"), "PNG"), "1 bit per pixel"),
    "floating point": (saved(Image.fromarray(np.ones((40, 60), np.float32)), "TIFF"), "floating-point"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_other_pixels_are_refused_and_told_how_to_convert(kind: str) -> None:
    content, words = REFUSED[kind]
    with pytest.raises(InputError) as refused:
        read(content)
    assert words in str(refused.value)
    assert "magick a.jpg -colorspace sRGB -depth 8 -alpha off a-rgb.png" in str(refused.value)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"II*\0", b"GIF89a" + b"\0" * 50]
)
def test_what_is_no_photograph(content: bytes) -> None:
    with pytest.raises(InputError, match=r"a\.jpg: "):
        read(content)


def test_several_pictures_in_one_file() -> None:
    pages = [Image.fromarray(COLOUR)] * 2
    with pytest.raises(InputError, match="holds 2 pictures"):
        read(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    # But a camera's preview behind the photograph (MPO) is left alone.
    assert read(saved(pages[0], "MPO", save_all=True, append_images=pages[1:], quality=90)).shape == (40, 60, 3)


def test_more_pixels_than_the_machine_holds() -> None:
    content = bytearray(PNG)
    content[16:24] = (60_000).to_bytes(4) * 2
    content[29:33] = __import__("zlib").crc32(bytes(content[12:29])).to_bytes(4)
    with pytest.raises(InputError, match="is 60000 × 60000 px; at most 300 megapixels"):
        read_header(bytes(content), "a.png")


@given(st.integers(0, len(JPEG) - 1))
def test_a_jpeg_that_is_cut_short_anywhere(length: int) -> None:
    with pytest.raises(InputError):
        read(JPEG[:length])


def test_a_cut_jpeg_with_a_whole_thumbnail_in_it() -> None:
    exif = b"Exif\0\0" + JPEG  # an end marker before the picture's own
    content = JPEG[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2) + exif + JPEG[2:]
    assert read(content).shape == (40, 60, 3)
    with pytest.raises(InputError, match="cut short"):
        read(content[:-2])


def test_a_jpeg_whose_end_was_never_written_to_disk() -> None:
    with pytest.raises(InputError, match="cut short"):
        read(JPEG[: len(JPEG) // 2] + bytes(len(JPEG) // 2))


@pytest.mark.parametrize("content", [PNG, TIFF])
def test_png_and_tiff_that_are_cut_short(content: bytes) -> None:
    for share in (0.3, 0.6, 0.9):
        with pytest.raises(InputError):
            read(content[: int(share * len(content))])


@given(st.sampled_from([JPEG, PNG, TIFF]), st.data())
def test_damaged_bytes_give_a_picture_or_a_named_error(content: bytes, data: st.DataObject) -> None:
    damaged = bytearray(content)
    places = st.integers(0, min(len(content) - 1, 700))
    for place, byte in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=6)):
        damaged[place] = byte
    try:
        image, _ = read_header(bytes(damaged), "a.jpg")
        if image.width_px * image.height_px < 1_000_000:
            assert decode(bytes(damaged), image, "a.jpg").shape == (image.height_px, image.width_px, 3)
    except InputError as error:
        assert str(error).startswith("a.jpg: ")  # noqa: PT017 - a picture is as good an outcome


# --------------------------------------------------------------------------------------------------------------- time

TAGS = ExifTags.Base


def test_a_time_with_an_offset_is_utc_and_one_without_is_local() -> None:
    taken = {TAGS.DateTimeOriginal: "2026:11:20 10:00:01", TAGS.SubsecTimeOriginal: "25"}
    known = {"time_source": TimeSource.EXIF, "time_sigma_s": pytest.approx(0.01 / 3**0.5)}
    local = datetime(2026, 11, 20, 10, 0, 1, 250_000, UTC).replace(tzinfo=None)
    assert dict(capture_from_exif(taken)) == dict(Capture()) | known | {"captured_local": local}
    moment = datetime(2026, 11, 20, 8, 0, 1, 250_000, UTC)
    capture = capture_from_exif(taken | {TAGS.OffsetTimeOriginal: "+02:00"})
    assert dict(capture) == dict(Capture()) | known | {"captured_utc": moment}


def test_times_are_read_from_a_real_file() -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[TAGS.DateTimeOriginal] = "2026:11:20 10:00:01"
    _, capture = read_header(saved(Image.fromarray(COLOUR), "JPEG", exif=exif), "a.jpg")
    assert capture.captured_local == datetime(2026, 11, 20, 10, 0, 1, tzinfo=UTC).replace(tzinfo=None)
    assert capture.time_sigma_s == pytest.approx(1 / 3**0.5)  # it says whole seconds


@given(
    st.dictionaries(
        st.sampled_from([TAGS.DateTimeOriginal, TAGS.SubsecTimeOriginal, TAGS.OffsetTimeOriginal]),
        st.text() | st.integers() | st.binary(),
    )
)
def test_odd_times_are_no_times(tags: dict[int, object]) -> None:
    assert capture_from_exif(tags | {TAGS.OffsetTimeOriginal: tags.get(TAGS.OffsetTimeOriginal)}).captured_utc is None


@pytest.mark.parametrize(
    "date", ["0000:00:00 00:00:00", "2026:13:01 00:00:00", "    :  :     :  :  ", "0001:01:01 00:00:00"]
)
def test_clocks_that_were_never_set(date: str) -> None:
    capture = capture_from_exif({TAGS.DateTimeOriginal: date, TAGS.OffsetTimeOriginal: "+14:00"})
    assert capture.captured_utc is None
