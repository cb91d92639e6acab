"""Real photographs as a moving camera: every detection lies where its pixels came from.

A camera with a lens moves over a photograph as if that were the wall: straight, rolled, tilted; or as if it were the
paper on a pier or in a tunnel. What each frame shows is computed with OpenCV and here, not with our projection. Then
every reported tile is cut out of the wall by its corners in metres, and must show what the tile shows.
"""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import httpx2
import numpy as np
import pytest
from PIL import Image

from .processes import Server, run

pytestmark = [pytest.mark.long, pytest.mark.needs("data", "model")]

M_PER_PX = 0.23e-3
WIDTH_PX, HEIGHT_PX, FOCAL_PX = 1100, 900, 1400.0
MATRIX = np.array([[FOCAL_PX, 0, 560.5], [0, FOCAL_PX, 441.25], [0, 0, 1]])
LENS = np.array([-0.08, 0.02, 0.0008, -0.0005, 0.0])
WINDOW_PX = 128
LEAST_ALIKE = 0.3
"""Phase correlation's peak, under which a tile has too little on it to compare."""


@dataclass(frozen=True)
class Look:
    """Where the camera is over the photograph (px), how it is turned (degrees), and how far off it is (px at 1 : 1)."""

    x_px: float
    y_px: float
    roll_deg: float = 0.0
    tilt_deg: float = 0.0
    away: float = 1.0
    radius_m: float = math.inf
    inside: bool = False

    @property
    def rotation(self) -> np.ndarray:
        """From the optical frame into the body frame: u along the photograph's x, v against its y, w to the viewer."""
        facing = self.about_axis @ np.diag([1.0, -1.0, -1.0])
        roll, tilt = math.radians(self.roll_deg), math.radians(self.tilt_deg)
        about_z = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
        about_x = np.array([[1, 0, 0], [0, math.cos(tilt), -math.sin(tilt)], [0, math.sin(tilt), math.cos(tilt)]])
        return np.asarray(facing @ about_z @ about_x)

    @property
    def about_axis(self) -> np.ndarray:
        """From upright before u = 0 to upright before the photograph's x."""
        angle = 0.0 if math.isinf(self.radius_m) else self.x_px * M_PER_PX / self.radius_m * (-1 if self.inside else 1)
        return np.array([[math.cos(angle), 0, math.sin(angle)], [0, 1, 0], [-math.sin(angle), 0, math.cos(angle)]])

    @property
    def position_m(self) -> np.ndarray:
        if math.isinf(self.radius_m):
            return np.array([self.x_px, -self.y_px, self.away * FOCAL_PX]) * M_PER_PX
        from_axis_m = self.away * FOCAL_PX * M_PER_PX + (-self.radius_m if self.inside else self.radius_m)
        return self.about_axis @ [0, -self.y_px * M_PER_PX, from_axis_m]

    def chart_m(self, rays: np.ndarray) -> np.ndarray:
        """(u, v) that rays (n, 3) of the body frame meet."""
        start = self.position_m
        if math.isinf(self.radius_m):
            return (start + rays * (-start[2] / rays[:, 2])[:, None])[:, :2]
        a, b = rays[:, 0] ** 2 + rays[:, 2] ** 2, rays[:, 0] * start[0] + rays[:, 2] * start[2]
        root = np.sqrt(b**2 - a * (start[0] ** 2 + start[2] ** 2 - self.radius_m**2))
        hits = start + rays * ((-b + (root if self.inside else -root)) / a)[:, None]
        side = -1 if self.inside else 1
        return np.stack([self.radius_m * np.arctan2(hits[:, 0], side * hits[:, 2]), hits[:, 1]], axis=1)

    def photograph(self, wall: np.ndarray) -> np.ndarray:
        """What the camera sees of the wall."""
        x, y = np.meshgrid(np.arange(WIDTH_PX, dtype=np.float64), np.arange(HEIGHT_PX, dtype=np.float64))
        pixels = np.stack([x, y], axis=-1).reshape(-1, 1, 2)
        seen = cv2.undistortPoints(pixels, MATRIX, LENS).reshape(-1, 2)
        rays = np.column_stack([seen, np.ones(len(seen))]) @ self.rotation.T
        from_x, from_y = (self.chart_m(rays) / M_PER_PX * [1, -1]).T
        assert from_x.min() >= 0
        assert from_y.min() >= 0
        assert from_x.max() < wall.shape[1]
        assert from_y.max() < wall.shape[0]
        maps = (part.reshape(HEIGHT_PX, WIDTH_PX).astype(np.float32) for part in (from_x, from_y))
        return np.asarray(cv2.remap(wall, *maps, cv2.INTER_CUBIC))


LOOKS = [
    *(Look(900 + 380 * step + 0.37 * step, 800 + 210 * step) for step in range(6)),
    *(Look(1500 + 300 * step, 1700, roll_deg=30 * step + 7) for step in range(5)),
    *(Look(1700 + 200 * step, 1800 - 60 * step, roll_deg=200, tilt_deg=-20 + 10 * step, away=0.9) for step in range(5)),
]


TUNNEL, PIER = 3.0, 2.0  # metres
ROUND = {
    "inside": [
        Look(900 + 600 * k, 900 + 300 * k, roll_deg=20 * k, tilt_deg=3 * k, radius_m=TUNNEL, inside=True)
        for k in range(5)
    ],
    "outside": [
        Look(1100 + 600 * k, 1000 + 250 * k, roll_deg=25 * k, tilt_deg=3 * k, away=0.8, radius_m=PIER) for k in range(5)
    ],
}


def quaternion(matrix: np.ndarray) -> list[float]:
    """x y z w by the rotation vector, through OpenCV."""
    vector = cv2.Rodrigues(matrix)[0].ravel()
    angle = float(np.linalg.norm(vector))
    return [*(vector / angle * math.sin(angle / 2)).tolist(), math.cos(angle / 2)]


@pytest.mark.parametrize(
    ("surface", "looks", "shape"),
    [
        ("walls", LOOKS, ()),
        ("pavements", LOOKS, ()),
        ("walls", ROUND["inside"], ("--cylinder-radius-m", TUNNEL, "--facing", "inside")),
        ("pavements", ROUND["outside"], ("--cylinder-radius-m", PIER, "--facing", "outside")),
    ],
    ids=["wall", "pavement", "tunnel", "pier"],
)
def test_every_detection_lies_where_its_pixels_came_from(
    data: Path, tmp_path: Path, surface: str, looks: list[Look], shape: tuple[object, ...]
) -> None:
    photograph = min((data / "photos").glob(f"{surface}-*.jpg"))
    wall = np.asarray(Image.open(photograph).convert("RGB"))
    folder = tmp_path / "frames"
    folder.mkdir()
    with (tmp_path / "poses.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("file", "x_m", "y_m", "z_m", "qx", "qy", "qz", "qw"))
        for number, look in enumerate(looks):
            Image.fromarray(look.photograph(wall)).save(folder / f"{number:02}.png")
            table.writerow((f"{number:02}.png", *look.position_m.tolist(), *quaternion(look.rotation)))
    (tmp_path / "camera.yaml").write_text(
        f"image_width: {WIDTH_PX}\nimage_height: {HEIGHT_PX}\ncamera_name: replay\ndistortion_model: plumb_bob\n"
        f"camera_matrix: {{rows: 3, cols: 3, data: {MATRIX.ravel().tolist()}}}\n"
        f"distortion_coefficients: {{rows: 1, cols: 5, data: {LENS.tolist()}}}\n"
    )
    with Server(tmp_path / "server") as server:
        names = ("--surface", "north", "--inspection", "2026", "--outbox", tmp_path / "outbox.sqlite")
        where = ("--poses", tmp_path / "poses.csv", "--camera", tmp_path / "camera.yaml", "--server", server.address)
        ran = run("scan", folder, *names, *where, "--threshold", 0.02, *shape)
        assert ran.returncode == 0, ran.stderr
        frames = httpx2.get(f"{server.address}/v1/frames").json()["items"]
        found = httpx2.get(f"{server.address}/v1/detections", params={"limit": 1000}).json()["items"]
    assert len(frames) == len(looks)
    assert {frame["placement"]["kind"] for frame in frames} == {"placed"}
    labels = {frame["frame_id"]: frame["label"] for frame in frames}
    errors_px = [error for tile in found if (error := apart_px(wall, folder / labels[tile["frame_id"]], tile))]
    print(f"{photograph.name}: {len(found)} detections, {len(errors_px)} compared, ", end="")
    print(f"median {np.median(errors_px):.2f} px, worst {max(errors_px):.2f} px")
    assert len(errors_px) >= 10
    assert max(errors_px) < 0.25


def apart_px(wall: np.ndarray, frame: Path, tile: dict[str, object]) -> float | None:
    """How far what the middle of the tile shows lies from what the wall has there, in px of the frame."""
    x, y, size = (int(str(tile[key])) for key in ("x_px", "y_px", "width_px"))
    shown = np.asarray(Image.open(frame))[y : y + size, x : x + size]
    square = np.array([[0, 0], [size, 0], [size, size], [0, size]], np.float32) - np.float32(0.5)
    corners = (np.array(tile["corners_m"], np.float64) / M_PER_PX * [1, -1]).astype(np.float32)
    to_square = cv2.getPerspectiveTransform(corners, square)
    # On a round surface the middle is not where four corners would have it.
    middle = np.array([[[float(str(tile["u_m"])), -float(str(tile["v_m"]))]]]) / M_PER_PX
    beside = cv2.perspectiveTransform(middle, to_square)[0, 0] - (size - 1) / 2
    to_square = np.array([[1, 0, -beside[0]], [0, 1, -beside[1]], [0, 0, 1]]) @ to_square
    there = cv2.warpPerspective(wall, to_square, (size, size), flags=cv2.INTER_CUBIC)
    inner = slice((size - WINDOW_PX) // 2, (size + WINDOW_PX) // 2)
    greys = (cv2.cvtColor(each[inner, inner], cv2.COLOR_RGB2GRAY).astype(np.float32) for each in (shown, there))
    (right, down), alike = cv2.phaseCorrelate(*greys, cv2.createHanningWindow((WINDOW_PX, WINDOW_PX), cv2.CV_32F))
    return None if alike < LEAST_ALIKE else math.hypot(right, down) + 1e-12
