"""Folders of one's own become typed rows, or a named error that says which file and what to do."""

from pathlib import Path

import cv2
import numpy as np
import pytest

folders = pytest.importorskip(
    "crackmap_models.data.folders", reason="the models part is not installed: make test-models"
)
from crackmap_models.errors import (  # noqa: E402 - only where the part is installed
    EmptyClass,
    MissingImages,
    OneClassSet,
    TileInTwoSplits,
    UnreadableImage,
)


def picture(path: Path, seed: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rough = np.random.default_rng(seed).integers(0, 256, (12, 12, 3)).astype(np.uint8)
    assert cv2.imwrite(str(path), cv2.resize(rough, (48, 48), interpolation=cv2.INTER_CUBIC))
    return path


def site(folder: Path, photos: int = 24, tiles: int = 2) -> Path:
    """`photos` photographs of `tiles` tiles each, every second one cracked."""
    for photo in range(photos):
        for tile in range(tiles):
            picture(folder / ("crack", "no_crack")[photo % 2] / f"{photo}-{tile}.jpg", 100 * photo + tile)
    return folder


def read(folder: Path, whole: str | None = None, said: list[str] | None = None) -> list:
    return folders.read_folder(folder, whole, say=(said if said is not None else []).append)


def test_an_unsorted_folder_is_dealt_out_by_photograph_and_always_alike(tmp_path: Path) -> None:
    tiles = read(site(tmp_path / "site"))
    assert len(tiles) == 48
    assert {tile.data for tile in tiles} == {"site"}
    split_of: dict[str, set[str]] = {}
    for tile in tiles:
        split_of.setdefault(tile.group, set()).add(tile.split)
    assert len(split_of) == 24
    assert all(len(splits) == 1 for splits in split_of.values())
    assert {(tile.split, tile.crack) for tile in tiles} == {(s, c) for s in ("train", "val", "test") for c in (0, 1)}
    assert sum(tile.split == "train" for tile in tiles) == pytest.approx(0.7 * 48, abs=4)
    assert read(tmp_path / "site") == tiles


def test_files_without_a_photograph_in_their_names_stand_alone(tmp_path: Path) -> None:
    for label in ("crack", "no_crack"):
        for name in ("1.jpg", "2.jpg", "IMG-7-1.jpg", "IMG-7-2.jpg"):
            picture(tmp_path / "site" / label / name, len(label + name))
    groups = [tile.group for tile in read(tmp_path / "site", "test")]
    assert len(set(groups)) == 5
    assert groups.count("site IMG-7") == 4


def test_a_mirrored_copy_under_another_name_stays_with_its_twin(tmp_path: Path) -> None:
    folder = site(tmp_path / "site")
    for photo in range(24):
        label = ("crack", "no_crack")[photo % 2]
        original = cv2.imread(str(folder / label / f"{photo}-0.jpg"))
        cv2.imwrite(str(folder / label / f"copy{photo}.jpg"), original[:, ::-1])
    split_of = {tile.path.name: tile.split for tile in read(folder)}
    assert all(split_of[f"copy{photo}.jpg"] == split_of[f"{photo}-0.jpg"] for photo in range(24))


def test_an_evaluation_takes_an_unsorted_folder_whole(tmp_path: Path) -> None:
    assert {tile.split for tile in read(site(tmp_path / "site", photos=2), "val")} == {"val"}


def test_a_sorted_folder_keeps_its_splits_and_surfaces_are_kinds_of_their_own(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for surface in ("tunnel", "walls"):
            site(tmp_path / "site" / split / surface, photos=2)
    tiles = read(tmp_path / "site", "test")
    assert {(tile.split, tile.data, tile.surface) for tile in tiles} == {
        (split, f"site {surface}", "walls" if surface == "walls" else "unstated")
        for split in ("train", "test")
        for surface in ("tunnel", "walls")
    }
    with pytest.raises(MissingImages, match=r"site: has no val/, only train/, test/"):
        read(tmp_path / "site", "val")


def test_what_file_managers_leave_is_ignored_by_name_and_said(tmp_path: Path) -> None:
    folder = site(tmp_path / "site", photos=2)
    for name in ("crack/Thumbs.db", "no_crack/Thumbs.db", "crack/.DS_Store", "README.md", "doubtful/1.jpg"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"")
    said: list[str] = []
    assert len(read(folder, "test", said)) == 4
    assert len(said) == 1
    assert all(what in said[0] for what in ("README.md", "doubtful/", "Thumbs.db (2×)", ".DS_Store"))


@pytest.mark.parametrize("name", ["1.heic", "notes.txt", "more/1.jpg"])
def test_what_is_no_picture_among_the_pictures_is_named(tmp_path: Path, name: str) -> None:
    folder = site(tmp_path / "site", photos=2)
    (folder / "crack" / name).parent.mkdir(exist_ok=True)
    (folder / "crack" / name).write_bytes(b"")
    with pytest.raises(UnreadableImage, match=name.split("/", maxsplit=1)[0]):
        read(folder, "test")


def test_a_folder_of_one_class_is_named(tmp_path: Path) -> None:
    folder = site(tmp_path / "site", photos=2)
    for path in (folder / "no_crack").iterdir():
        path.unlink()
    with pytest.raises(EmptyClass, match=r"site/no_crack: holds no pictures"):
        read(folder, "test")
    (folder / "no_crack").rmdir()
    with pytest.raises(EmptyClass, match=r"site/no_crack: is not there"):
        read(folder, "test")


def test_too_few_photographs_to_deal_out_are_named(tmp_path: Path) -> None:
    with pytest.raises(OneClassSet, match=r"site: its 4 photographs cannot be dealt out: .* would have 0 crack"):
        read(site(tmp_path / "site", photos=4))


def test_a_truncated_file_is_named_when_the_folder_is_dealt_out(tmp_path: Path) -> None:
    folder = site(tmp_path / "site")
    path = folder / "crack/4-1.jpg"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UnreadableImage, match=r"4-1\.jpg: the JPEG file ends too early"):
        read(folder)


def test_one_file_in_two_splits_is_named_whatever_it_is_called(tmp_path: Path) -> None:
    for k, split in enumerate(("train", "test")):
        for label in ("crack", "no_crack"):
            picture(tmp_path / "site" / split / label / "1-1.jpg", 10 * k + len(label))
    tiles = read(tmp_path / "site")
    folders.check_contents(tiles)
    (tmp_path / "site/test/crack/other.jpg").write_bytes((tmp_path / "site/train/crack/1-1.jpg").read_bytes())
    with pytest.raises(TileInTwoSplits, match=r"test/crack/other\.jpg.*same file as.*train/crack/1-1\.jpg"):
        folders.check_contents(read(tmp_path / "site"))


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ("empty", "holds no crack/ and no_crack/.*it holds nothing"),
        ("Crack/1.jpg", "it holds Crack"),
        ("Positive/1.jpg", "Give it as --metu with --splits.*leaks"),
        ("Decks/Cracked/1.jpg", "Give it as --sdnet2018 with --splits.*leaks"),
        ("crack/1.jpg train/crack/1.jpg", "holds train/ and a class folder beside it"),
    ],
)
def test_other_layouts_are_named(tmp_path: Path, made: str, message: str) -> None:
    (tmp_path / "site").mkdir()
    for name in made.split() if made != "empty" else ():
        picture(tmp_path / "site" / name, 1)
    with pytest.raises(MissingImages, match=message):
        read(tmp_path / "site")
