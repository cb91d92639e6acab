"""What a set of tiles holds: classes, groups, sizes and formats, for each data kind and split."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from crackmap_models.data.fingerprints import Fingerprint
from crackmap_models.data.tiles import LabelledTile, Split, by_data


@dataclass(frozen=True, slots=True)
class Holding:
    """Tiles of one data kind and split. `sizes` are as "227 × 227 px", `formats` as "JPEG", the most frequent first."""

    data: str
    split: Split
    crack: int
    no_crack: int
    groups: int
    sizes: tuple[tuple[str, int], ...]
    formats: tuple[tuple[str, int], ...]

    @property
    def crack_share(self) -> float:
        """Which part of the tiles is labelled cracked, 0 to 1."""
        return self.crack / (self.crack + self.no_crack)


def inventory(tiles: Sequence[LabelledTile], prints: Sequence[Fingerprint]) -> list[Holding]:
    """One row for each data kind and split that has tiles; `prints` [n] are the fingerprints of `tiles` [n]."""
    print_of = {tile.path: one for tile, one in zip(tiles, prints, strict=True)}
    holdings = []
    for data, members in by_data(tiles).items():
        for split in get_args(Split):
            rows = [tile for tile in members if tile.split == split]
            if rows:
                cracks = sum(tile.crack for tile in rows)
                seen = [print_of[tile.path] for tile in rows]
                holdings.append(
                    Holding(
                        data=data,
                        split=split,
                        crack=cracks,
                        no_crack=len(rows) - cracks,
                        groups=len({tile.group for tile in rows}),
                        sizes=tuple(Counter(f"{one.width_px} × {one.height_px} px" for one in seen).most_common()),
                        formats=tuple(Counter(one.format for one in seen).most_common()),
                    )
                )
    return holdings


def torn_groups(tiles: Sequence[LabelledTile]) -> tuple[str, ...]:
    """The groups with tiles in several splits, sorted."""
    splits: dict[str, set[Split]] = {}
    for tile in tiles:
        splits.setdefault(tile.group, set()).add(tile.split)
    return tuple(sorted(group for group, of_group in splits.items() if len(of_group) > 1))
