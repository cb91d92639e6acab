"""A split by file at random: of the right size, blind to what a tile shows, and able to leak."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

splitting = pytest.importorskip(
    "crackmap_models.data.random_split", reason="the models part is not installed: make test-models"
)
from crackmap_models.data.tiles import LabelledTile, of_split  # noqa: E402 - only where the part is installed


def tiles(count: int, per_group: int = 3) -> list[LabelledTile]:
    """Every third one a crack; all are train tiles."""
    return [
        LabelledTile(Path(f"{k}.jpg"), k % 3 == 0, "metu", "unstated", f"g{k // per_group}", "train")
        for k in range(count)
    ]


@given(st.integers(1, 200), st.integers(1, 8), st.integers(0, 4), st.integers(0, 4), st.integers(0, 9))
def test_every_tile_gets_one_split_and_each_split_its_share(
    count: int, train: int, val: int, test: int, seed: int
) -> None:
    total = train + val + test
    wanted = {"train": train / total, "val": val / total, "test": test / total}
    rows = tiles(count)
    dealt = splitting.random_split(rows, wanted, seed)
    assert [tile.path for tile in dealt] == [tile.path for tile in rows]
    sizes = Counter(tile.split for tile in dealt)
    assert all(abs(sizes[split] - share * count) <= 1 for split, share in wanted.items())
    assert dealt == splitting.random_split(rows, wanted, seed)


def test_groups_are_torn_apart_and_that_is_told() -> None:
    dealt = splitting.random_split(tiles(3000), {"train": 0.7, "val": 0.1, "test": 0.2}, seed=1)
    # Of two mates, one at least is in train but for 0.3 × 0.3 (a little less: the splits' sizes are fixed).
    assert splitting.has_mate(dealt).mean() == pytest.approx(1 - 0.3**2, abs=0.04)
    kept = [tile for tile in dealt if tile.split != "test" or int(tile.group[1:]) % 2]
    apart = [tile for tile in kept if tile.split != "train" or not int(tile.group[1:]) % 2]
    assert not splitting.has_mate(apart).any()
    assert len(splitting.has_mate(apart)) == len(of_split(apart, "test"))


def test_shares_are_those_that_a_split_has() -> None:
    dealt = splitting.random_split(tiles(200), {"train": 0.5, "val": 0.2, "test": 0.3}, seed=3)
    assert splitting.shares(dealt) == {"test": 0.3, "train": 0.5, "val": 0.2}


@given(st.integers(1, 120), st.integers(1, 5), st.floats(0, 1), st.integers(0, 9))
def test_a_part_keeps_units_whole(count: int, per_group: int, share: float, seed: int) -> None:
    rows = tiles(count, per_group)
    part = splitting.part_of(rows, share, lambda tile: tile.group, seed)
    kept = {tile.group for tile in part}
    assert part == [tile for tile in rows if tile.group in kept]
    assert len(kept) == round(share * len({tile.group for tile in rows}))


@given(st.integers(1, 90), st.integers(0, 40), st.integers(0, 40), st.integers(0, 9))
def test_only_train_tiles_are_taken_away(count: int, crack: int, no_crack: int, seed: int) -> None:
    rows = splitting.random_split(tiles(count), {"train": 0.7, "val": 0.1, "test": 0.2}, seed)
    fewer = splitting.with_fewer_train_tiles(rows, {True: crack, False: no_crack}, seed)
    for split in ("val", "test"):
        assert of_split(fewer, split) == of_split(rows, split)
    had = Counter(tile.crack for tile in of_split(rows, "train"))
    left = Counter(tile.crack for tile in of_split(fewer, "train"))
    assert left == Counter({True: min(crack, had[True]), False: min(no_crack, had[False])})
