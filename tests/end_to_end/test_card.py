"""The printed card and the shipped model: what the photograph shows, the verdict says."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crackmap_robot.proving.card import HEIGHT_MM, WIDTH_MM, Card
from crackmap_robot.proving.drawing import reflectance
from crackmap_robot.renderer import SimulatedCamera, Wall, looking_at, render

from .processes import run

pytestmark = pytest.mark.needs("model")


@pytest.fixture(scope="module")
def wall() -> Wall:
    light = 255 * (0.04 + 0.71 * reflectance(Card(), 10))
    return Wall(
        WIDTH_MM / 1000, HEIGHT_MM / 1000, 0.1, np.repeat(np.round(light)[:, :, None], 3, axis=2).astype(np.uint8)
    )


@pytest.mark.parametrize(("blur_px", "most_mm", "code"), [(0.6, 0.25, 0), (1.5, 0.4, 0), (3.0, None, 2)])
def test_a_blurred_photograph_proves_less(
    tmp_path: Path, wall: Wall, blur_px: float, most_mm: float | None, code: int
) -> None:
    camera = SimulatedCamera(1600, 1200, 1750, 1750, 799.5, 599.5, blur_px=blur_px, shot_noise=0.02, read_noise=0.004)
    pose = looking_at((WIDTH_MM / 2000, HEIGHT_MM / 2000), 0.4, (0.05, -0.04, 0.1))
    Image.fromarray(render(wall, camera, pose, np.random.default_rng(1))).save(tmp_path / "card.jpg", quality=93)
    ran = run("robot", "prove", tmp_path / "card.jpg", "--mm-per-px", 0.2288, "--target-width-mm", 0.4)
    print(ran.stdout)
    assert ran.returncode == code, ran.stdout + ran.stderr
    proof = json.loads((tmp_path / "card.jpg.proof.json").read_text())
    assert proof["scale"]["holds"] is True
    assert proof["widths"]["false_alarms"] == 0
    assert proof["widths"]["holds"] is True
    assert proof["widths"]["target_shows"] is (code == 0)
    narrowest = proof["widths"]["narrowest_found_mm"]
    if most_mm is None:
        assert narrowest is None or narrowest > 0.8
    else:
        assert narrowest <= most_mm
