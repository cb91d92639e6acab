"""A Raspberry Pi's camera, with a small module in Picamera2's place: none of it can be run without one."""

import importlib.util
import itertools
import json
import textwrap
from pathlib import Path
from threading import Event

import cv2
import numpy as np
import pytest

from crackmap_robot.cameras.camera import Quiet
from crackmap_robot.cameras.grabbed import Still
from crackmap_robot.cameras.grabber import Grab
from crackmap_robot.cameras.live import LiveCamera

STAND_IN = """
import json
import os
import numpy as np

class Picamera2:
    def __init__(self, number):
        if number > 0:
            raise IndexError("list index out of range")
        self.asked = {"number": number}

    def create_video_configuration(self, main, controls):
        self.asked |= {"main": main, "controls": controls}
        return main

    def configure(self, main):
        self.size = main.get("size", (64, 48))

    def start(self):
        with open(os.environ["ASKED"], "w") as file:
            json.dump(self.asked, file)

    def capture_array(self, name):
        assert name == "main"
        width, height = self.size
        frame = np.zeros((height, width, 3), np.uint8)
        frame[:, :, 2] = 255  # red, where OpenCV has it
        return frame
"""


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-in is installed; what is asked of it is written here."""
    (tmp_path / "picamera2.py").write_text(textwrap.dedent(STAND_IN))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("ASKED", str(tmp_path / "asked.json"))
    return tmp_path / "asked.json"


def first(grab: Grab) -> Still | str:
    """A frame, or why there is none."""
    stop = Event()
    for item in itertools.islice(LiveCamera(grab, 30.0, stop.wait).stills(), 400):
        if isinstance(item, Still) or item.why:
            stop.set()
            return item if isinstance(item, Still) else item.why
        assert isinstance(item, Quiet)
    raise AssertionError("neither a frame nor a reason")


def test_a_frame_comes_with_what_was_asked_and_its_colours_in_order(asked: Path) -> None:
    still = first(Grab("csi:0", 80, 60, frames_per_s=5, exposure_ms=2.5, focus=1.5))
    assert isinstance(still, Still)
    pixels = cv2.imdecode(np.frombuffer(still.content, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert pixels.shape == (60, 80, 3)
    assert (pixels.reshape(-1, 3).mean(axis=0) > [240, -1, -1]).all()
    assert pixels[:, :, 2].mean() < 15
    assert json.loads(asked.read_text()) == {
        "number": 0,
        "main": {"format": "RGB888", "size": [80, 60]},
        "controls": {"FrameRate": 5, "AeEnable": False, "ExposureTime": 2500, "AfMode": 0, "LensPosition": 1.5},
    }


def test_without_settings_the_camera_chooses(asked: Path) -> None:
    assert isinstance(first(Grab("csi:0")), Still)
    assert json.loads(asked.read_text()) == {"number": 0, "main": {"format": "RGB888"}, "controls": {}}


@pytest.mark.parametrize(
    ("source", "said"),
    [("csi:1", "cannot be opened (list index out of range): is it plugged in"), ("csi:front", "must be csi:NUMBER")],
)
def test_what_cannot_be_opened_says_why(asked: Path, source: str, said: str) -> None:
    assert said in str(first(Grab(source)))


@pytest.mark.skipif(importlib.util.find_spec("picamera2") is not None, reason="it is installed")
def test_without_picamera2_it_says_how_to_get_it() -> None:
    assert "apt-get install python3-picamera2" in str(first(Grab("csi:0")))
