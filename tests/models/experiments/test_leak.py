"""What leaking is worth: two trainings of the same size that differ in their split only."""

import csv
import gzip
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

experiment = pytest.importorskip(
    "crackmap_models.experiments.leak", reason="the models part is not installed: make test-models"
)
pytest.importorskip("keras", reason="TensorFlow is not installed: make test-models")
from crackmap.errors import SettingError  # noqa: E402 - only where the part is installed
from crackmap_models.commands import app  # noqa: E402
from crackmap_models.data.published import read_metu  # noqa: E402
from crackmap_models.data.tiles import of_split  # noqa: E402
from crackmap_models.errors import EmptyClass, RunError  # noqa: E402
from crackmap_models.evaluation.metrics import tally  # noqa: E402

SIDE_PX = 40
SPOTS = 120
COPIES = 2
SPLIT_OF = ("train", "train", "train", "val", "test")


@pytest.fixture(scope="module")
def metu(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 spots in METU's layout with a split file beside them: each has a distinct file and two copies."""
    import cv2

    folder, rng = tmp_path_factory.mktemp("metu"), np.random.default_rng(0)
    rows = []
    for spot in range(SPOTS):
        label, place = ("crack", "Positive") if spot % 2 else ("no_crack", "Negative")
        (folder / place).mkdir(exist_ok=True)
        pixels = rng.integers(120, 200, (SIDE_PX, SIDE_PX, 3)).astype(np.uint8)
        if label == "crack":
            cv2.line(pixels, (int(rng.integers(SIDE_PX)), 0), (int(rng.integers(SIDE_PX)), SIDE_PX), (20, 20, 20), 3)
        for k in range(1 + COPIES):
            cv2.imwrite(str(folder / place / f"{spot}-{k}.jpg"), pixels)
            split = "copy" if k else SPLIT_OF[spot // 2 % len(SPLIT_OF)]
            rows.append((f"{place}/{spot}-{k}.jpg", label, str(spot), str(spot), split))
    with gzip.open(folder / "metu.csv.gz", "wt", newline="") as stream:
        csv.writer(stream).writerows([("file", "label", "flip_group", "content_group", "split"), *rows])
    return folder


def test_copies_are_rows_only_when_asked_for(metu: Path) -> None:
    assert len(read_metu(metu, metu)) == SPOTS
    rows = read_metu(metu, metu, copies=True)
    assert len(rows) == SPOTS * (1 + COPIES)
    assert Counter(tile.split for tile in rows if not tile.path.stem.endswith("-0")) == {"train": SPOTS * COPIES}


@pytest.mark.parametrize(("most", "spots"), [(10_000, SPOTS), (36, SPOTS // 2)])
def test_the_arms_train_on_as_many_tiles_and_only_one_leaks(metu: Path, most: int, spots: int) -> None:
    random, leak_free = experiment.arms(
        read_metu(metu, metu), read_metu(metu, metu, copies=True), most, whole_groups=True, seed=4
    )
    train = [Counter(tile.crack for tile in of_split(arm.tiles, "train")) for arm in (random, leak_free)]
    assert train[0] == train[1]
    assert train[0].total() <= 1.2 * most, "about"
    assert not experiment.has_mate(leak_free.tiles).any()
    assert experiment.has_mate(random.tiles).mean() > 0.3
    assert len({tile.group for tile in leak_free.tiles}) == spots
    for arm in (random, leak_free):
        assert len({tile.path for tile in arm.tiles}) == len(arm.tiles)
    assert all(tile.path.stem.endswith("-0") for tile in leak_free.tiles), "copies stay out of it"


def test_an_epoch_is_every_train_tile_once(metu: Path) -> None:
    arm, _ = experiment.arms(read_metu(metu, metu), read_metu(metu, metu), 10_000, whole_groups=True, seed=1)
    settings = experiment.settings_of(arm, "cainvas", canvas_px=64, epochs=12, seed=1, threads=1)
    held = Counter(tile.crack for tile in of_split(arm.tiles, "train"))
    assert (settings.mix.metu_crack, settings.mix.metu_no_crack) == (held[True], held[False])
    assert settings.mix.drawn_crack == settings.mix.rendered_crack == settings.mix.sdnet2018_crack == 0
    assert settings.augmentation is None
    assert (settings.rate, settings.patience, settings.noise) == (1e-4, 5, "published")


def test_accuracy_counts_both_classes() -> None:
    labels = np.array([True, True, False, False, False])
    scores = np.array([1.0, -1.0, 0.0, -2.0, -2.0])
    assert experiment.accuracy(tally(labels, scores), 0.0) == pytest.approx(3 / 5)
    twice = tally(labels, scores, np.array([[1, 1, 1, 1, 1], [0, 3, 0, 1, 0]]))
    assert experiment.accuracy(twice, 0.0).tolist() == pytest.approx([3 / 5, 1 / 4])


def test_without_train_tiles_of_a_class_it_is_said(metu: Path) -> None:
    one = [tile for tile in read_metu(metu, metu) if tile.crack]
    with pytest.raises(EmptyClass):
        experiment.arms(one, one, 100, whole_groups=True, seed=1)


def test_the_command_measures_both_and_goes_on_where_it_stopped(metu: Path, tmp_path: Path) -> None:
    arguments = ["leak", str(tmp_path), "--metu", str(metu), "--splits", str(metu), "--tiles", "100"]
    arguments += ["--canvas-px", str(SIDE_PX), "--threads", "1"]
    first = CliRunner().invoke(app, [*arguments, "--epochs", "1"])
    assert first.exception is None, first.exception
    rows = json.loads((tmp_path / "leak.json").read_text())["rows"]
    assert [row["split"] for row in rows] == ["random", "random: with a mate", "random: without", "leak-free"]
    assert len({row["train_tiles"] for row in rows}) == 1
    assert rows[0]["test_tiles"] == rows[1]["test_tiles"] + rows[2]["test_tiles"]
    assert [row["with_mates"] for row in rows[1:]] == [1, 0, 0]
    assert set(rows[0]["figures"]) == {"accuracy", "AUROC", "AUPRC", "F1"}
    table = (tmp_path / "leak.md").read_text()
    assert table.strip() in first.output
    assert table.count("| metu |") == len(rows)
    again = CliRunner().invoke(app, [*arguments, "--epochs", "1"])
    assert "epoch 1/1" in first.output
    assert "epoch 1/1" not in again.output, "finished trainings are not repeated"
    assert (tmp_path / "leak.md").read_text() == table
    other = CliRunner().invoke(app, [*arguments, "--epochs", "2"])
    assert isinstance(other.exception, RunError)


@pytest.mark.parametrize("given", [["--metu", "{metu}"], ["--splits", "{metu}"]])
def test_the_command_says_what_is_missing(metu: Path, tmp_path: Path, given: list[str]) -> None:
    result = CliRunner().invoke(app, ["leak", str(tmp_path), *[one.format(metu=metu) for one in given]])
    assert isinstance(result.exception, SettingError)
    assert "--splits" in str(result.exception)
