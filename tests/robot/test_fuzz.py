"""Whatever stands in a file or comes from a sensor: an answer or a named error, never a traceback.

The targets are those of `make fuzz`; the rows below are what it found.
"""

import re
import sqlite3
import struct
import tempfile
from contextlib import closing, suppress
from pathlib import Path
from types import ModuleType

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crackmap.errors import CrackmapError
from crackmap_robot.outbox import Outbox
from crackmap_robot.outbox.file import OutboxError
from crackmap_robot.server_answers import words_of

from .. import fuzz

pytestmark = [pytest.mark.needs("rosbags"), pytest.mark.needs("pymavlink")]


@pytest.fixture(scope="module")
def fuzzing() -> ModuleType:
    """Not at import: extras may be missing."""
    from . import fuzzing

    return fuzzing


NAMES = (
    "settings", "poses", "book", "udp", "mavlink", "odometry", "camera", "tags", "mount", "registration",
    "control-points", "fixes", "photograph", "manifest", "outbox", "answer", "bag",
)  # fmt: skip


def test_every_target_is_tried_here(fuzzing: ModuleType) -> None:
    assert tuple(fuzzing.TARGETS) == NAMES


@st.composite
def broken(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """A seed with words replaced by what is none, bytes flipped, cut, or doubled; or anything at all."""
    content = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(content)))
        words = list(fuzz.WORD.finditer(content))
        match draw(st.sampled_from(("word", "byte", "cut", "double", "any"))):
            case "word" if words:
                word = draw(st.sampled_from(words))
                content = content[: word.start()] + draw(st.sampled_from(fuzz.TOKENS)) + content[word.end() :]
            case "byte":
                content = content[:place] + draw(st.binary(max_size=3)) + content[place + 1 :]
            case "cut":
                content = content[:place]
            case "double":
                content += content[place:]
            case _:
                content = draw(st.binary(max_size=300))
    return content


@pytest.mark.parametrize("name", NAMES)
def test_it_ends_or_says_what_is_wrong(name: str, fuzzing: ModuleType) -> None:
    run, seeds = fuzzing.TARGETS[name]

    @settings(max_examples=20 if name in {"outbox", "bag"} else 60)
    @given(broken(seeds))
    def tried(content: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder, suppress(CrackmapError):
            run(content, Path(folder))

    tried()


DIGITS = b"9" * 5000


BOMB = fuzz.TOKENS[-1]
"""Twelve lists, each of nine times the one before."""
MERGES = b"".join(b"a%d: &a%d {<<: [%s]}\n" % (k, k, b", ".join([b"*a%d" % (k - 1)] * 9)) for k in range(1, 12))
CALIBRATION = b"""image_width: 640
image_height: 480
camera_name: %s
camera_matrix:
  data: [%s, 0, 0, 0, 500, 0, 0, 0, 1]
distortion_model: plumb_bob
distortion_coefficients:
  data: [0, 0, 0, 0]
"""
ENTRIES = ((256, 12), (257, 9), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 9), (279, 108))
TIFF = b"".join(
    (
        struct.pack("<2sHIH", b"II", 42, 8, len(ENTRIES)),
        *(struct.pack("<HHII", tag, 4, 1, value) for tag, value in ENTRIES),
        struct.pack("<I", 14 + 12 * len(ENTRIES)),
        bytes(200),
    )
)
SFM = b'[{"cameras": {"c": {"projection_type": "brown", "width": 640, "height": 480, "focal": %s}}}]'
FOUND = {
    "thousands of digits in settings": ("settings", b"port = " + DIGITS, "is not TOML: Exceeds the limit"),
    "in a layout of tags": ("tags", b"side_m = " + DIGITS, "not TOML: Exceeds the limit"),
    "in a mount": ("mount", b"x = " + DIGITS, "not TOML: Exceeds the limit"),
    "hundreds in a calibration": ("camera", CALIBRATION % (b"a", b"9" * 400), "value 1 must be a finite number"),
    "in OpenSfM's": ("camera", SFM % (b"9" * 400), "focal_x: must be a finite number"),
    "in COLMAP's": ("camera", b"1 PINHOLE %s 480 500 500 320 240" % DIGITS, "are no pixels of a picture"),
    "infinite when multiplied": ("camera", SFM % b"1e308", "focal_x: must be a finite number"),
    "half a character": ("camera", CALIBRATION % (rb'"\ud800"', b"500"), "camera.yaml, line 3: not YAML"),
    "half a character in JSON": ("camera", SFM.replace(b'"c"', rb'"\ud800"') % b"0.8", "be a valid string"),
    "a value that is a bomb when it is shown": ("camera", b"image_width: " + BOMB, "must be a whole number of pixels"),
    "a bomb of merges": ("camera", b"a0: &a0 {x: 1}\n" + MERGES, "keys cannot be merged"),
    "a TIFF whose second picture has no size": ("photograph", TIFF, "the header is damaged"),
    "a bag's time that is text": ("bag", b"CUT", "cannot be read as a bag"),
    "a bag's metadata that is a nest": ("bag", b"{" * 5000, "cannot be read as a bag"),
}


@pytest.mark.parametrize(("name", "content", "said"), FOUND.values(), ids=FOUND)
def test_what_the_fuzzer_found_is_named(
    name: str, content: bytes, said: str, fuzzing: ModuleType, tmp_path: Path
) -> None:
    if content == b"CUT":
        content = re.sub(rb"(since_epoch: )\d+", rb"\1text", fuzzing.TARGETS["bag"][1][0])
    with pytest.raises(CrackmapError, match=re.escape(said)) as error:
        fuzzing.TARGETS[name][0](content, tmp_path)
    assert len(str(error.value)) < 2000


@pytest.mark.parametrize("content", [DIGITS, b"[" * 100_000, b'{"detail": {}}', b"\xff"])
def test_an_answer_that_is_no_problem_is_given_by_its_status(content: bytes) -> None:
    assert words_of(httpx2.Response(400, content=content)) == "400 Bad Request"


def test_a_scan_in_the_outbox_that_cannot_be_read_is_named(tmp_path: Path, fuzzing: ModuleType) -> None:
    path = tmp_path / "outbox.sqlite"
    path.write_bytes(fuzzing.TARGETS["outbox"][1][0])
    with closing(sqlite3.connect(path, isolation_level=None)) as rows:
        rows.execute("UPDATE header SET body = '{}'")
    with Outbox(path) as outbox, pytest.raises(OutboxError, match="is damaged: a scan in it cannot be read"):
        outbox.scans()
