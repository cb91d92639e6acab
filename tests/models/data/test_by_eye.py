"""Files of labels by eye become typed readings, or a named error with file, line, column and value."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

by_eye = pytest.importorskip("crackmap_models.data.by_eye", reason="the models part is not installed: make test-models")
from crackmap_models.data.tiles import LabelledTile  # noqa: E402 - only where the part is installed
from crackmap_models.errors import ByEyeError  # noqa: E402 - only where the part is installed

HEADER = "surface,file,first,second\n"
SEEN = ("crack", "no_crack", "doubtful")


def written(folder: Path, text: str) -> Path:
    path = folder / "test.csv"
    path.write_text(text)
    return path


def test_rows_are_read_in_order_with_one_pass_or_two(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        HEADER + "walls,7069-1.jpg,crack,no_crack\nDecks,7001-2.jpg,doubtful,\nunstated,Negative/1.jpg,crack,\n",
    )
    assert by_eye.read_by_eye(path) == [
        by_eye.Reading("walls", "7069-1.jpg", "crack", "no_crack"),
        by_eye.Reading("decks", "7001-2.jpg", "doubtful", None),
        by_eye.Reading("unstated", "Negative/1.jpg", "crack", None),
    ]


@given(st.sampled_from(SEEN), st.sampled_from((*SEEN, None)))
def test_agreed_is_what_all_passes_say_without_a_doubt(first: str, second: str | None) -> None:
    said = {first, second} - {None}
    agreed = by_eye.Reading("walls", "1-1.jpg", first, second).crack
    assert agreed == {("crack",): True, ("no_crack",): False}.get(tuple(said))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("surface,file,first\n", r"test\.csv line 1: no column second"),
        (HEADER, "holds no rows"),
        (HEADER + "walls,1-1.jpg,crack,crack\nroof,1-2.jpg,crack,\n", r"test\.csv line 3: surface is 'roof'"),
        (HEADER + "walls,1-1.jpg,maybe,crack\n", r"line 2: first is 'maybe'; must be crack, no_crack or doubtful\."),
        (HEADER + "walls,1-1.jpg,crack,Crack\n", r"line 2: second is 'Crack'"),
        (HEADER + "walls,1-1.jpg\n", r"line 2: first is None"),
        (HEADER + "walls,,crack,crack\n", r"line 2: file is empty"),
        (HEADER + "walls,1-1.jpg,crack,\nwalls,1-1.jpg,crack,\n", r"line 3: file '1-1\.jpg' of walls is there twice"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ByEyeError, match=message):
        by_eye.read_by_eye(written(tmp_path, text))


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(ByEyeError, match=r"test\.csv: cannot be read"):
        by_eye.read_by_eye(tmp_path / "test.csv")
    (tmp_path / "test.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ByEyeError, match="UTF-8"):
        by_eye.read_by_eye(tmp_path / "test.csv")


def test_readings_are_joined_by_surface_and_file(tmp_path: Path) -> None:
    wall, deck = (
        LabelledTile(Path(f"{kind}/7-1.jpg"), True, "sdnet2018", kind, "g", "test") for kind in ("walls", "decks")
    )
    reading = by_eye.Reading("decks", "7-1.jpg", "no_crack", "no_crack")
    assert by_eye.readings_of([wall, deck], [reading]) == {deck.path: reading}
    with pytest.raises(ByEyeError, match=r"none of the 1 tiles.*decks 7-1\.jpg"):
        by_eye.readings_of([wall], [reading])


def test_tiles_of_metu_go_by_folder_and_name_since_both_folders_use_the_same_names() -> None:
    crack, other = (
        LabelledTile(Path(f"{folder}/1.jpg"), folder == "crack", "metu", "unstated", "g", "test")
        for folder in ("crack", "no_crack")
    )
    readings = [
        by_eye.Reading("unstated", "Negative/1.jpg", "crack", "crack"),
        by_eye.Reading("unstated", "Positive/1.jpg", "doubtful", "crack"),
    ]
    assert by_eye.readings_of([crack, other], readings) == {other.path: readings[0], crack.path: readings[1]}
    assert by_eye.relabelled([crack, other], readings) == [replace(other, crack=True, looked_at=True)]


def test_tiles_that_nobody_published_have_no_reading() -> None:
    own = LabelledTile(Path("7-1.jpg"), True, "folder", "walls", "g", "test", name="site walls")
    with pytest.raises(ByEyeError, match="none of the 1 tiles"):
        by_eye.readings_of([own], [by_eye.Reading("walls", "7-1.jpg", "crack", "crack")])


def test_twins_of_later_splits_are_left_out_of_train_and_val_only(tmp_path: Path) -> None:
    path = tmp_path / "metu_twins.csv"
    path.write_text("label,file,twin\ncrack,1.jpg,9.jpg\n")
    twins = by_eye.read_twins(path)
    tiles = [
        LabelledTile(Path(folder) / "1.jpg", folder == "Positive", source, "unstated", "g", split)  # type: ignore[arg-type]
        for folder, source, split in (
            ("Positive", "metu", "train"),
            ("Positive", "metu", "val"),
            ("Positive", "metu", "test"),
            ("Negative", "metu", "train"),
            ("Positive", "sdnet2018", "train"),
        )
    ]
    assert by_eye.without_twins(tiles, twins) == tiles[2:]


def test_a_file_of_twins_that_is_none_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "metu_twins.csv"
    path.write_text("label,file,twin\ncrack,1.jpg,9.jpg\ncracked,2.jpg,8.jpg\n")
    with pytest.raises(ByEyeError, match=r"metu_twins\.csv line 3: label is 'cracked'"):
        by_eye.read_twins(path)
    with pytest.raises(ByEyeError, match="cannot be read"):
        by_eye.read_twins(tmp_path / "nowhere.csv")
