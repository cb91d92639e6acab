"""Split files and folders become typed rows, or a named error."""

import csv
import gzip
import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

tiles_on_disk = pytest.importorskip(
    "crackmap_models.data.tiles", reason="the models part is not installed: make test-models"
)
from crackmap_models.data import published  # noqa: E402 - only where the part is installed
from crackmap_models.errors import (  # noqa: E402 - only where the part is installed
    EmptyClass,
    MissingImages,
    OneClassSet,
    TileInTwoSplits,
    TrainingDataError,
    UnreadableImage,
)

METU_COLUMNS = ("file", "label", "flip_group", "content_group", "split")
SDNET_COLUMNS = ("surface", "file", "label", "overlap_group", "split")
PICTURE = cv2.imencode(".jpg", np.full((8, 8, 3), 90, np.uint8))[1].tobytes()


def write_split_file(path: Path, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([columns, *rows])
    path.write_bytes(gzip.compress(text.getvalue().encode()))


def write_picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(PICTURE)


def test_the_complete_metu_set(tmp_path: Path) -> None:
    rows = [("Positive/1.jpg", "crack", "0", "7", "train"), ("Negative/2.jpg", "no_crack", "1", "8", "val")]
    write_split_file(tmp_path / "metu.csv.gz", METU_COLUMNS, rows)
    for file, *_ in rows:
        write_picture(tmp_path / file)
    one, two = published.read_metu(tmp_path, tmp_path)
    assert (one.crack, one.split, one.group, one.data) == (True, "train", "metu 7", "metu")
    assert (two.crack, two.split, two.path) == (False, "val", tmp_path / "Negative/2.jpg")


@pytest.mark.parametrize("folders", [("Decks/Cracked", "Walls/Non-cracked"), ("D/CD", "W/UW")])
def test_the_complete_sdnet2018_set_names_its_surface(tmp_path: Path, folders: tuple[str, str]) -> None:
    rows = [("Decks", "7-1.jpg", "crack", "Decks_7", "test"), ("Walls", "8-1.jpg", "no_crack", "Walls_8", "train")]
    write_split_file(tmp_path / "sdnet2018.csv.gz", SDNET_COLUMNS, rows)
    write_picture(tmp_path / folders[0] / "7-1.jpg")
    write_picture(tmp_path / folders[1] / "8-1.jpg")
    assert [tile.data for tile in published.read_sdnet2018(tmp_path, tmp_path)] == [
        "sdnet2018 decks",
        "sdnet2018 walls",
    ]


def test_of_a_sample_only_what_is_there_is_returned(tmp_path: Path) -> None:
    rows = [(f"Positive/{k}.jpg", "crack", str(k), str(k), "val") for k in range(5)]
    write_split_file(tmp_path / "metu.csv.gz", METU_COLUMNS, rows)
    write_picture(tmp_path / "val/crack/3.jpg")
    assert [tile.path.name for tile in published.read_metu(tmp_path, tmp_path)] == ["3.jpg"]


def test_a_hole_in_the_complete_set_is_named_with_its_line(tmp_path: Path) -> None:
    rows = [("Positive/1.jpg", "crack", "0", "0", "train"), ("Positive/2.jpg", "crack", "1", "1", "train")]
    write_split_file(tmp_path / "metu.csv.gz", METU_COLUMNS, rows)
    write_picture(tmp_path / "Positive/1.jpg")
    with pytest.raises(MissingImages, match=r"Positive/2\.jpg.*line 3"):
        published.read_metu(tmp_path, tmp_path)


def test_an_empty_folder_and_a_missing_or_cut_split_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingImages, match=r"metu\.csv\.gz"):
        published.read_metu(tmp_path, tmp_path)
    write_split_file(
        tmp_path / "metu.csv.gz", METU_COLUMNS, [(f"Positive/{k}.jpg", "crack", "0", "0", "train") for k in range(99)]
    )
    with pytest.raises(MissingImages, match="holds none of the images"):
        published.read_metu(tmp_path, tmp_path)
    whole = (tmp_path / "metu.csv.gz").read_bytes()
    (tmp_path / "metu.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(MissingImages, match="cannot be read"):
        published.read_metu(tmp_path, tmp_path)


def test_an_unknown_label_is_named_with_its_line(tmp_path: Path) -> None:
    write_split_file(tmp_path / "metu.csv.gz", METU_COLUMNS, [("Positive/1.jpg", "maybe", "0", "0", "train")])
    with pytest.raises(TrainingDataError, match="line 2: label is 'maybe'"):
        published.read_metu(tmp_path, tmp_path)


@given(splits=st.lists(st.sampled_from(["train", "val", "test", "reserved", "copy", "contradictory"]), max_size=12))
@settings(max_examples=20)
def test_reserved_copied_and_contradictory_rows_are_never_returned(
    tmp_path_factory: pytest.TempPathFactory, splits: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("metu")
    rows = [(f"Positive/{k}.jpg", "crack", str(k), str(k), split) for k, split in enumerate([*splits, "train"])]
    write_split_file(folder / "metu.csv.gz", METU_COLUMNS, rows)
    for file, *_ in rows:
        write_picture(folder / file)
    found = published.read_metu(folder, folder)
    assert [tile.split for tile in found] == [row[4] for row in rows if row[4] in {"train", "val", "test"}]


@pytest.mark.parametrize(("again", "error"), [("test", TileInTwoSplits), ("train", TrainingDataError)])
def test_a_file_twice_in_the_split_file_is_named_with_both_lines(
    tmp_path: Path, again: str, error: type[Exception]
) -> None:
    rows = [("Positive/1.jpg", "crack", "0", "0", "train"), ("Positive/2.jpg", "crack", "1", "1", "train")]
    write_split_file(tmp_path / "metu.csv.gz", METU_COLUMNS, [*rows, (*rows[0][:4], again)])
    for file, *_ in rows:
        write_picture(tmp_path / file)
    with pytest.raises(error, match=rf"metu\.csv\.gz line 4: Positive/1\.jpg is {again}, on line 2 train") as raised:
        published.read_metu(tmp_path, tmp_path)
    assert type(raised.value) is error


@pytest.mark.parametrize("content", [b"", b"not a picture", PICTURE[:20]])
def test_what_does_not_decode_is_named(content: bytes) -> None:
    with pytest.raises(UnreadableImage, match=r"broken\.jpg.*does not decode"):
        tiles_on_disk.decode(Path("broken.jpg"), content)


@given(st.integers(0, 2**16), st.floats(0, 1), st.booleans(), st.booleans())
@settings(max_examples=60)
def test_a_jpeg_file_that_ends_too_early_is_named_wherever_it_was_cut(
    seed: int, cut: float, progressive: bool, padded: bool
) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    whole = cv2.imencode(".jpg", noise, [cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)])[1].tobytes()
    assert tiles_on_disk.decode(Path("a.jpg"), whole + b"\0" * 100 * padded).shape == (64, 64, 3)
    left = whole[: int(cut * (len(whole) - 2))]
    with pytest.raises(UnreadableImage, match=r"a\.jpg"):
        tiles_on_disk.decode(Path("a.jpg"), left + b"\0" * (len(whole) - len(left)) * padded)


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImage, match=r"gone\.jpg"):
        tiles_on_disk.read_bytes(tmp_path / "gone.jpg")


def test_pixels_are_rgb() -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 2] = 200
    pixels = tiles_on_disk.decode(Path("red.png"), cv2.imencode(".png", red)[1].tobytes())
    assert pixels[8, 8].tolist() == [200, 0, 0]


def test_training_needs_both_classes_and_so_do_figures() -> None:
    tile = tiles_on_disk.LabelledTile(Path("a.jpg"), True, "metu", "unstated", "g", "train")
    with pytest.raises(EmptyClass, match="1 crack and 0 no_crack"):
        tiles_on_disk.check_trainable([tile])
    with pytest.raises(OneClassSet, match="metu test: 2 crack and 0 no_crack"):
        tiles_on_disk.check_evaluable(np.array([True, True]), "metu test")
    tiles_on_disk.check_evaluable(np.array([True, False]), "metu test")


@pytest.mark.needs("data")
def test_no_group_of_the_real_test_splits_is_also_in_train_or_val(data: Path) -> None:
    splits = data / "splits"
    tiles = published.read_metu(data / "metu", splits) + published.read_sdnet2018(data / "sdnet2018", splits)
    seen = {tile.group for tile in tiles if tile.split != "test"}
    tested = {tile.group for tile in tiles if tile.split == "test"}
    assert len(tested) > 10
    assert not seen & tested
