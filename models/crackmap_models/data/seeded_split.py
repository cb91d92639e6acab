"""A split of tiles that came without one: always the same, and nothing that belongs together is torn apart."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from crackmap_models.data.tiles import LabelledTile, Split
from crackmap_models.data.twins import Twins
from crackmap_models.errors import OneClassSet

SHARES: Mapping[Split, float] = {"train": 0.70, "val": 0.15, "test": 0.15}
SEED = 1


def joined(tiles: Sequence[LabelledTile], pairs: Sequence[Twins]) -> list[LabelledTile]:
    """The tiles with the groups of twins made one, which is called after the first of them."""
    names = sorted({tile.group for tile in tiles})
    number = {name: k for k, name in enumerate(names)}
    ends = np.array([(number[pair.first.group], number[pair.second.group]) for pair in pairs], np.int64).reshape(-1, 2)
    links = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(names), len(names)))
    labels = connected_components(links, directed=False)[1].tolist()
    first: dict[int, str] = {}
    for name, label in zip(names, labels, strict=True):
        first.setdefault(label, name)
    return [replace(tile, group=first[labels[number[tile.group]]]) for tile in tiles]


def seeded_split(tiles: Sequence[LabelledTile], seed: int = SEED) -> list[LabelledTile]:
    """The tiles with whole groups dealt out to train, val and test: of every data kind and class about its SHARES.

    The largest groups are dealt first, each to the split that lacks most of what the group holds. Raises OneClassSet
    when there are too few groups for both classes in every split.
    """
    held: dict[str, Counter[tuple[str, bool]]] = {}
    for tile in tiles:
        held.setdefault(tile.group, Counter())[tile.data, tile.crack] += 1
    total = sum(held.values(), Counter[tuple[str, bool]]())
    given: dict[Split, Counter[tuple[str, bool]]] = {split: Counter() for split in SHARES}
    split_of: dict[str, Split] = {}
    shuffled = np.random.default_rng(seed).permutation(sorted(held)).tolist()
    for group in sorted(shuffled, key=lambda name: -held[name].total()):

        def lack(split: Split, group: str = group) -> float:
            wanted = {kind: SHARES[split] * total[kind] for kind in held[group]}
            return sum(n / total[k] * (1 - given[split][k] / wanted[k]) for k, n in held[group].items())

        split_of[group] = max(SHARES, key=lack)
        given[split_of[group]] += held[group]
    for split, counts in given.items():
        for data in sorted({data for data, _ in total}):
            if not (counts[data, True] and counts[data, False]):
                raise OneClassSet(
                    f"{data}: its {len(held)} photographs cannot be dealt out: {split} would have "
                    f"{counts[data, True]} crack and {counts[data, False]} no_crack tiles. Tiles named PHOTO-TILE.jpg "
                    "are of one photograph and stay together. Add photographs, or sort them into train/, val/, test/."
                )
    return [replace(tile, split=split_of[tile.group]) for tile in tiles]
