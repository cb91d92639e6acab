"""What the tests of the whole share: photographs along a path over a wall, with poses and calibration."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

MODEL = Path(__file__).parent.parent / "robot" / "models" / "darkness-int8.tflite"
WIDTH_PX, HEIGHT_PX = 160, 128

CAMERA = f"""\
image_width: {WIDTH_PX}
image_height: {HEIGHT_PX}
camera_name: test
camera_matrix: {{rows: 3, cols: 3, data: [200, 0, 79.5, 0, 200, 63.5, 0, 0, 1]}}
distortion_model: plumb_bob
distortion_coefficients: {{rows: 1, cols: 5, data: [0.01, 0, 0, 0, 0]}}
rectification_matrix: {{rows: 3, cols: 3, data: [1, 0, 0, 0, 1, 0, 0, 0, 1]}}
projection_matrix: {{rows: 3, cols: 4, data: [200, 0, 79.5, 0, 0, 200, 63.5, 0, 0, 0, 1, 0]}}
"""


@dataclass(frozen=True)
class Recording:
    """Photographs along a straight path, each overlapping the next by half, and how to scan them."""

    folder: Path
    poses: Path
    camera: Path

    def photograph(self, first: int, last: int) -> None:
        """Take the photographs with these numbers."""
        for number in range(first, last + 1):
            random = np.random.default_rng(number)
            frame = random.integers(150, 220, (HEIGHT_PX, WIDTH_PX, 3)).astype(np.uint8)
            x, y = random.integers(0, 100), random.integers(0, 80)
            frame[y : y + 40, x : x + 50] //= 4
            Image.fromarray(frame).save(self.folder / f"{number}.jpg", quality=92)

    def scan(self, outbox: Path, *more: object) -> tuple[object, ...]:
        """The arguments of `crackmap` that scan them."""
        names = ("--structure", "bridge", "--surface", "north", "--inspection", "2026", "--model", MODEL)
        return ("scan", self.folder, *names, "--poses", self.poses, "--camera", self.camera, "--outbox", outbox, *more)


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """An empty folder, poses for 50 photographs of which the third has none, and the camera."""
    folder = tmp_path / "photographs"
    folder.mkdir()
    rows = [f"{number}.jpg,{0.04 * number},0.3,0.1,1,0,0,0" for number in range(50) if number != 3]
    (tmp_path / "poses.csv").write_text("file,x_m,y_m,z_m,qx,qy,qz,qw\n" + "\n".join(rows) + "\n")
    (tmp_path / "camera.yaml").write_text(CAMERA)
    return Recording(folder, tmp_path / "poses.csv", tmp_path / "camera.yaml")
