"""What all frames of a scan are placed with: which errors are known, and how long a frame is read."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crackmap.messages import Capture, Image, Placed, TimeSource
from crackmap.tile_grid import TileGrid
from crackmap_robot.calibration import check_fits
from crackmap_robot.cameras.camera import Photo
from crackmap_robot.headers import recording
from crackmap_robot.placing import ByPoses, by_book, by_poses, by_tags
from crackmap_robot.poses.book import PoseBook
from crackmap_robot.poses.motion import Motion
from crackmap_robot.poses.mount import Mount

SCAN = recording("s", "north", "2026", None)
GRID = TileGrid(400, 300, 100, 100)
PIXELS = np.zeros((300, 400, 3), np.uint8)
CAMERA = """\
image_width: 400
image_height: 300
camera_matrix: {rows: 3, cols: 3, data: [500, 0, 199.5, 0, 500, 149.5, 0, 0, 1]}
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [0, 0, 0, 0, 0]}
"""
SIGMAS = np.array([1, 1, 1, 1, 1e-3, 1e-3, 1e-4, 1e-4, 1e-3])
KNOWN = f"calibration_covariance: {{rows: 9, cols: 9, data: {np.diag(SIGMAS**2).ravel().tolist()}}}\n"
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
SMALL = (1e-6 * np.eye(6)).ravel().tolist()


def photo(name: str = "a.jpg") -> Photo:
    image = Image(sha256="a" * 64, size_bytes=1, media_type="image/jpeg", width_px=400, height_px=300)
    capture = Capture(time_source=TimeSource.SENSOR, captured_utc=NOON, time_sigma_s=0.0)
    return Photo(name, Path(name), image, capture, b"")


def by_time(folder: Path, camera: str, **more: Any) -> ByPoses:
    """Half a metre a second to the right, 1 m in front of the wall."""
    (folder / "camera.yaml").write_text(camera)
    rows = [
        {
            "time_s": NOON.timestamp() + second,
            "position_m": [second / 2, 0, 1],
            "orientation_xyzw": [1, 0, 0, 0],
            "covariance": SMALL,
        }
        for second in (-0.5, 0.5)
    ]
    (folder / "poses.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return by_poses(SCAN, folder / "poses.jsonl", folder / "camera.yaml", **more)


def placed(placing: Any, name: str = "a.jpg") -> Placed:
    found = placing.placement(photo(name), GRID, PIXELS)
    assert isinstance(found, Placed)
    return found


def variances(found: Placed) -> np.ndarray:
    stated = found.tiles.covariances_m2()
    assert stated is not None
    return stated[:, 0] + stated[:, 2]


def test_what_is_not_known_is_said_and_left_out(tmp_path: Path) -> None:
    bare = by_time(tmp_path, CAMERA)
    assert bare.unknown_errors == ("calibration", "flatness")
    assert bare.pose_solution.source == "file poses.jsonl; errors without calibration, flatness"
    calibrated = by_time(tmp_path, CAMERA + KNOWN)
    assert calibrated.unknown_errors == ("flatness",)
    both = by_time(tmp_path, CAMERA + KNOWN, flatness_mm=20)
    assert both.unknown_errors == ()
    assert both.pose_solution.source == "file poses.jsonl"
    pose_only, with_camera, all_of_them = (variances(placed(each)) for each in (bare, calibrated, both))
    # By hand: a pixel is 2 mm; its centre is known to 1 px, each way.
    assert with_camera - pose_only == pytest.approx(np.full(12, 2 * 0.002**2), rel=0.2)
    # In the corner tile the line of sight leans by 150 and 100 px of a focal length of 500.
    assert (all_of_them - with_camera)[0] == pytest.approx(0.02**2 * (0.3**2 + 0.2**2), rel=0.02)


def test_another_flatness_is_another_solution_and_none_is_what_it_was(tmp_path: Path) -> None:
    ids = [by_time(tmp_path, CAMERA, flatness_mm=mm).pose_solution.pose_solution_id for mm in (None, 5.0, 6.0, 5.0)]
    assert len(set(ids)) == 3
    assert ids[1] == ids[3]
    without = by_time(tmp_path, CAMERA)
    assert without.pose_solution.poses_sha256 == without.poses.sha256


def test_a_long_name_keeps_what_is_said_of_errors(tmp_path: Path) -> None:
    (tmp_path / "camera.yaml").write_text(CAMERA)
    name = "p" * 240 + ".csv"
    (tmp_path / name).write_text("file,x_m,y_m,z_m,qx,qy,qz,qw\na.jpg,0,0,1,1,0,0,0\n")
    source = by_poses(SCAN, tmp_path / name, tmp_path / "camera.yaml").pose_solution.source
    assert len(source) == 200
    assert source.endswith("ppp; errors without calibration, flatness")


def test_tags_say_it_too(tmp_path: Path) -> None:
    (tmp_path / "camera.yaml").write_text(CAMERA)
    (tmp_path / "tags.toml").write_text('family = "apriltag_36h11"\nside_m = 0.1\n[[tag]]\nid = 1\nu_m = 0\nv_m = 0\n')
    found = by_tags(SCAN, tmp_path / "tags.toml", tmp_path / "camera.yaml", 3.0)
    assert found.unknown_errors == ("calibration",)
    assert found.scene.uncertainty.flatness_m == 0.003


@pytest.mark.parametrize(("motion", "unknown"), [("0.5 0 0,0 0 0", ()), (",", ("rolling shutter",))])
def test_rows_that_are_read_while_nobody_says_how_the_camera_moves_are_said(
    tmp_path: Path, motion: str, unknown: tuple[str, ...]
) -> None:
    (tmp_path / "camera.yaml").write_text(CAMERA + KNOWN + "readout_s: 0.04\n")
    (tmp_path / "poses.csv").write_text(
        f"file,x_m,y_m,z_m,qx,qy,qz,qw,velocity_m_s,turn_rad_s\na.jpg,0,0,1,1,0,0,0,{motion}\n"
    )
    placing = by_poses(SCAN, tmp_path / "poses.csv", tmp_path / "camera.yaml", 5.0)
    assert placing.unknown_errors == unknown
    moved_m = placed(placing).tiles.centres_m()[-1, 0] - placed(by_time(tmp_path, CAMERA)).tiles.centres_m()[-1, 0]
    assert moved_m == pytest.approx(0 if unknown else 0.02 * 100 / 299, abs=1e-7)
    assert by_time(tmp_path, CAMERA + KNOWN + "readout_s: 0.04\n").unknown_errors == ("flatness",)


@pytest.mark.parametrize(
    ("mount", "unknown"),
    [
        (None, ("calibration", "flatness")),
        (Mount(), ("mount", "calibration", "flatness")),
        (Mount(sigmas=(0.001, 0.001)), ("calibration", "flatness")),
    ],
)
def test_a_mount_of_unknown_error_is_said(tmp_path: Path, mount: Mount | None, unknown: tuple[str, ...]) -> None:
    (tmp_path / "camera.yaml").write_text(CAMERA)
    book = PoseBook(tmp_path / "recordings")
    assert by_book(SCAN, book, "udp:1", tmp_path / "camera.yaml", mount=mount).unknown_errors == unknown


def test_rows_have_their_own_time_where_the_camera_file_says_how_long_a_frame_is_read(tmp_path: Path) -> None:
    """Half a metre a second for 40 ms: 20 mm from the first row to the last, which lie 299 rows apart."""
    once, rows = placed(by_time(tmp_path, CAMERA)), placed(by_time(tmp_path, CAMERA + "readout_s: 0.04\n"))
    off_m = rows.tiles.centres_m() - once.tiles.centres_m()
    middle_rows = (GRID.corners_px()[:, 1] + 49.5 - 149.5) / 299
    assert off_m[:, 0] == pytest.approx(0.02 * middle_rows, abs=1e-7)
    assert off_m[:, 1] == pytest.approx(0, abs=1e-7)
    assert (rows.pose, rows.mm_per_px) == (once.pose, once.mm_per_px)
    assert placed(by_time(tmp_path, CAMERA + "readout_s: 0\n")).tiles == once.tiles


def test_the_book_says_how_the_camera_moved(tmp_path: Path) -> None:
    (tmp_path / "camera.yaml").write_text(CAMERA + "readout_s: 0.04\n")
    book = PoseBook(tmp_path / "recordings")
    pose = placed(by_time(tmp_path, CAMERA)).pose
    (tmp_path / "camera.yaml").write_text(CAMERA + "readout_s: 0.04\n")
    book.write("still.jpg", pose)
    book.write("moving.jpg", pose, Motion((0.5, 0, 0), (0, 0, 0)))
    placing = by_book(SCAN, book, "udp:1", tmp_path / "camera.yaml")
    off_m = placed(placing, "moving.jpg").tiles.centres_m() - placed(placing, "still.jpg").tiles.centres_m()
    assert off_m[0, 0] == pytest.approx(-0.02 * 100 / 299, abs=1e-7)
    assert off_m[-1, 0] == pytest.approx(0.02 * 100 / 299, abs=1e-7)


def test_a_photograph_of_another_size_is_refused(tmp_path: Path) -> None:
    camera = by_time(tmp_path, CAMERA).pose_solution.camera
    with pytest.raises(Exception, match="is for 400 × 300 pixels"):
        check_fits(camera, 401, 300, Path("a.jpg"))
    with pytest.raises(Exception, match="is for 400 × 300 pixels"):
        by_time(tmp_path, CAMERA).placement(photo(), TileGrid(401, 300, 100, 100), PIXELS)


def test_the_summary_says_what_ellipses_do_not_hold(scan: Any, photographs: Path, tmp_path: Path) -> None:
    (tmp_path / "camera.yaml").write_text(CAMERA.replace("400", "150").replace("300", "100"))
    names = sorted(path.name for path in photographs.iterdir())
    rows = "".join(f"{name},0,0,1,1,0,0,0\n" for name in names)
    (tmp_path / "poses.csv").write_text(f"file,x_m,y_m,z_m,qx,qy,qz,qw\n{rows}")
    places = ("--poses", tmp_path / "poses.csv", "--camera", tmp_path / "camera.yaml")
    assert "ellipses     without the error of calibration and flatness, which is not known" in (
        scan(photographs, *places).out
    )
    assert "without the error of calibration, which" in scan(photographs, *places, "--flatness-mm", 5).out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--mm-per-px", 0.5, "--flatness-mm", 5), "--flatness-mm goes with poses or tags"),
        (("--mm-per-px", 0.5, "--flatness-mm", 0), "--flatness-mm 0.0: give millimetres over 0"),
    ],
)
def test_a_flatness_that_cannot_be_is_named(
    scan: Any, photographs: Path, arguments: tuple[object, ...], words: str
) -> None:
    ran = scan(photographs, *arguments)
    assert (ran.code, words in ran.err) == (2, True), ran.err
