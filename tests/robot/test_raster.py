"""A gantry's raster as poses, and tags as fixes: by the command, into files that a scan takes."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import ExifTags, Image

from crackmap.errors import InputError
from crackmap_robot.poses.file import read_poses
from crackmap_robot.poses.fixes import read_fixes
from crackmap_robot.poses.raster import Raster

from .camera_files import camera_file

NAMES = [f"{number}.jpg" for number in range(6)]


def surface(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "crackmap", "surface", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("serpentine", "columns"), [(False, [0, 1, 2, 0, 1, 2]), (True, [0, 1, 2, 2, 1, 0])])
def test_rows_and_columns(serpentine: bool, columns: list[int]) -> None:
    raster = Raster(3, (1.0, 2.0), (0.5, -0.4), 0.6, serpentine, None, None)
    rows = list(raster.rows(NAMES))
    assert [row.file for row in rows] == NAMES
    for number, (row, column) in enumerate(zip(rows, columns, strict=True)):
        assert row.pose.position_m == pytest.approx((1 + 0.5 * column, 2 - 0.4 * (number // 3), 0.6))
        assert row.pose.covariance is None


def test_photographs_that_do_not_fill_the_rows_are_refused() -> None:
    with pytest.raises(InputError, match="6 photographs do not fill rows of 4: 2 are left"):
        list(Raster(4, (0, 0), (1, 1), 1, False, None, None).rows(NAMES))


def test_the_command_writes_a_pose_file(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(1, 5):
        Image.new("RGB", (32, 32)).save(folder / f"img{number if number > 1 else 10}.jpg")
    steps = ("--columns", 2, "--step-u-m", 0.3, "--step-v-m", -0.2, "--distance-m", 0.5, "--serpentine")
    ran = surface("raster", folder, "--to", tmp_path / "poses.jsonl", *steps, "--sigma-mm", 1, "--sigma-deg", 0.2)
    assert ran.returncode == 0, ran.stderr
    found = read_poses(tmp_path / "poses.jsonl")
    assert [row.file for row in found.rows] == ["img2.jpg", "img3.jpg", "img4.jpg", "img10.jpg"]
    places = [row.pose.position_m[:2] for row in found.rows]
    assert np.array(places) == pytest.approx(np.array([(0, 0), (0.3, 0), (0.3, -0.2), (0, -0.2)]))
    covariance = found.rows[0].pose.covariance
    assert covariance is not None
    assert covariance[0] == pytest.approx(1e-6)


CAMERA = camera_file(640, 480, 600)
TAGS = """\
family = "apriltag_36h11"
side_m = 0.06
sigma_m = 0.001
[[tag]]
id = 1
u_m = 0.0
v_m = 0.0
[[tag]]
id = 2
u_m = 0.3
v_m = 0.1
"""


def test_photographs_of_tags_become_fixes_with_their_time(tmp_path: Path) -> None:
    """Squarely in front of two tags, 0.6 m away: a millimetre a pixel."""
    folder = tmp_path / "photos"
    folder.mkdir()
    (tmp_path / "camera.yaml").write_text(CAMERA)
    (tmp_path / "tags.toml").write_text(TAGS)
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36h11)
    for number, middle in enumerate([(0.1, 0.05), (0.2, 0.02)]):
        wall = np.full((480, 640), 200, np.uint8)
        for tag, (u, v) in {1: (0.0, 0.0), 2: (0.3, 0.1)}.items():
            left, top = round(319.5 + 1000 * (u - middle[0])) - 30, round(239.5 - 1000 * (v - middle[1])) - 30
            wall[top : top + 60, left : left + 60] = cv2.aruco.generateImageMarker(dictionary, tag, 60)
        exif = Image.Exif()
        inside = exif.get_ifd(ExifTags.IFD.Exif)
        inside[ExifTags.Base.DateTimeOriginal] = f"2027:03:04 05:06:{number + 7:02}"
        inside[ExifTags.Base.OffsetTimeOriginal] = "+00:00"
        Image.fromarray(wall).convert("RGB").save(folder / f"{number}.jpg", exif=exif, quality=95)
    Image.new("RGB", (640, 480)).save(folder / "9.jpg")
    ran = surface(
        "fixes",
        folder,
        "--tags",
        tmp_path / "tags.toml",
        "--camera",
        tmp_path / "camera.yaml",
        "--to",
        tmp_path / "fixes.jsonl",
    )
    assert ran.returncode == 0, ran.stderr
    assert "1 photographs without a fix: no tag of the layout is in the picture" in ran.stdout
    found = read_fixes(tmp_path / "fixes.jsonl")
    assert [fix.time_s % 60 for fix in found] == [7, 8]
    for fix, middle in zip(found, [(0.1, 0.05), (0.2, 0.02)], strict=True):
        assert fix.position_m == pytest.approx((*middle, 0.6), abs=0.006)
        assert fix.covariance.shape == (6, 6)
    assert json.loads((tmp_path / "fixes.jsonl").read_text().splitlines()[0])["covariance"]
