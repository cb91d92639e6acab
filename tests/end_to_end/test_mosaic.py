"""Windows slid over one real photograph: their poses are known, and a mosaic must find them from the pictures."""

from __future__ import annotations

import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from .processes import run
from .test_replay import LENS, M_PER_PX, MATRIX, Look, quaternion

pytestmark = [pytest.mark.long, pytest.mark.needs("data")]

MARK_SIGMA_M = 0.0002
NOISE = 2.0
WIDTH_PX, HEIGHT_PX = 1100, 900
LOOKS = [
    Look(1000 + 420 * column, 800 + 380 * row, roll_deg=3 * column - 5, tilt_deg=4 - 3 * column, away=0.95 + 0.04 * row)
    for row in range(2)
    for column in range(4)
]


def seen_px(look: Look, place_px: np.ndarray) -> np.ndarray:
    """Where a place (x, y) of the photograph is seen in the window, by OpenCV."""
    body = np.array([[place_px[0] * M_PER_PX, -place_px[1] * M_PER_PX, 0.0]])
    turn = cv2.Rodrigues(look.rotation.T)[0]
    return cv2.projectPoints(body, turn, -look.rotation.T @ look.position_m, MATRIX, LENS)[0].ravel()


@pytest.mark.parametrize("surface", ["walls", "pavements", "decks"])
def test_windows_slid_over_a_photograph_are_put_back_where_they_were(data: Path, tmp_path: Path, surface: str) -> None:
    photograph = min((data / "photos").glob(f"{surface}-*.jpg"))
    wall = np.asarray(Image.open(photograph).convert("RGB"))
    rng, folder = np.random.default_rng(1), tmp_path / "frames"
    folder.mkdir()
    for number, look in enumerate(LOOKS):
        noisy = look.photograph(wall) + rng.normal(0, NOISE, (HEIGHT_PX, WIDTH_PX, 3))
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(folder / f"{number:02}.jpg", quality=92)
    (tmp_path / "camera.yaml").write_text(
        f"image_width: {WIDTH_PX}\nimage_height: {HEIGHT_PX}\ncamera_name: replay\ndistortion_model: plumb_bob\n"
        f"camera_matrix: {{rows: 3, cols: 3, data: {MATRIX.ravel().tolist()}}}\n"
        f"distortion_coefficients: {{rows: 1, cols: 5, data: {LENS.tolist()}}}\n"
    )
    lines = ["name,file,x_px,y_px,u_m,v_m,sigma_m"]
    for name, number in (("a", 0), ("b", 3), ("c", 4), ("d", 7)):
        place = np.array([LOOKS[number].x_px, LOOKS[number].y_px]) + rng.uniform(-100, 100, 2)
        x, y = seen_px(LOOKS[number], place) + rng.normal(0, 1, 2)
        u, v = place * (M_PER_PX, -M_PER_PX) + rng.normal(0, MARK_SIGMA_M, 2)
        lines.append(f"{name},{number:02}.jpg,{x},{y},{u},{v},{MARK_SIGMA_M}")
    (tmp_path / "marks.csv").write_text("\n".join(lines))
    fixed = ("--camera", tmp_path / "camera.yaml", "--marks", tmp_path / "marks.csv", "--to", tmp_path / "poses.jsonl")
    ran = run("surface", "mosaic", folder, *fixed)
    assert ran.returncode == 0, ran.stderr
    poses = read(tmp_path / "poses.jsonl")
    assert list(poses) == [f"{number:02}.jpg" for number in range(len(LOOKS))], ran.stdout
    off_px, off_sigmas = [], []
    for look, (place, turn, covariance) in zip(LOOKS, poses.values(), strict=True):
        error = np.concatenate([look.position_m - place, cv2.Rodrigues(look.rotation @ turn.T)[0].ravel()])
        off_sigmas.append(float(error @ np.linalg.solve(covariance, error)))
        # Where the middle of the window is put, in px of the photograph.
        ray = turn @ np.linalg.solve(MATRIX, [560.5, 441.25, 1.0])
        put = (place - ray * place[2] / ray[2])[:2] / (M_PER_PX, -M_PER_PX)
        true = look.chart_m((look.rotation @ [0.0, 0.0, 1.0])[None])[0] / (M_PER_PX, -M_PER_PX)
        off_px.append(math.dist(put, true))
    print(f"{photograph.name}: {ran.stdout}", end="")
    print(f"median {np.median(off_px):.2f} px, worst {max(off_px):.2f} px, NEES {np.mean(off_sigmas):.1f} of 6")
    assert max(off_px) < 5
    assert np.mean(off_sigmas) < 20


def read(path: Path) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Place, turn and covariance by file, read here and not by our own reader."""
    found = {}
    for line in path.read_text().splitlines():
        row = json.loads(line)
        x, y, z, w = row["orientation_xyzw"]
        half = math.atan2(math.hypot(x, y, z), w)
        vector = np.array([x, y, z]) / math.sin(half) * 2 * half
        turn = np.asarray(cv2.Rodrigues(vector)[0])
        np.testing.assert_allclose(np.abs(quaternion(turn)), np.abs([x, y, z, w]), atol=1e-6)
        found[row["file"]] = np.array(row["position_m"]), turn, np.array(row["covariance"]).reshape(6, 6)
    return found
