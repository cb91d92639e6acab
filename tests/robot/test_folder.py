"""Which files of a folder are photographs, in which order, and what is said of the rest."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crackmap.errors import InputError
from crackmap_robot.cameras.camera import Photo, Refused
from crackmap_robot.cameras.folder import natural_key, open_folder, read_photo


@given(st.lists(st.integers(0, 10**6), unique=True))
def test_numbers_in_names_count_as_numbers(numbers: list[int]) -> None:
    names = [f"IMG_{number}.jpg" for number in numbers]
    assert sorted(names, key=natural_key) == [f"IMG_{number}.jpg" for number in sorted(numbers)]


@given(st.lists(st.text(min_size=1), unique=True), st.randoms())
def test_the_order_is_one_whatever_the_disk_says(names: list[str], random) -> None:
    once = sorted(names, key=natural_key)
    random.shuffle(names)
    assert sorted(names, key=natural_key) == once


def test_photographs_and_the_rest(photographs: Path) -> None:
    (photographs / "img10.PNG").write_bytes((photographs / "img1.jpg").read_bytes())  # the name's ending is only a hint
    (photographs / "labels.csv").write_text("1")
    (photographs / ".img9.jpg").write_text("left by the camera")
    (photographs / "older").mkdir()
    (photographs / "older.jpg").mkdir()
    folder = open_folder(photographs)
    assert [path.name for path in folder.photographs] == [f"img{n}.jpg" for n in range(1, 7)] + ["img10.PNG"]
    assert folder.left_out == (".img9.jpg", "labels.csv", "older/", "older.jpg/")
    assert all(isinstance(item, Photo) for item in folder.frames())


def test_one_photograph_whatever_its_name(photographs: Path) -> None:
    other = photographs / "photograph"
    (photographs / "img1.jpg").rename(other)
    (photo,) = open_folder(other).frames()
    assert isinstance(photo, Photo)
    assert (photo.label, photo.path) == ("photograph", other)
    assert photo.source_key == photo.image.sha256


def test_a_link_counts_as_the_photograph_and_a_broken_one_is_refused(photographs: Path, tmp_path: Path) -> None:
    links = tmp_path / "links"
    links.mkdir()
    (links / "a.jpg").symlink_to(photographs / "img1.jpg")
    (links / "b.jpg").symlink_to(tmp_path / "nowhere")
    good, bad = open_folder(links).frames()
    assert isinstance(good, Photo)
    assert (good.label, good.path) == ("a.jpg", links / "a.jpg")
    assert isinstance(bad, Refused)
    assert "b.jpg: cannot be read (No such file or directory)" in str(bad.error)


def test_a_name_that_is_not_utf8_is_shown_as_well_as_it_can_be(photographs: Path) -> None:
    odd = photographs / os.fsdecode(b"wand s\xfcd.jpg")
    (photographs / "img1.jpg").rename(odd)
    photo = read_photo(odd)
    assert (photo.label, photo.path) == ("wand s\N{REPLACEMENT CHARACTER}d.jpg", odd)


def test_what_is_neither_file_nor_folder(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(InputError, match="is not a file"):
        read_photo(tmp_path / "pipe.jpg")


def test_a_file_that_no_memory_should_hold_is_not_read(tmp_path: Path) -> None:
    huge = tmp_path / "huge.tif"
    with huge.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(InputError, match=r"huge\.tif: has 1,099,511,627,776 bytes; at most 900,000,000 are read"):
        read_photo(huge)


def test_missing_and_empty_sources(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere: cannot be read \(No such file"):
        open_folder(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds no photograph"):
        open_folder(tmp_path)
    (tmp_path / "day 1").mkdir()
    with pytest.raises(InputError, match="holds the sub-folders day 1: give one of them"):
        open_folder(tmp_path)


def test_a_photograph_that_goes_away_while_the_folder_is_read(photographs: Path) -> None:
    frames = open_folder(photographs).frames()
    next(frames)
    (photographs / "img2.jpg").unlink()
    second, *rest = frames
    assert isinstance(second, Refused)
    assert len(rest) == 4
