"""A split by file at random, as most published figures have it: to show what leaking is worth, and for nothing else.

Files that show the same spot end up on both sides of such a split, so its figures also tell what was remembered.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from crackmap_models.data.tiles import LabelledTile, Split, of_split


def shares(tiles: Sequence[LabelledTile]) -> dict[Split, float]:
    """The part of the tiles that each split holds; they add up to 1."""
    return {split: count / len(tiles) for split, count in sorted(Counter(tile.split for tile in tiles).items())}


def random_split(tiles: Sequence[LabelledTile], wanted: Mapping[Split, float], seed: int) -> list[LabelledTile]:
    """The tiles in their order, each put into a split by chance, whatever it shows and whichever group it is of.

    `wanted` are the splits' shares, which add up to 1; a split's size is that, give or take one tile.
    """
    ends = np.round(np.cumsum(list(wanted.values())) * len(tiles)).astype(int)
    place = np.random.default_rng(seed).permutation(len(tiles))
    names = list(wanted)
    return [
        replace(tile, split=names[k])
        for tile, k in zip(tiles, np.searchsorted(ends, place, side="right").tolist(), strict=True)
    ]


def part_of(
    tiles: Sequence[LabelledTile], share: float, unit: Callable[[LabelledTile], str], seed: int
) -> list[LabelledTile]:
    """The tiles of a `share` of the units, which are kept or left out as a whole; in their order, the same ever after.

    Groups as units keep a set as repetitive as it was; tiles as units thin it out.
    """
    units = sorted({unit(tile) for tile in tiles})
    chosen = np.random.default_rng(seed).permutation(len(units))[: round(share * len(units))]
    kept = {units[k] for k in chosen.tolist()}
    return [tile for tile in tiles if unit(tile) in kept]


def with_fewer_train_tiles(tiles: Sequence[LabelledTile], counts: Mapping[bool, int], seed: int) -> list[LabelledTile]:
    """All val and test tiles, and at most `counts[crack]` train tiles of each class drawn by chance; in their order."""
    left_out: set[LabelledTile] = set()
    for crack, most in counts.items():
        members = [tile for tile in of_split(tiles, "train") if tile.crack == crack]
        order = np.random.default_rng((seed, crack)).permutation(len(members))
        left_out.update(members[k] for k in order[most:].tolist())
    return [tile for tile in tiles if tile not in left_out]


def has_mate(tiles: Sequence[LabelledTile]) -> npt.NDArray[np.bool_]:
    """Which test tiles [n], in their order, have a tile of their own group among the train tiles."""
    train = {tile.group for tile in of_split(tiles, "train")}
    return np.array([tile.group in train for tile in of_split(tiles, "test")], np.bool_)
