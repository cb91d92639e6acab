"""Black and burned-out tiles get a reason in place of a score; nothing else does."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from crackmap import scores
from crackmap.messages import Reason
from crackmap.tile_grid import TileGrid
from crackmap_robot.cameras.folder import open_folder
from crackmap_robot.classifier import Classifier
from crackmap_robot.evidence import Frames
from crackmap_robot.headers import Headers, analysis, recording
from crackmap_robot.placing import ByScale
from crackmap_robot.quality.blind import BLACK, WHITE, blind_tiles
from crackmap_robot.scan import Scanner, Scored


def wall(width_px: int, height_px: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(100, 200, (height_px, width_px, 3)).astype(np.uint8)


@given(
    st.integers(96, 200), st.integers(96, 200), st.sampled_from([32, 48]), st.integers(0, 99), st.sampled_from(Reason)
)
def test_a_tile_is_blind_when_all_of_it_is(width: int, height: int, tile_px: int, seed: int, reason: Reason) -> None:
    level = {Reason.DARK: BLACK, Reason.BRIGHT: WHITE}.get(reason, 150)
    pixels, grid = wall(width, height, seed), TileGrid(width, height, tile_px, tile_px // 2)
    left, top = seed % (width - 60), seed % (height - 60)
    pixels[top:, left : left + 60] = level
    inside = [
        number
        for number, (x, y) in enumerate(grid.corners_px().tolist())
        if left + 4 <= x and x + tile_px + 4 <= left + 60 and y >= top + 4  # every fourth pixel is looked at
    ]
    touched = [
        number
        for number, (x, y) in enumerate(grid.corners_px().tolist())
        if x < left + 60 and x + tile_px > left and y + tile_px > top
    ]
    found = blind_tiles(pixels, grid)
    if level == 150:
        assert not found
        return
    assert set(found) <= {reason}
    assert set(inside) <= set(found.get(reason, [])) <= set(touched)


@pytest.mark.parametrize("level", [BLACK + 1, WHITE - 1, (BLACK, BLACK, 40), (255, 255, 200)])
def test_what_is_dim_or_pale_or_has_a_colour_is_scored(level: object) -> None:
    pixels = np.full((200, 200, 3), level, np.uint8)
    assert not blind_tiles(pixels, TileGrid(200, 200, 50, 50))


def test_a_crack_in_a_bright_tile_keeps_it_seen() -> None:
    pixels = np.full((100, 100, 3), 255, np.uint8)
    pixels[:, 40:46] = 90
    assert blind_tiles(pixels, TileGrid(100, 100, 50, 50)) == {Reason.BRIGHT: [1, 3]}


def test_the_report_says_why_and_what_the_model_says_there_does_not_count(
    classifier: Classifier, tmp_path: Path
) -> None:
    pixels = wall(96, 64)
    pixels[:32, :32], pixels[32:, 64:] = 0, 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    scan = recording("bridge", "north", "2026", None)
    headers = Headers(scan, analysis(scan, classifier.manifest, 32, 0.5), None)
    stages = Scanner(headers, ByScale(0.5), Frames.NONE, classifier.score, classifier.manifest.mm_per_px)
    (result,) = stages.reports(open_folder(tmp_path).frames(), frozenset(), lambda _key: None)
    assert isinstance(result, Scored)
    found = result.report.score_map
    assert {group.reason: group.tiles for group in found.unscored} == {Reason.DARK: (0,), Reason.BRIGHT: (5,)}
    assert [score == scores.NOT_SCORED for score in found.scores] == [True, False, False, False, False, True]
    assert not result.report.evidence.crops, "the model calls darkness a crack, but there is nothing to see"


@pytest.mark.needs("data")
def test_no_real_tile_with_a_crack_is_blind(data: Path) -> None:
    looked_at = 0
    for path in sorted((data / "metu").rglob("*.jpg"))[::7] + sorted((data / "sdnet2018").rglob("*.jpg"))[::7]:
        pixels = np.array(Image.open(path).convert("RGB"))
        assert not blind_tiles(pixels, TileGrid(pixels.shape[1], pixels.shape[0], 227, 227)), path.name
        looked_at += 1
    assert looked_at > 50
