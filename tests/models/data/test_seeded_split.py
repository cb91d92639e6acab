"""Whole groups are dealt out, in the shares that were asked for, whatever their sizes."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

seeded = pytest.importorskip(
    "crackmap_models.data.seeded_split", reason="the models part is not installed: make test-models"
)
from crackmap_models.data.tiles import LabelledTile  # noqa: E402 - only where the part is installed
from crackmap_models.data.twins import Twins  # noqa: E402 - only where the part is installed
from crackmap_models.errors import OneClassSet  # noqa: E402 - only where the part is installed


def tiles_of(sizes: list[tuple[int, int]]) -> list[LabelledTile]:
    """Group k has sizes[k] cracked and uncracked tiles."""
    return [
        LabelledTile(Path(f"{group}-{crack}-{k}.jpg"), crack, "folder", "unstated", f"{group}", "train", name="site")
        for group, counts in enumerate(sizes)
        for crack, count in zip((True, False), counts, strict=True)
        for k in range(count)
    ]


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), min_size=20, max_size=60), st.integers(0, 99))
@settings(max_examples=50)
def test_groups_stay_whole_and_shares_are_kept(sizes: list[tuple[int, int]], seed: int) -> None:
    tiles = tiles_of(sizes)
    dealt = seeded.seeded_split(tiles, seed)
    assert [tile.path for tile in dealt] == [tile.path for tile in tiles]
    assert len({(tile.group, tile.split) for tile in dealt}) == len(sizes)
    assert seeded.seeded_split(tiles, seed) == dealt
    for crack in (True, False):
        counts = Counter(tile.split for tile in dealt if tile.crack == crack)
        for split, share in seeded.SHARES.items():
            assert counts[split] / counts.total() == pytest.approx(share, abs=0.12)


def test_another_seed_deals_otherwise() -> None:
    tiles = tiles_of([(2, 2)] * 30)
    assert seeded.seeded_split(tiles, 1) != seeded.seeded_split(tiles, 2)


def test_too_few_groups_are_named() -> None:
    assert len({tile.split for tile in seeded.seeded_split(tiles_of([(1, 1)] * 3))}) == 3
    with pytest.raises(OneClassSet, match="its 2 photographs cannot be dealt out"):
        seeded.seeded_split(tiles_of([(1, 1)] * 2))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=8))
def test_joined_groups_are_those_that_a_chain_of_twins_connects(chain: list[tuple[int, int]]) -> None:
    tiles = tiles_of([(1, 0)] * 10)
    joined = seeded.joined(tiles, [Twins(tiles[a], tiles[b], "as it is", 1.0, False) for a, b in chain])
    reached = {k: {k} for k in range(10)}
    for _ in chain:
        for a, b in chain:
            both = reached[a] | reached[b]
            for k in both:
                reached[k] = both
    assert [tile.group for tile in joined] == [str(min(reached[k])) for k in range(10)]
