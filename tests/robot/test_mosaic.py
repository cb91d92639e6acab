"""`crackmap surface mosaic`: overlapping photographs of simulated walls in, their poses out."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from crackmap.errors import InputError
from crackmap_robot.mosaic.command import Fixing, run_mosaic
from crackmap_robot.poses.file import read_poses
from crackmap_robot.projection.rotation import rotation
from crackmap_robot.renderer import (
    PathPose,
    Pose,
    SimulatedCamera,
    Wall,
    looking_at,
    make_wall,
    pixels_of,
    surface_points_m,
    write_recording,
)
from crackmap_robot.renderer.recording import camera_info

CAMERA = SimulatedCamera(480, 360, 520, 520, 239.5, 179.5, -0.1, 0.02, blur_px=0.6, shot_noise=0.02, read_noise=0.004)
WIDTH_M, HEIGHT_M, DISTANCE_M = 0.62, 0.34, 0.28
MARK_SIGMA_M = 0.0003


@dataclass(frozen=True)
class Recording:
    """A folder of photographs, and the poses that they were taken from."""

    folder: Path
    poses: dict[str, Pose]

    @property
    def camera(self) -> Path:
        return self.folder / "camera.yaml"


@cache
def wall(seed: int) -> Wall:
    return make_wall(seed, WIDTH_M, HEIGHT_M, 0.35, cracks=2)


def recorded(folder: Path, seed: int, middles: list[tuple[float, float]]) -> Recording:
    """Photographs of these middles, from a hand that does not hold still."""
    rng = np.random.default_rng(seed)
    poses = [
        looking_at(middle, DISTANCE_M * rng.uniform(0.93, 1.07), tuple(rng.normal(0, (0.07, 0.07, 0.05))))
        for middle in middles
    ]
    path = [PathPose(pose, pose, np.zeros((6, 6))) for pose in poses]
    files = write_recording(folder, wall(seed), CAMERA, path, seed=seed)
    return Recording(folder, dict(zip([file.name for file in files], poses, strict=True)))


MIDDLES = [
    (0.13 + 0.12 * column, 0.11 + 0.12 * row)
    for row, columns in ((0, range(4)), (1, range(3, -1, -1)))
    for column in columns
]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return recorded(tmp_path_factory.mktemp("mosaic") / "photos", 1, MIDDLES)


def marks(recording: Recording, path: Path, seed: int, shift: float = 0.0) -> Path:
    """A table of four marks near the corners of the wall, each in the first photograph that shows it."""
    rng = np.random.default_rng(seed)
    lines = ["name,file,x_px,y_px,u_m,v_m,sigma_m"]
    for number, place in enumerate([(0.08, 0.07), (0.54, 0.08), (0.53, 0.27), (0.09, 0.26)]):
        for file, pose in recording.poses.items():
            x, y = pixels_of(CAMERA, pose, np.array([place]))[0]
            if 5 < x < CAMERA.width_px - 6 and 5 < y < CAMERA.height_px - 6:
                u, v = place + rng.normal(0, MARK_SIGMA_M, 2)
                x, y = np.array([x, y]) + rng.normal(0, 1.0, 2)
                lines.append(f"m{number},{file},{x},{y},{u + shift * (number == 2)},{v},{MARK_SIGMA_M}")
                break
    path.write_text("\n".join(lines))
    return path


def errors(recording: Recording, poses: Path) -> tuple[np.ndarray, np.ndarray]:
    """(n, 6) errors and (n, 6, 6) stated covariances of the poses in a file."""
    rows = read_poses(poses).rows
    found = []
    for row in rows:
        true = recording.poses[row.file]
        turned = cv2.Rodrigues(true.rotation() @ rotation(row.pose.orientation_xyzw).T)[0].ravel()
        found.append(np.concatenate([np.array(true.position_m) - row.pose.position_m, turned]))
    return np.array(found), np.array([row.pose.covariance for row in rows]).reshape(-1, 6, 6)


def test_on_many_walls_the_errors_are_as_large_as_is_said(
    tmp_path_factory: pytest.TempPathFactory, recording: Recording
) -> None:
    """Mean NEES of six numbers a pose. Photographs of a wall share their errors: only walls are independent."""
    means, worst_mm = [], []
    for seed in range(1, 7):
        folder = tmp_path_factory.mktemp("walls")
        one = recording if seed == 1 else recorded(folder / "photos", seed, MIDDLES[:4])
        fixing = Fixing(marks=marks(one, folder / "marks.csv", seed))
        said = list(run_mosaic(one.folder, one.camera, fixing, folder / "p"))
        away, covariances = errors(one, folder / "p")
        assert len(away) == len(one.poses), said
        means.append(float(np.einsum("ni,nij,nj->n", away, np.linalg.inv(covariances), away).mean()))
        worst_mm.append(1000 * float(np.linalg.norm(away[:, :3], axis=1).max()))
    print(f"NEES {np.mean(means):.2f} ± {np.std(means) / np.sqrt(len(means)):.2f}, worst {max(worst_mm):.2f} mm")
    assert 2.5 < np.mean(means) < 10, means
    assert max(worst_mm) < 6


def test_one_photograph_gives_scale_and_frame(recording: Recording, tmp_path: Path, crackmap) -> None:
    first = next(iter(recording.poses.values()))
    middle = np.array([[(CAMERA.width_px - 1) / 2, (CAMERA.height_px - 1) / 2]])
    around = surface_points_m(CAMERA, first, middle + np.array([[-0.5, 0], [0.5, 0], [0, -0.5], [0, 0.5]]))
    across, down = around[1] - around[0], around[3] - around[2]
    mm_per_px = 1000 * float(np.sqrt(abs(across[0] * down[1] - across[1] * down[0])))
    to, fixed = tmp_path / "poses.jsonl", ("--camera", recording.camera, "--mm-per-px", mm_per_px)
    result = crackmap("surface", "mosaic", recording.folder, *fixed, "--scale-sigma-percent", 1, "--to", to)
    assert result.code == 0, result.err
    assert "8 photographs" in result.out
    rows = read_poses(to).rows
    assert [row.file for row in rows] == list(recording.poses)
    there = np.array([row.pose.position_m for row in rows])
    true = np.array([pose.position_m for pose in recording.poses.values()])
    apart, real = (np.linalg.norm(each - each[0], axis=1) for each in (there, true))
    np.testing.assert_allclose(apart, real, atol=0.004)
    variances = np.array([row.pose.covariance for row in rows]).reshape(-1, 6, 6)[:, :3, :3]
    assert np.sqrt(np.trace(variances[3])) > 0.01 * real[3] * 0.9, "1 % of the way is not known"


def test_a_scan_takes_the_poses(recording: Recording, tmp_path: Path, scan) -> None:
    to = tmp_path / "poses.jsonl"
    list(run_mosaic(recording.folder, recording.camera, Fixing(marks=marks(recording, tmp_path / "m.csv", 1)), to))
    result = scan(recording.folder, "--poses", to, "--camera", recording.camera)
    assert result.code == 0, result.err
    assert "without a place" not in result.out


def test_what_cannot_be_joined_is_named_with_the_reason(recording: Recording, tmp_path: Path, crackmap) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    names = sorted(recording.poses)
    for name in names[:3]:
        shutil.copy(recording.folder / name, folder / name)
    smooth = np.full((CAMERA.height_px, CAMERA.width_px, 3), 128, np.uint8)
    Image.fromarray(smooth).save(folder / "smooth.jpg")
    Image.fromarray(smooth[:100]).save(folder / "small.jpg")
    (folder / "torn.jpg").write_bytes((recording.folder / names[0]).read_bytes()[:2000])
    other = recorded(tmp_path / "other", 2, MIDDLES[:3])
    for name in other.poses:
        shutil.copy(other.folder / name, folder / f"other-{name}")
    to = tmp_path / "poses.jsonl"
    fixed = ("--camera", recording.camera, "--mm-per-px", 0.5, "--to", to)
    result = crackmap("surface", "mosaic", folder, *fixed)
    assert result.code == 0, result.err
    assert [row.file for row in read_poses(to).rows] == names[:3]
    lines = result.out.splitlines()
    assert "3 of unknown error" in result.out
    assert any(line.startswith("not placed: smooth.jpg: shows only 0 features") for line in lines), lines
    assert any(line.startswith("refused: ") and "torn.jpg" in line for line in lines), lines
    assert any(line.startswith("refused: ") and "small.jpg" in line for line in lines), lines
    assert any(
        line.startswith("not placed: other-0001.jpg, other-0002.jpg, other-0003.jpg: overlap with each other, but not")
        for line in lines
    ), lines


def test_a_mark_that_was_measured_wrong_is_named(recording: Recording, tmp_path: Path) -> None:
    fixing = Fixing(marks=marks(recording, tmp_path / "marks.csv", 1, shift=0.02))
    said = list(run_mosaic(recording.folder, recording.camera, fixing, tmp_path / "poses.jsonl"))
    assert any("worst mark m2" in line for line in said), said
    assert any(line.startswith("warning: known places are farther off") for line in said), said
    away, covariances = errors(recording, tmp_path / "poses.jsonl")
    assert np.einsum("ni,nij,nj->n", away, np.linalg.inv(covariances), away).mean() < 12, "the error was enlarged"


def test_mirrored_marks_are_refused(recording: Recording, tmp_path: Path) -> None:
    table = marks(recording, tmp_path / "marks.csv", 1)
    head, *rows = table.read_text().splitlines()
    swapped = [",".join([*cells[:4], cells[5], cells[4], cells[6]]) for cells in (row.split(",") for row in rows)]
    table.write_text("\n".join([head, *swapped]))
    with pytest.raises(InputError, match="mirrored"):
        list(run_mosaic(recording.folder, recording.camera, Fixing(marks=table), tmp_path / "poses.jsonl"))


HEAD = "name,file,x_px,y_px,u_m,v_m,sigma_m\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,file\n", "line 1: no column x_px, y_px, u_m, v_m"),
        (HEAD + "a,0001.jpg,1,2,3\n", "line 2: has 5 values"),
        (HEAD + ",0001.jpg,1,2,3,4,1\n", "line 2, name: is empty"),
        (HEAD + "a,,1,2,3,4,1\n", "line 2, file: is empty"),
        (HEAD + "a,0001.jpg,1,2,3,x,1\n", "line 2, v_m: 'x' is not a finite number"),
        (HEAD + "a,0001.jpg,1,2,3,4,0\n", "line 2, sigma_m: 0.0 is no standard deviation"),
        (HEAD + "a,0001.jpg,1,2,3,4,1\na,0002.jpg,1,2,3,5,1\n", "line 3, u_m: mark 'a' is at (3.0, 4.0) in line 2"),
        (HEAD + "a,gone.jpg,1,2,3,4,1\n", "file: gone.jpg: no such photograph"),
    ],
)
def test_a_bad_table_of_marks_is_refused(tmp_path: Path, crackmap, text: str, said: str) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.fromarray(np.full((360, 480, 3), 128, np.uint8)).save(folder / "0001.jpg")
    (tmp_path / "marks.csv").write_text(text)
    (tmp_path / "camera.yaml").write_text(camera_info(CAMERA))
    fixed = ("--camera", tmp_path / "camera.yaml", "--marks", tmp_path / "marks.csv", "--to", tmp_path / "p")
    result = crackmap("surface", "mosaic", folder, *fixed)
    assert result.code == 2
    assert said in result.err.replace("\n", " "), result.err


@pytest.mark.parametrize(
    "options", [(), ("--mm-per-px", 1, "--marks", "m"), ("--tags", "t", "--scale-sigma-percent", 1)]
)
def test_the_frame_is_fixed_in_one_way(tmp_path: Path, crackmap, options: tuple[object, ...]) -> None:
    result = crackmap("surface", "mosaic", tmp_path, "--camera", "c", "--to", "p", *options)
    assert result.code == 2
    assert "--mm-per-px" in result.err
