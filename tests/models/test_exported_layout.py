"""The layout of the server's `training-set.zip` is one that training reads."""

from pathlib import Path

import cv2
import numpy as np
import pytest

folders = pytest.importorskip(
    "crackmap_models.data.folders", reason="the models part is not installed: make test-models"
)

NAMES = {
    "crack": ["0123456789abcdef-0_0_32x32.png", "fedcba9876543210-32_32_32x32.png"],
    "no_crack": ["0123456789abcdef-32_0_32x32.png", "0123456789abcdef-64_0_32x32.jpg"],
}


def test_tiles_of_one_photograph_stay_together_and_the_list_beside_them_is_left_out(tmp_path: Path) -> None:
    for label, names in NAMES.items():
        (tmp_path / label).mkdir()
        for name in names:
            picture = np.random.default_rng(list(name.encode())).integers(0, 255, (32, 32, 3), np.uint8)
            assert cv2.imwrite(str(tmp_path / label / name), picture)
    (tmp_path / "tiles.json").write_text("[]")
    said: list[str] = []
    tiles = folders.read_folder(tmp_path, "test", say=said.append)
    assert {(tile.path.name, tile.crack) for tile in tiles} == {
        (name, label == "crack") for label, names in NAMES.items() for name in names
    }
    groups = {tile.path.name: tile.group.split()[-1] for tile in tiles}
    assert groups == {name: name.split("-")[0] for names in NAMES.values() for name in names}
    assert any("tiles.json" in line for line in said)
