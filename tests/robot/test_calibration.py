"""Camera files: what is read, and how bad ones are refused."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crackmap.errors import InputError
from crackmap_robot.calibration import Calibration, check_fits, read_calibration, read_camera
from crackmap_robot.camera_file import CalibrationError

GOOD = """\
image_width: 1600
image_height: 1200
camera_name: crawler
camera_matrix:
  rows: 3
  cols: 3
  data: [1500.5, 0., 790.25, 0., 1501.0, 610.0, 0., 0., 1.]
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: [-0.2, 0.05, 1e-3, -1.0e-03, 0.01]
rectification_matrix:
  rows: 3
  cols: 3
  data: [1., 0., 0., 0., 1., 0., 0., 0., 1.]
projection_matrix:
  rows: 3
  cols: 4
  data: [1480., 0., 790., 0., 0., 1480., 610., 0., 0., 0., 1., 0.]
"""
TOKENS = [b".nan", b"1e999", b"[", b"{", b"&a ", b"*a", b"!!python/object:x ", b"\t", b"12:30:45", b"2020-13-01", b"? "]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "camera.yaml"


def test_what_a_calibrator_writes_is_read(file: Path) -> None:
    file.write_text(GOOD)
    camera, sha256 = read_camera(file)
    assert (camera.name, camera.width_px, camera.height_px) == ("crawler", 1600, 1200)
    assert (camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px) == (1500.5, 1501.0, 790.25, 610.0)
    assert camera.distortion == (-0.2, 0.05, 0.001, -0.001, 0.01)  # 1e-3, which YAML 1.1 reads as text, too
    assert sha256 == hashlib.sha256(GOOD.encode()).hexdigest()


@given(
    pinhole=st.tuples(st.floats(100, 1e4), st.floats(100, 1e4), st.floats(0, 4000), st.floats(0, 3000)),
    lens=st.lists(st.floats(-1, 1), min_size=4, max_size=5),
    upright=st.booleans(),
    old=st.booleans(),
)
@settings(max_examples=40)
def test_what_opencv_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    pinhole: tuple[float, float, float, float],
    lens: list[float],
    upright: bool,
    old: bool,
) -> None:
    file = tmp_path_factory.getbasetemp() / "opencv.yaml"
    fx, fy, cx, cy = pinhole
    storage = cv2.FileStorage(str(file), cv2.FILE_STORAGE_WRITE)
    storage.write("calibration_time", "Fri 27 Nov 2026 10:00:00")
    storage.write("image_width", 4000)
    storage.write("image_height", 3000)
    storage.write("camera_matrix", np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]))
    storage.write("distortion_coefficients", np.array([lens]).T if upright else np.array([lens]))
    storage.release()
    text = file.read_text()
    assert text.startswith("%YAML")
    if old:  # as OpenCV up to version 4 begins
        file.write_text("%YAML:1.0\n" + text.partition("\n")[2])
    camera = read_camera(file)[0]
    assert (camera.width_px, camera.height_px) == (4000, 3000)
    assert (camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px) == pytest.approx(pinhole, rel=1e-15)
    assert camera.distortion == pytest.approx([*lens, 0.0][:5], rel=1e-15)


def test_a_lens_model_with_more_coefficients_is_refused_with_its_line(file: Path) -> None:
    storage = cv2.FileStorage(str(file), cv2.FILE_STORAGE_WRITE)
    storage.write("image_width", 1600)
    storage.write("image_height", 1200)
    storage.write("camera_matrix", np.eye(3))
    storage.write("distortion_coefficients", np.zeros((1, 8)))
    storage.release()
    with pytest.raises(CalibrationError, match=r"line \d+, distortion_coefficients\.data: must be a list of 4 or 5"):
        read_camera(file)


def test_four_coefficients_leave_k3_at_zero(file: Path) -> None:
    file.write_text(GOOD.replace("1e-3, -1.0e-03, 0.01]", "0.001, -0.001]").replace("cols: 5", "cols: 4"))
    assert read_camera(file)[0].distortion == (-0.2, 0.05, 0.001, -0.001, 0.0)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("image_width: 1600", "image_width: 0", "line 1, image_width: must be a whole number of pixels"),
        ("image_width: 1600", "image_width: 1600.5", "line 1, image_width"),
        ("image_width: 1600", "image_width: true", "line 1, image_width"),
        ("image_height: 1200", "image_heigth: 1200", "image_height: is missing"),
        ("camera_name: crawler", "camera_name: [a]", "line 3, camera_name"),
        (
            "1500.5, 0., 790.25",
            ".nan, 0., 790.25",
            "line 7, camera_matrix.data: value 1 must be a finite number, not nan",
        ),
        ("1500.5, 0., 790.25", "1500.5, 0., .inf", "line 7, camera_matrix.data: value 3"),
        (
            "1500.5, 0., 790.25",
            "1500.5, 0., wide",
            "line 7, camera_matrix.data: value 3 must be a finite number, not 'wide'",
        ),
        (
            "1500.5, 0., 790.25",
            "1500.5, 790.25",
            "line 7, camera_matrix.data: must be a list of 9 numbers, not 8 values",
        ),
        ("1500.5, 0., 790.25", "-1500.5, 0., 790.25", "line 7, camera_matrix.data: the focal length fx must be over 0"),
        ("0., 1501.0", "0., 0.0", "line 7, camera_matrix.data: the focal length fy must be over 0"),
        (
            "1500.5, 0., 790.25",
            "1500.5, 0.3, 790.25",
            "line 7, camera_matrix.data: value 2 is the skew and must be 0, not 0.3",
        ),
        ("610.0, 0., 0., 1.]", "610.0, 0., 0., 2.]", "line 7, camera_matrix.data: must read fx, 0, cx"),
        ("camera_matrix:\n  rows: 3", "camera_matrix: 7\nother:\n  rows: 3", "line 4, camera_matrix: must hold rows"),
        ("plumb_bob", "rational_polynomial", "line 8, distortion_model: must be plumb_bob, not 'rational_polynomial'"),
        ("plumb_bob", "equidistant", "calibrate again"),
        (
            "1e-3, -1.0e-03, 0.01]",
            "0.001]",
            "line 12, distortion_coefficients.data: must be a list of 4 or 5 numbers, not 3",
        ),
        ("-0.2, 0.05", "-0.2, .nan", "line 12, distortion_coefficients.data: value 2"),
        ("  cols: 5\n", "\tcols: 5\n", "line 11: not YAML"),
        ("crawler", "!!opencv-matrix crawler", "line 3: not YAML: an opencv-matrix must be a mapping"),
        ("image_width: 1600", "%YAML:1.0", "line 2, image_width: is missing"),
        (GOOD, "", "line 1: holds no keys"),
        (GOOD, "just words", "line 1: holds no keys"),
        (GOOD, "2001-13-45", "not YAML"),
        (GOOD, "{" * 5000, "not YAML"),
        (GOOD, "[" * 5000, "must hold one reconstruction"),
        (GOOD, "#" * 1_100_000, "no calibration"),
    ],
)
def test_what_is_wrong_is_named(file: Path, old: str, new: str, words: str) -> None:
    assert old in GOOD
    file.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(CalibrationError) as caught:
        read_camera(file)
    assert str(file) in str(caught.value)
    assert words in str(caught.value)


def test_bytes_that_are_no_text_and_files_that_are_not_there(file: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_camera(file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8 text at byte 0"):
        read_camera(file)
    with pytest.raises(InputError, match="directory"):
        read_camera(file.parent)


def test_a_picture_of_another_size_is_refused(file: Path) -> None:
    file.write_text(GOOD)
    camera, _ = read_camera(file)
    check_fits(camera, 1600, 1200, Path("a.jpg"))
    with pytest.raises(
        CalibrationError, match=r"a\.jpg has 800 × 600 pixels, .*'crawler' is for 1600 × 1200.*--camera"
    ):
        check_fits(camera, 800, 600, Path("a.jpg"))
    with pytest.raises(CalibrationError, match="not turned"):
        check_fits(camera, 1200, 1600, Path("a.jpg"))


@settings(max_examples=150)
@given(place=st.integers(0, len(GOOD)), cut=st.integers(0, 12), put=st.binary(max_size=6) | st.sampled_from(TOKENS))
def test_whatever_is_damaged_is_read_or_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, place: int, cut: int, put: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "damaged.yaml"
    good = GOOD.encode()
    file.write_bytes(good[:place] + put + good[place + cut :])
    with suppress(InputError):
        camera, _ = read_camera(file)
        assert camera.fx_px > 0


SIGMAS = np.array([1.2, 1.3, 0.8, 0.9, 4e-3, 1e-2, 2e-4, 3e-4, 8e-3])


def with_covariance(matrix: np.ndarray) -> str:
    numbers = ", ".join(map(repr, matrix.ravel().tolist()))
    return f"{GOOD}calibration_covariance:\n  rows: 9\n  cols: 9\n  data: [{numbers}]\n"


def test_how_exact_it_is_and_how_long_a_frame_is_read(file: Path) -> None:
    file.write_text(GOOD)
    assert read_calibration(file) == Calibration(*read_camera(file))
    known = np.outer(SIGMAS, SIGMAS) * (0.7 * np.eye(9) + 0.3)
    file.write_text(f"readout_s: 0.0305\n{with_covariance(known)}")
    found = read_calibration(file)
    assert found.readout_s == 0.0305
    assert np.array(found.covariance).reshape(9, 9) == pytest.approx(known)
    file.write_text(f"readout_s: 0\n{GOOD}")
    assert read_calibration(file).readout_s is None


def test_a_coefficient_that_was_held_is_exact_and_a_perfect_calibration_is_unknown(file: Path) -> None:
    held = np.diag(SIGMAS**2)
    held[8, 8] = 0.0
    file.write_text(with_covariance(held))
    assert np.array(read_calibration(file).covariance).reshape(9, 9) == pytest.approx(held)
    for matrix in (np.zeros((9, 9)), np.diag([0.0, *SIGMAS[1:] ** 2])):
        file.write_text(with_covariance(matrix))
        assert read_calibration(file).covariance is None


def test_opencv_still_reads_a_file_with_our_keys(file: Path) -> None:
    file.write_text("%YAML:1.0\n---\n" + with_covariance(np.diag(SIGMAS**2)) + "readout_s: 0.02\n")
    storage = cv2.FileStorage(str(file), cv2.FILE_STORAGE_READ)
    assert storage.getNode("image_width").real() == 1600
    assert storage.getNode("distortion_model").string() == "plumb_bob"
    storage.release()
    assert read_calibration(file).readout_s == 0.02


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (with_covariance(np.diag(SIGMAS) + np.eye(9, k=1)), "calibration_covariance.data: is not symmetric"),
        (with_covariance(-np.diag(SIGMAS)), "is not positive semi-definite"),
        (with_covariance(np.eye(8)), "must be a list of 81 numbers, not 64 values"),
        (GOOD + "calibration_covariance: 3\n", "calibration_covariance: must hold rows, cols and data"),
        (GOOD + "readout_s: -0.1\n", "readout_s: must be seconds from the first row to the last"),
        (GOOD + "readout_s: 30\n", "readout_s: must be seconds"),
        (GOOD + "readout_s: fast\n", "readout_s: it must be a finite number, not 'fast'"),
        (GOOD + "readout_s: .nan\n", "readout_s: it must be a finite number"),
    ],
)
def test_what_is_said_of_its_errors_and_is_wrong_is_named(file: Path, text: str, words: str) -> None:
    file.write_text(text)
    with pytest.raises(CalibrationError, match=re.escape(words)):
        read_calibration(file)
