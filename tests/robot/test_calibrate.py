"""Calibration: a simulated camera, which knows nothing of the solver, photographs the board; its numbers come out."""

import re
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from crackmap.errors import InputError, SettingError
from crackmap_robot.calibrating.board import Board, SeenBoard
from crackmap_robot.calibrating.camera_yaml import camera_yaml
from crackmap_robot.calibrating.solution import FEWEST_VIEWS, GOOD_VIEWS, solve
from crackmap_robot.calibration import PARAMETERS, read_calibration, read_camera
from crackmap_robot.renderer import Pose, SimulatedCamera, looking_at, pixels_of
from crackmap_robot.renderer.camera import undistorted

TRUE = SimulatedCamera(1280, 960, 1100, 1104, 650, 470, -0.15, 0.05, 0.001, -0.0008, 0.0)
TRUTH = np.array([TRUE.fx, TRUE.fy, TRUE.cx, TRUE.cy, *TRUE.lens])
CHARUCO, CHESSBOARD = Board(11, 8, 0.024, 0.018), Board(10, 7, 0.026)
CORNER_SIGMA_PX = 0.15
DRAWS = 100


def poses(board: Board, count: int, seed: int = 0, tilt_rad: float = 0.6) -> list[Pose]:
    """Cameras around the board, which lies in the surface with v up, as in `places_on_the_surface`."""
    rng = np.random.default_rng(seed)
    width, height = board.size_m
    found = []
    for _ in range(count):
        at = width * rng.uniform(0.2, 0.8), -height * rng.uniform(0.2, 0.8)
        tilt = (*rng.uniform(-tilt_rad, tilt_rad, 2), rng.uniform(-0.6, 0.6))
        found.append(looking_at(at, rng.uniform(0.22, 0.4), tilt))
    return found


def corners(board: Board) -> np.ndarray:
    right, down = np.meshgrid(np.arange(1, board.columns), np.arange(1, board.rows))
    return board.square_m * np.stack([right.ravel(), down.ravel(), np.zeros(right.size)], axis=1)


def seen(board: Board, camera: SimulatedCamera, where: list[Pose], sigma_px: float, seed: int) -> list[SeenBoard]:
    """Corners where the camera sees them, with noise; those outside the picture are missing."""
    rng = np.random.default_rng(seed)
    places = corners(board)
    views = []
    for number, pose in enumerate(where):
        pixels = pixels_of(camera, pose, places[:, :2] * (1, -1)) + rng.normal(0, sigma_px, (len(places), 2))
        inside = ((pixels > 0) & (pixels < (camera.width_px - 1, camera.height_px - 1))).all(axis=1)
        if inside.sum() > 8:
            views.append(SeenBoard(f"{number}.png", pixels[inside], places[inside]))
    return views


FINE = 3
"""Rays along each side of a pixel."""


@cache
def rays_of(camera: SimulatedCamera, x: float, y: float) -> np.ndarray:
    """(h·w, 3): where each pixel looks, at this place inside it."""
    columns, rows = np.meshgrid(np.arange(camera.width_px) + x, np.arange(camera.height_px) + y)
    at = (columns.ravel() - camera.cx) / camera.fx, (rows.ravel() - camera.cy) / camera.fy
    return np.column_stack([*undistorted(*at, camera.lens), np.ones(columns.size)])


def photographed(board: Board, camera: SimulatedCamera, pose: Pose, seed: int) -> np.ndarray:
    """Grey (h, w): rays onto the drawn board, the lens's blur, the sensor's noise."""
    dots = 60
    drawn = board.drawn(dots)
    steps = ((np.arange(FINE) + 0.5) / FINE - 0.5).tolist()
    total = np.zeros((camera.height_px, camera.width_px), np.float32)
    for x in steps:
        for y in steps:
            rays = rays_of(camera, x, y) @ pose.rotation().T
            points = np.array(pose.position_m[:2]) - pose.position_m[2] / rays[:, 2:] * rays[:, :2]
            # A dot's middle is at its number; the margin is half a square.
            at = points * (1, -1) / board.square_m * dots + dots / 2 - 0.5
            there = at.astype(np.float32).reshape(*total.shape, 2)
            total += cv2.remap(drawn, there, None, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=170)
    blurred = cv2.GaussianBlur(total / FINE**2 * 0.8 + 20, (0, 0), 0.7)
    noisy = blurred + np.random.default_rng(seed).normal(0, 2, blurred.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def errors_of(values: tuple[float, ...]) -> np.ndarray:
    return np.array(values) - TRUTH


def test_exact_corners_give_the_exact_camera() -> None:
    found = solve(seen(CHARUCO, TRUE, poses(CHARUCO, 20), 0, 0), 1280, 960)
    np.testing.assert_allclose(found.values[:4], TRUTH[:4], atol=0.05)
    np.testing.assert_allclose(found.values[4:8], TRUTH[4:8], atol=2e-3)
    assert found.rms_px < 0.01
    assert found.doubts() == []


def test_the_stated_errors_are_the_real_ones() -> None:
    """Over many draws, each value's error by its stated standard deviation has one as its root mean square."""
    where = poses(CHARUCO, 8)
    ratios = []
    for seed in range(DRAWS):
        found = solve(seen(CHARUCO, TRUE, where, CORNER_SIGMA_PX, seed), 1280, 960)
        ratios.append(errors_of(found.values) / found.sigmas)
    spread = np.sqrt((np.array(ratios) ** 2).mean(axis=0))
    # The root mean square of 100 draws has a standard deviation of 1/√200: 7 %.
    assert (np.abs(spread - 1) < 0.25).all(), dict(zip(PARAMETERS, spread.round(3), strict=True))


def test_the_stated_errors_go_together_as_the_real_ones_do() -> None:
    """Errors of focal length, centre and lens depend on each other: over many draws the mean NEES is 9."""
    where = poses(CHARUCO, 8)
    nees = []
    for seed in range(DRAWS):
        found = solve(seen(CHARUCO, TRUE, where, CORNER_SIGMA_PX, seed), 1280, 960)
        error = errors_of(found.values)
        nees.append(float(error @ np.linalg.solve(found.covariance, error)))
    # Of 100 draws the mean of chi-squares of 9 has a standard deviation of √(18 / 100) = 0.42.
    assert np.mean(nees) == pytest.approx(9, abs=1.5)


def test_the_stated_errors_are_those_of_opencv() -> None:
    views = seen(CHARUCO, TRUE, poses(CHARUCO, 12), CORNER_SIGMA_PX, 5)
    stated = cv2.calibrateCameraExtended(
        [view.places_m.astype(np.float32) for view in views],
        [view.pixels_px.astype(np.float32) for view in views],
        (1280, 960), np.eye(3), np.zeros(5),
    )[5]  # fmt: skip
    assert solve(views, 1280, 960).sigmas == pytest.approx(np.ravel(stated)[:9], rel=1e-3)


@pytest.mark.parametrize("board", [CHARUCO, CHESSBOARD])
def test_from_photographs_to_a_camera_file(board: Board, crackmap, tmp_path: Path) -> None:
    folder = tmp_path / "photographs"
    folder.mkdir()
    where = (
        poses(board, 60)
        if board.tag_m is not None
        else [
            looking_at((board.size_m[0] * (0.5 + x), -board.size_m[1] * (0.5 + y)), 0.34, (tilt, -tilt / 2, x))
            for x in (-0.15, 0, 0.15)
            for y in (-0.15, 0, 0.15)
            for tilt in (-0.4, 0.4)
        ]
    )
    for number, pose in enumerate(where[:10]):
        Image.fromarray(photographed(board, TRUE, pose, number)).save(folder / f"{number}.png")
    (folder / "99.jpg").write_bytes(b"no photograph")
    kind = "charuco" if board.tag_m else "chessboard"
    ran = crackmap(
        "robot", "calibrate", folder, "--to", tmp_path / "camera.yaml", "--name", "Ümläut: 4 mm", "--board", kind,
        "--columns", board.columns, "--rows", board.rows, "--square-mm", 1000 * board.square_m,
        "--report", tmp_path / "report.html",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    camera, _ = read_camera(tmp_path / "camera.yaml")
    assert (camera.name, camera.width_px, camera.height_px) == ("Ümläut: 4 mm", 1280, 960)
    found = np.array([camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px])
    np.testing.assert_allclose(found, TRUTH[:4], atol=1)
    at = np.array([[[x, y]] for x in (100.0, 640, 1180) for y in (100.0, 480, 860)])
    matrix = np.array([[camera.fx_px, 0, camera.cx_px], [0, camera.fy_px, camera.cy_px], [0, 0, 1]])
    rays = cv2.undistortPoints(at, matrix, np.array(camera.distortion)).reshape(-1, 2)
    right, down = undistorted((at[:, 0, 0] - TRUE.cx) / TRUE.fx, (at[:, 0, 1] - TRUE.cy) / TRUE.fy, TRUE.lens)
    # What matters is where pixels look, from the middle one: the centre alone only turns the camera.
    real = np.stack([right, down], axis=1)
    assert np.abs((rays - rays[4]) - (real - real[4])).max() * TRUE.fx < 0.5
    assert "99.jpg: it is no JPEG" in ran.out
    page = (tmp_path / "report.html").read_text()
    assert "Calibration of Ümläut: 4 mm" in page
    assert page.count("<circle") > 500
    assert "http" not in page.replace("http://www.w3.org", "")


def test_a_board_is_drawn_as_it_is_found(crackmap, tmp_path: Path) -> None:
    for kind, board in (("charuco", CHARUCO), ("chessboard", Board(11, 8, 0.024))):
        path = tmp_path / f"{kind}.png"
        ran = crackmap("robot", "board", path, "--board", kind)
        assert (ran.code, "264 × 192 mm" in ran.out) == (0, True), ran.err
        picture = Image.open(path)
        assert picture.info["dpi"] == pytest.approx((300, 300), abs=1)
        assert picture.size[0] / picture.info["dpi"][0] * 25.4 == pytest.approx(12 * 24, abs=0.1)
        found = board.find(np.array(picture.convert("RGB")), path.name)
        assert isinstance(found, SeenBoard)
        assert len(found.pixels_px) == 70
        dots = 283
        places_px = (found.places_m[:, :2] / 0.024 + 0.5) * dots - 0.5
        turned = kind == "chessboard" and found.pixels_px[0, 0] > found.pixels_px[-1, 0]  # it looks the same
        np.testing.assert_allclose(found.pixels_px[:: -1 if turned else 1], places_px, atol=1.5)
    assert crackmap("robot", "board", tmp_path / "board.pdf").code == 0
    assert (tmp_path / "board.pdf").read_bytes().startswith(b"%PDF")
    assert "are written as .png" in crackmap("robot", "board", tmp_path / "board.docx").err


def test_a_view_that_does_not_fit_is_left_out_and_named() -> None:
    views = seen(CHARUCO, TRUE, poses(CHARUCO, 16), CORNER_SIGMA_PX, 1)
    bent = views[3]
    wave = 6 * np.sin(bent.places_m[:, :1] / 0.03)
    views[3] = SeenBoard("bent.png", bent.pixels_px + wave, bent.places_m)
    found = solve(views, 1280, 960)
    assert found.left_out == ("bent.png",)
    assert "bent.png did not fit the others" in found.doubts()[-1]
    assert np.abs(errors_of(found.values)[:2]).max() < 5


def test_what_is_doubtful_is_said() -> None:
    few = solve(seen(CHARUCO, TRUE, poses(CHARUCO, FEWEST_VIEWS), 0.1, 1), 1280, 960)
    assert f"take {GOOD_VIEWS} or more" in " ".join(few.doubts())
    flat = [looking_at((0.13, -0.1), distance, (0.01, 0.01, turn)) for distance in (0.5, 0.6, 0.7) for turn in range(5)]
    doubts = " ".join(solve(seen(CHARUCO, TRUE, flat, 0.1, 1), 1280, 960).doubts())
    assert "cannot be told apart" in doubts
    assert "guessed in the rest" in doubts
    with pytest.raises(InputError, match="5 is the least"):
        solve(seen(CHARUCO, TRUE, poses(CHARUCO, 4), 0.1, 1), 1280, 960)


def test_the_file_reads_back_to_the_last_digit(tmp_path: Path) -> None:
    found = solve(seen(CHARUCO, TRUE, poses(CHARUCO, 8), 0.2, 3), 1280, 960)
    (tmp_path / "camera.yaml").write_text(camera_yaml(found, 'a "b" \\ c'))
    camera, _ = read_camera(tmp_path / "camera.yaml")
    assert (camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px, *camera.distortion) == found.values
    assert camera.name == 'a "b" \\ c'
    assert read_calibration(tmp_path / "camera.yaml").covariance == tuple(found.covariance.ravel().tolist())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((3, 8, 0.02), "4 squares or more"),
        ((11, 8, 0.02, 0.03), "less than a square's side"),
        ((11, 8, 0.02, 0.01, "no"), "--family no: is not known"),
        ((20, 20, 0.02, 0.01, "4x4_50"), "has 50 tags, the board needs 200"),
        ((11, 8, 0.0), "--square-mm 0: give millimetres"),
    ],
)
def test_a_board_that_cannot_be_is_named(arguments: tuple, words: str) -> None:
    with pytest.raises(SettingError, match=re.escape(words)):
        Board(*arguments)


def test_photographs_without_the_board_or_of_two_sizes(crackmap, photographs: Path, tmp_path: Path) -> None:
    ran = crackmap("robot", "calibrate", photographs, "--to", tmp_path / "camera.yaml")
    assert (ran.code, "the board is in no photograph (img1.jpg: no tag of the board is seen" in ran.err) == (2, True)
    Image.new("RGB", (300, 200)).save(photographs / "img3.jpg")
    ran = crackmap("robot", "calibrate", photographs, "--to", tmp_path / "camera.yaml")
    assert "img3.jpg has 300 × 200 pixels, img1.jpg has 150 × 100" in ran.err
    assert not (tmp_path / "camera.yaml").exists()
