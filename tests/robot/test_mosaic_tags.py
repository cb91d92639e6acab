"""A mosaic whose frame comes from tags in some of its photographs. The wall is the printed card: it has both."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from crackmap.errors import InputError
from crackmap_robot.mosaic.command import Fixing, run_mosaic
from crackmap_robot.poses.file import read_poses
from crackmap_robot.projection.rotation import rotation
from crackmap_robot.proving.card import FAMILY, HEIGHT_MM, TAG_MM, WIDTH_MM, Card
from crackmap_robot.proving.drawing import reflectance
from crackmap_robot.renderer import PathPose, Pose, SimulatedCamera, Wall, looking_at, write_recording

CAMERA = SimulatedCamera(480, 360, 700, 700, 239.5, 179.5, -0.1, 0.02, blur_px=0.6, read_noise=0.004)
MIDDLES = [(0.08, 0.15), (0.14, 0.15), (0.22, 0.15), (0.21, 0.08), (0.15, 0.07)]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Pose]]:
    light = np.round(255 * (0.04 + 0.71 * reflectance(Card(), 8))).astype(np.uint8)
    wall = Wall(WIDTH_MM / 1000, HEIGHT_MM / 1000, 0.125, np.repeat(light[:, :, None], 3, axis=2))
    rng = np.random.default_rng(2)
    poses = [looking_at(middle, 0.26, tuple(rng.normal(0, 0.06, 3))) for middle in MIDDLES]
    folder = tmp_path_factory.mktemp("tagged") / "photos"
    write_recording(folder, wall, CAMERA, [PathPose(pose, pose, np.zeros((6, 6))) for pose in poses], seed=1)
    return folder, poses


def layout(path: Path, numbers: list[int], sigma: str = "sigma_m = 0.0003", shift_m: float = 0.0) -> Path:
    lines = [f'family = "{FAMILY}"', f"side_m = {TAG_MM / 1000}", sigma]
    for number in numbers:
        x_mm, y_mm = Card().tags_mm[number]
        lines += ["[[tag]]", f"id = {number}", f"u_m = {x_mm / 1000 + shift_m}", f"v_m = {(HEIGHT_MM - y_mm) / 1000}"]
    path.write_text("\n".join(lines))
    return path


def test_two_tags_fix_photographs_that_do_not_show_them(recording: tuple[Path, list[Pose]], tmp_path: Path) -> None:
    folder, poses = recording
    fixing = Fixing(tags=layout(tmp_path / "tags.toml", [570, 571]))
    said = list(run_mosaic(folder, folder / "camera.yaml", fixing, tmp_path / "poses.jsonl"))
    rows = read_poses(tmp_path / "poses.jsonl").rows
    assert len(rows) == len(MIDDLES), said
    assert any(line.startswith("2 known places") for line in said), said
    normalised, spread = [], []
    for row, pose in zip(rows, poses, strict=True):
        turned = cv2.Rodrigues(pose.rotation() @ rotation(row.pose.orientation_xyzw).T)[0].ravel()
        error = np.concatenate([np.array(pose.position_m) - row.pose.position_m, turned])
        covariance = np.array(row.pose.covariance).reshape(6, 6)
        normalised.append(float(error @ np.linalg.solve(covariance, error)))
        spread.append(float(np.sqrt(np.trace(covariance[:3, :3]))))
        assert np.linalg.norm(error[:3]) < 0.01
    assert np.mean(normalised) < 16.8, normalised
    assert spread[3] > spread[0], "it grows with the distance from the tags"


def test_without_the_tags_sigma_the_error_is_unknown(recording: tuple[Path, list[Pose]], tmp_path: Path) -> None:
    folder, _ = recording
    fixing = Fixing(tags=layout(tmp_path / "tags.toml", [570, 571], sigma=""))
    list(run_mosaic(folder, folder / "camera.yaml", fixing, tmp_path / "poses.jsonl"))
    assert all(row.pose.covariance is None for row in read_poses(tmp_path / "poses.jsonl").rows)


def test_one_tag_places_nothing(recording: tuple[Path, list[Pose]], tmp_path: Path) -> None:
    folder, _ = recording
    path = layout(tmp_path / "tags.toml", [570])  # one tag says where, but not how large
    with pytest.raises(InputError, match="no photograph could be placed"):
        list(run_mosaic(folder, folder / "camera.yaml", Fixing(tags=path), tmp_path / "poses.jsonl"))
