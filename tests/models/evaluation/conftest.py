"""Tiles with a dark line across them (crack) or none, on disk, and a scorer that looks for the line."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

SIDE_PX = 64


class DarkLines:
    """A scorer without a network: how much darker the darkest pixels are than most, 15 grey levels being even odds."""

    name = "dark-lines"
    tile_px = SIDE_PX

    def __init__(self, threshold_logit: float | None = 0.0) -> None:
        self.threshold_logit = threshold_logit

    def logits(self, pixels: Sequence[np.ndarray]) -> np.ndarray:
        """RGB [64, 64, 3] each → logits [n]."""
        grey = np.stack(pixels).astype(float).mean(-1).reshape(len(pixels), -1)
        return (np.median(grey, 1) - np.quantile(grey, 0.02, 1) - 15) / 10


@pytest.fixture
def dark_lines() -> DarkLines:
    return DarkLines()


def picture(rng: np.random.Generator, crack: bool, side_px: int = SIDE_PX) -> np.ndarray:
    """Grey noise RGB [side_px, side_px, 3], with a dark line across it when `crack`."""
    pixels = rng.integers(140, 160, (side_px, side_px, 3)).astype(np.uint8)
    if crack:
        at = int(rng.integers(side_px // 4, 3 * side_px // 4))
        pixels[:, at : at + 2] = rng.integers(70, 150)
    return pixels


@pytest.fixture(scope="session")
def tiles_on_disk(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """LabelledTiles of two surfaces and rendered ones, val and test, 24 of each class in six groups."""
    import cv2

    from crackmap_models.data.tiles import LabelledTile

    folder, rng, tiles = tmp_path_factory.mktemp("tiles"), np.random.default_rng(7), []
    for source, surface in (("sdnet2018", "walls"), ("sdnet2018", "decks"), ("rendered", "rendered")):
        for split in ("val", "test"):
            for crack in (True, False):
                for k in range(24):
                    path = Path(folder / surface / split / f"{k // 4}-{k + 24 * crack}.png")
                    path.parent.mkdir(parents=True, exist_ok=True)
                    cv2.imwrite(str(path), picture(rng, crack)[..., ::-1])
                    tiles.append(LabelledTile(path, crack, source, surface, f"{surface} {k // 4}", split))
    return tiles
