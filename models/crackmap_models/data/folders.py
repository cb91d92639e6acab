"""Folders of one's own: `crack/` and `no_crack/`, perhaps under `train/`, `val/`, `test/`, perhaps by surface between.

    site/crack/7069-101.jpg                      site/test/crack/7069-101.jpg
    site/walls/crack/7069-101.jpg                site/test/walls/crack/7069-101.jpg

The folder's name is what its figures are called ("site", or "site walls"). Tiles that are named `PHOTO-TILE.jpg` are
of one photograph and stay together; other files stand alone.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import get_args

from crackmap_models.data.fingerprints import fingerprints
from crackmap_models.data.seeded_split import joined, seeded_split
from crackmap_models.data.tiles import LabelledTile, Split, read_bytes
from crackmap_models.data.twins import twins
from crackmap_models.errors import EmptyClass, MissingImages, TileInTwoSplits, UnreadableImage

CLASSES = {"crack": True, "no_crack": False}
SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
# What file managers and cameras leave behind.
LEFT_BEHIND = {"thumbs.db", "desktop.ini", "@eadir", "__macosx"}
# Folders by which a published set is known, and what to do with it.
PUBLISHED = {"Positive": "--metu", "Negative": "--metu", "Decks": "--sdnet2018", "Cracked": "--sdnet2018"}

Say = Callable[[str], None]


def read_folder(folder: Path, whole: Split | None = None, *, say: Say = print) -> list[LabelledTile]:
    """The tiles of a folder, in order of their paths.

    Where the folder has no `train/`, `val/` and `test/`, all its tiles are of the split `whole`; without `whole`,
    photographs are dealt out (`seeded_split`), and files that show the same picture stay together, which takes a
    minute for 40,000 files. With such folders, the one of `whole` must be there.

    Raises MissingImages (nothing to read, or not what is asked for), EmptyClass (an empty or a missing class folder),
    UnreadableImage (a file that is no picture among the pictures), OneClassSet (too few photographs to deal out).
    """
    _refuse_published(folder)
    splits = [split for split in get_args(Split) if (folder / split).is_dir()]
    if not splits:
        tiles = list(_tiles(folder, folder, whole or "train", say))
        return tiles if whole else _dealt_out(tiles, say)
    if any((folder / name).is_dir() for name in CLASSES):
        raise MissingImages(f"{folder}: holds {splits[0]}/ and a class folder beside it; sort all tiles into splits.")
    if whole and whole not in splits:
        raise MissingImages(f"{folder}: has no {whole}/, only {', '.join(f'{split}/' for split in splits)}.")
    return [tile for split in splits for tile in _tiles(folder, folder / split, split, say)]


def check_contents(tiles: Iterable[LabelledTile]) -> None:
    """Raises TileInTwoSplits when the same file, byte for byte, is in two splits. Only files of one size are read."""

    def size_bytes(tile: LabelledTile) -> int:
        return tile.path.stat().st_size

    for _, alike in groupby(sorted(tiles, key=size_bytes), key=size_bytes):
        first: dict[bytes, LabelledTile] = {}
        members = list(alike)
        for tile in members if len({tile.split for tile in members}) > 1 else ():
            other = first.setdefault(hashlib.sha256(read_bytes(tile.path)).digest(), tile)
            if other.split != tile.split:
                raise TileInTwoSplits(
                    f"{tile.path} ({tile.split}) is the same file as {other.path} ({other.split}). Remove one of "
                    "them; `crackmap models data` lists all such pairs, mirrored ones too."
                )


def _dealt_out(tiles: list[LabelledTile], say: Say) -> list[LabelledTile]:
    say(f"{tiles[0].data}: dealing out {len(tiles)} tiles to train, val and test; twins stay together")
    return seeded_split(joined(tiles, twins(tiles, fingerprints(tiles, say=say), say=say)))


def _tiles(folder: Path, place: Path, split: Split, say: Say) -> Iterator[LabelledTile]:
    """The tiles below `place`, which is `folder` or one of its splits."""
    name, ignored = folder.resolve().name, Counter[str]()
    for surface_folder in _surface_folders(place, ignored):
        surface = surface_folder.name if surface_folder != place else ""
        for class_name, crack in CLASSES.items():
            for path in _pictures(surface_folder / class_name, ignored):
                photo = path.stem.rpartition("-")[0] or str(path.relative_to(folder))
                yield LabelledTile(
                    path=path,
                    crack=crack,
                    source="folder",
                    surface=surface if surface in {"walls", "decks", "pavements"} else "unstated",  # type: ignore[arg-type]
                    group=" ".join(filter(None, (name, surface, photo))),
                    split=split,
                    name=f"{name} {surface}".strip(),
                )
    if ignored:
        say(f"{place}: ignored {', '.join(f'{what} ({n}×)' if n > 1 else what for what, n in ignored.items())}")


def _surface_folders(place: Path, ignored: Counter[str]) -> list[Path]:
    """`place` itself, or its subfolders with classes. Files and other folders beside them are counted as ignored."""

    def has_classes(folder: Path) -> bool:
        return any((folder / name).is_dir() for name in CLASSES)

    entries = sorted(place.iterdir())
    found = [place] if has_classes(place) else [entry for entry in entries if entry.is_dir() and has_classes(entry)]
    if not found:
        held = ", ".join(entry.name for entry in entries[:5]) or "nothing"
        raise MissingImages(f"{place}: holds no crack/ and no_crack/, nor folders with these; it holds {held}.")
    ignored.update(f"{e.name}/" if e.is_dir() else e.name for e in entries if e not in found and e.name not in CLASSES)
    return found


def _pictures(folder: Path, ignored: Counter[str]) -> list[Path]:
    """The picture files of a class folder. Raises UnreadableImage for any other file, EmptyClass without pictures."""
    pictures = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith(".") or path.name.lower() in LEFT_BEHIND:
            ignored[path.name] += 1
        elif path.suffix.lower() in SUFFIXES and path.is_file():
            pictures.append(path)
        else:
            what = "a folder" if path.is_dir() else f"no picture that can be read ({', '.join(SUFFIXES)})"
            raise UnreadableImage(f"{path}: is {what}. Pictures lie in {folder.name}/ itself; convert or remove it.")
    if not pictures:
        other = "no_crack" if folder.name == "crack" else "crack"
        raise EmptyClass(
            f"{folder}: {'holds no pictures' if folder.is_dir() else 'is not there'}. Beside {other}/ there must be "
            f"{folder.name}/ with pictures: on one class alone nothing is learnt, and every figure is meaningless."
        )
    return pictures


def _refuse_published(folder: Path) -> None:
    for name, option in PUBLISHED.items():
        if (folder / name).is_dir():
            raise MissingImages(
                f"{folder}: holds {name}/, the layout of a published set. Give it as {option} with --splits: it comes "
                "without a split, and one made at random leaks (METU repeats itself mirrored, SDNET2018's photographs "
                "overlap)."
            )
