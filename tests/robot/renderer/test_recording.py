"""Recordings: the files a robot would leave, and the truth beside them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from crackmap.errors import InputError, StorageError
from crackmap_robot.renderer import (
    Formwork,
    PathPose,
    SimulatedCamera,
    Wall,
    independent_covariance,
    lawn_mower,
    make_wall,
    render,
    write_recording,
)

CAMERA = SimulatedCamera(
    width_px=160, height_px=120, fx=180, fy=181, cx=79.5, cy=60.5, k1=-0.1, p2=0.001, shot_noise=0.01
)


@pytest.fixture(scope="module")
def wall() -> Wall:
    return make_wall(2, 0.6, 0.4, 1.0, cracks=2, formwork=Formwork())


@pytest.fixture(scope="module")
def path(wall: Wall) -> tuple[PathPose, ...]:
    covariance = independent_covariance((0.002,) * 3, (0.003,) * 3)
    return lawn_mower(wall, CAMERA, np.random.default_rng(1), distance_m=0.4, covariance=covariance)


def test_the_files_say_what_was_photographed(tmp_path: Path, wall: Wall, path: tuple[PathPose, ...]) -> None:
    seen: list[tuple[int, int]] = []
    photographs = write_recording(
        tmp_path / "new" / "recording", wall, CAMERA, path, seed=9, progress=lambda done, of: seen.append((done, of))
    )
    folder = photographs[0].parent
    assert [file.name for file in photographs] == [f"{number:04}.jpg" for number in range(1, len(path) + 1)]
    assert seen == [(number, len(path)) for number in range(1, len(path) + 1)]

    lines = [json.loads(line) for line in (folder / "poses.jsonl").read_text().splitlines()]
    truth = json.loads((folder / "truth.json").read_text())
    for line, pose, true, file in zip(lines, path, truth["poses"], photographs, strict=True):
        assert line["file"] == true["file"] == file.name
        np.testing.assert_allclose(line["position_m"], pose.reported.position_m)
        np.testing.assert_allclose(line["orientation_xyzw"], pose.reported.orientation_xyzw)
        np.testing.assert_allclose(np.reshape(line["covariance"], (6, 6)), pose.covariance)
        np.testing.assert_allclose(true["position_m"], pose.true.position_m)
        picture = cv2.imread(str(file))
        assert picture is not None
        clean = render(wall, CAMERA, pose.true, np.random.default_rng(0))
        assert np.abs(picture[..., ::-1].astype(int) - clean).mean() < 4

    assert truth["wall"] == {"width_m": 0.6, "height_m": 0.4, "mm_per_px": 1.0}
    assert [crack["crack_id"] for crack in truth["cracks"]] == [crack.crack_id for crack in wall.cracks]
    np.testing.assert_allclose(truth["cracks"][0]["polyline_m"], wall.cracks[0].polyline_m, atol=1e-6)
    assert len(truth["joints"]) == len(wall.joints)


def test_the_camera_file_is_a_ros_camera_info(tmp_path: Path, wall: Wall, path: tuple[PathPose, ...]) -> None:
    write_recording(tmp_path, wall, CAMERA, path[:1], seed=1)
    info = yaml.safe_load((tmp_path / "camera.yaml").read_text())
    assert (info["image_width"], info["image_height"]) == (160, 120)
    assert info["distortion_model"] == "plumb_bob"
    assert info["camera_matrix"] == {"rows": 3, "cols": 3, "data": [180, 0, 79.5, 0, 181, 60.5, 0, 0, 1]}
    assert info["distortion_coefficients"] == {"rows": 1, "cols": 5, "data": [-0.1, 0, 0, 0.001, 0]}
    assert len(info["projection_matrix"]["data"]) == 12
    assert len(info["rectification_matrix"]["data"]) == 9


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path, wall: Wall, path: tuple[PathPose, ...]) -> None:
    for name in ("a", "b"):
        write_recording(tmp_path / name, wall, CAMERA, path[:2], seed=4)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_exact_poses_have_no_covariance(tmp_path: Path, wall: Wall) -> None:
    exact = lawn_mower(wall, CAMERA, np.random.default_rng(1), distance_m=0.4)
    write_recording(tmp_path, wall, CAMERA, exact[:1], seed=1)
    assert json.loads((tmp_path / "poses.jsonl").read_text())["covariance"] is None


def test_a_folder_in_use_or_in_the_way_is_refused(tmp_path: Path, wall: Wall, path: tuple[PathPose, ...]) -> None:
    (tmp_path / "kept.txt").write_text("precious")
    with pytest.raises(InputError, match="not empty"):
        write_recording(tmp_path, wall, CAMERA, path[:1], seed=1)
    with pytest.raises(StorageError, match="cannot be written"):
        write_recording(tmp_path / "kept.txt" / "below", wall, CAMERA, path[:1], seed=1)
