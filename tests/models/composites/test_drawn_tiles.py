"""Drawn cracks and look-alikes: the same for the same seed, on any background of any size, and seen where claimed."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

composites = pytest.importorskip(
    "crackmap_models.composites", reason="the models part is not installed: make test-models"
)
from crackmap_models.composites import background, gap, joints, lines, relief, scratches, sheet  # noqa: E402 - only where it is installed
from crackmap_models.composites.fields import blurred, cloud  # noqa: E402
from crackmap_models.composites.look_alike import SHARES  # noqa: E402

SIDES = st.integers(64, 320)
SEEDS = st.integers(0, 2**32)


def concrete(seed: int, height: int, width: int, mean: float = 150.0, grain: float = 12.0) -> np.ndarray:
    """Grey ground with soft stains and grain."""
    rng = np.random.default_rng(seed)
    noise = blurred(rng.standard_normal((height, width), np.float32), 0.8)
    grey = mean + grain * (2 * noise + 0.5 * cloud(height, width, 6, rng))
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[:, :, None], 3, 2)


@pytest.mark.parametrize("draw", [composites.draw_crack, gap.draw_gap, *SHARES], ids=lambda draw: draw.__name__)
@given(seed=SEEDS, height=SIDES, width=SIDES, mean=st.sampled_from([0, 8, 60, 150, 240, 255]))
@settings(max_examples=8)
def test_a_seed_draws_the_same_again_and_leaves_its_input(draw, seed: int, height: int, width: int, mean: int) -> None:
    tile = concrete(seed, height, width, mean, 12 if 0 < mean < 255 else 0)
    before = tile.copy()
    one, two = (draw(tile, np.random.default_rng(seed)) for _ in range(2))
    assert one.shape == tile.shape
    assert one.dtype == np.uint8
    assert np.array_equal(one, two)
    assert np.array_equal(tile, before)


def step(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Grey levels by which a tile became darker or lighter [h, w]."""
    return np.abs(after.astype(np.float32).mean(2) - before.astype(np.float32).mean(2))


@given(seed=SEEDS, side=SIDES, mean=st.integers(0, 255), grain=st.floats(0, 20))
@settings(max_examples=80)
def test_a_crack_can_be_seen_on_any_ground(seed: int, side: int, mean: int, grain: float) -> None:
    tile = concrete(seed, side, side, mean, grain)
    change = step(tile, composites.draw_crack(tile, np.random.default_rng(seed)))
    seen = change > 0.6 * background.LEAST_STEP
    assert seen.sum() >= 40
    assert change[seen].mean() >= 0.8 * background.LEAST_STEP


def test_rough_ground_asks_for_more_contrast() -> None:
    """A step that shows on smooth ground is lost in coarse grain; hairlines are the faintest tenth of all cracks."""
    faintest = []
    for grain in (2.0, 14.0):
        tile = concrete(1, 200, 200, 150, grain)
        drawn = (step(tile, composites.draw_crack(tile, np.random.default_rng(seed))) for seed in range(60))
        faintest.append(np.quantile([np.sort(each.ravel())[-60:].mean() for each in drawn], 0.1))
    assert faintest[1] > 1.5 * faintest[0]


def test_nearly_all_cracks_are_darker_than_their_ground() -> None:
    tile = concrete(1, 200, 200)
    lighter = 0
    for seed in range(100):
        change = composites.draw_crack(tile, np.random.default_rng(seed)).astype(np.float32) - tile
        strongest = np.abs(change) > 0.6 * np.abs(change).max()
        lighter += float(change[strongest].mean()) > 0
    assert lighter <= 12


def test_the_range_goes_from_hairlines_to_gaps() -> None:
    tile = concrete(1, 256, 256, 160, 4)
    drawn = (step(tile, composites.draw_crack(tile, np.random.default_rng(seed))) for seed in range(120))
    sizes = np.array([(each > 12).sum() for each in drawn])
    assert np.quantile(sizes, 0.1) < 350
    assert np.quantile(sizes, 0.95) > 2500


@given(seed=SEEDS, width_px=st.floats(1, 30), chipped=st.booleans())
def test_strips_are_straight_even_where_their_edges_have_broken_out(seed: int, width_px: float, chipped: bool) -> None:
    rng = np.random.default_rng(seed)
    ends = lines.straight(200, 200, rng)
    outlines = lines.chipped_band(ends, width_px, rng) if chipped else [lines.band(ends, width_px)]
    away = np.abs((np.concatenate(outlines) - ends[0]) @ lines.normal_of(ends))
    assert away.max() <= 3 * width_px + 2
    assert np.median(away) <= width_px


@given(seed=SEEDS)
@settings(max_examples=40)
def test_ruled_lines_are_straight(seed: int) -> None:
    """At most two lines and a mark across: what they changed lies in three straight strips, however worn."""
    tile = np.full((200, 200, 3), 150, np.uint8)
    change = step(tile, scratches.draw_pencil(tile, np.random.default_rng(seed)))
    left = (change > max(3.0, 0.4 * float(change.max()))).astype(np.uint8)
    total = int(left.sum())
    for _ in range(3):
        found = cv2.HoughLines(left, 1, np.pi / 720, 6)
        if found is not None:
            distance, angle = found[0, 0]
            away = np.arange(200)[None, :] * np.cos(angle) + np.arange(200)[:, None] * np.sin(angle) - distance
            left[np.abs(away) < 7] = 0
    assert int(left.sum()) <= 0.05 * total


@given(seed=SEEDS)
@settings(max_examples=60)
def test_a_grey_tile_with_a_crack_stays_about_grey(seed: int) -> None:
    """Rust and dirt may tint a crack; they do not paint it."""
    after = composites.draw_crack(concrete(seed, 160, 160), np.random.default_rng(seed)).astype(int)
    assert np.quantile(after.max(2) - after.min(2), 0.98) < 45


@given(seed=SEEDS, height=SIDES, width=SIDES, mean=st.integers(70, 230))
@settings(max_examples=60)
def test_a_gap_is_darker_than_its_ground_and_rough_inside(seed: int, height: int, width: int, mean: int) -> None:
    tile = concrete(seed, height, width, mean, 3)
    after = gap.draw_gap(tile, np.random.default_rng(seed))
    inside = step(tile, after) > 0.6 * background.LEAST_STEP
    assert inside.sum() >= 100
    change = after.astype(np.float32).mean(2) - tile.astype(np.float32).mean(2)
    assert change[inside].mean() < -0.5 * background.LEAST_STEP
    assert after.mean(2)[inside].std() > 2


def solidity(change: np.ndarray) -> float:
    """The share that the largest changed patch has of its convex hull, at the threshold that shows it best."""
    best = 0.0
    for share in (0.15, 0.3, 0.5):
        patches, _ = cv2.findContours((change > share * change.max()).astype(np.uint8), cv2.RETR_EXTERNAL, 1)
        largest = max(patches, key=cv2.contourArea)
        best = max(best, cv2.contourArea(largest) / max(1.0, cv2.contourArea(cv2.convexHull(largest))))
    return best


def test_a_joint_has_straight_edges_and_a_gap_has_none() -> None:
    """A straight strip is convex, wherever the tile's border cuts it."""
    tile = np.full((200, 200, 3), 180, np.uint8)
    joint, open_gap = (
        [solidity(step(tile, draw(tile, np.random.default_rng(seed)))) for seed in range(60)]
        for draw in (joints.draw_joint, gap.draw_gap)
    )
    assert np.quantile(joint, 0.25) > 0.86
    assert np.quantile(open_gap, 0.75) < 0.8


def test_light_shows_level_ground_as_it_is_and_pits_darker() -> None:
    for seed in range(20):
        light = relief.random_light(10.0, np.random.default_rng(seed))
        ground = np.zeros((80, 80), np.float32)
        assert np.allclose(relief.light_on(ground, light, 8.0), 1.0)
        ground[30:50, 30:50] = -10
        seen = relief.light_on(ground, light, 8.0)
        assert seen[32:48, 32:48].mean() < 0.9
        assert np.allclose(seen[:5], 1.0, atol=0.02)


def test_look_alikes_change_the_tile_and_come_in_great_variety() -> None:
    tile = concrete(3, 200, 200, 150, 4)
    shares = [
        float((step(tile, composites.draw_look_alike(tile, np.random.default_rng(seed))) > 6).mean())
        for seed in range(150)
    ]
    assert np.mean(np.array(shares) > 0.002) > 0.85
    assert np.quantile(shares, 0.2) < 0.1 < np.quantile(shares, 0.7)


def test_a_sheet_shows_tiles_of_any_size_in_its_grid() -> None:
    picture = sheet.sheet([concrete(1, 200, 160), concrete(2, 90, 90)], np.random.default_rng(1))
    step_px = sheet.TILE_PX + sheet.GAP_PX
    assert picture.shape == (sheet.ROWS * step_px - sheet.GAP_PX, sheet.COLUMNS * step_px - sheet.GAP_PX, 3)
    assert (picture[sheet.TILE_PX : step_px] == 255).all()
    assert picture[: sheet.TILE_PX, : sheet.TILE_PX].std() > 1
