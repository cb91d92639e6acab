"""`crackmap models data` on real files: what it finds is printed, written, and refused where it leaks."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

check = pytest.importorskip("crackmap_models.data.check", reason="the models part is not installed: make test-models")
from crackmap.errors import SettingError  # noqa: E402 - only where the part is installed
from crackmap_models.commands import app  # noqa: E402 - only where the part is installed
from crackmap_models.data.folders import read_folder  # noqa: E402 - only where the part is installed
from crackmap_models.errors import TileInTwoSplits, UnreadableImage  # noqa: E402 - only where the part is installed

SHIPPED = Path(__file__).parents[3] / "models" / "shipped" / "crack-227.tflite"


def rough(seed: int, side: int = 64) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (side // 4, side // 4, 3)).astype(np.uint8)
    return cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)


def site(folder: Path) -> Path:
    """Two splits of two tiles of each class, one of them smaller and a PNG; test/crack/0 is train/crack/0 mirrored,
    and photograph 7 is in both."""
    for split, first in (("train", 0), ("test", 10)):
        for label, seed in (("crack", first), ("no_crack", first + 5)):
            for k in range(2):
                path = folder / split / label / f"{k}.jpg"
                path.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(path), rough(seed + k))
    (folder / "train/no_crack/1.jpg").unlink()
    cv2.imwrite(str(folder / "train/no_crack/1.png"), rough(99, 48))
    cv2.imwrite(str(folder / "test/crack/0.jpg"), rough(0)[:, ::-1])
    for split in ("train", "test"):
        (folder / split / "crack/1.jpg").rename(folder / split / f"crack/7-{split}.jpg")
    return folder


def run(*arguments: str | Path) -> tuple[str, BaseException | None]:
    result = CliRunner().invoke(app, ["data", *map(str, arguments)])
    return result.stdout, result.exception


def test_a_mirrored_twin_across_splits_is_listed_first_written_and_then_refused(tmp_path: Path) -> None:
    said, error = run("--folder", site(tmp_path / "site"), "--report", tmp_path / "report")
    assert isinstance(error, TileInTwoSplits)
    assert "1 pairs of files show one picture in two splits" in str(error)
    assert "mirrored left to right" in said
    assert "site train: 2 crack and 2 no_crack tiles (50.0% cracks), 4 groups" in said
    found = json.loads((tmp_path / "report/data.json").read_text())
    assert found["twins_crossing_splits"] == 1
    assert found["holdings"][0]["sizes"] == {"64 × 64 px": 3, "48 × 48 px": 1}
    assert found["holdings"][0]["formats"] == {"JPEG": 3, "PNG": 1}
    assert found["probable_label_errors"] is None
    assert found["groups_in_several_splits"] == ["site 7"]
    assert "1 groups (photographs) are in several splits" in said
    assert "![Near-duplicates](twins.png)" in (tmp_path / "report/data.md").read_text()
    assert cv2.imread(str(tmp_path / "report/twins.png")).shape[2] == 3


def test_twins_can_be_accepted(tmp_path: Path) -> None:
    _, error = run("--folder", site(tmp_path / "site"), "--allow-twins")
    assert error is None


def test_a_format_is_told_by_content_not_by_suffix(tmp_path: Path) -> None:
    png = cv2.imencode(".png", rough(1))[1].tobytes()
    folder = site(tmp_path / "site")
    (folder / "train/crack/7-train.jpg").write_bytes(png)
    tiles = read_folder(folder, say=lambda _: None)
    train = check.check(tiles, say=lambda _: None).holdings[0]
    assert dict(train.formats) == {"JPEG": 2, "PNG": 2}


def test_a_truncated_file_is_named(tmp_path: Path) -> None:
    path = site(tmp_path / "site") / "test/no_crack/1.jpg"
    path.write_bytes(path.read_bytes()[:-50])
    _, error = run("--folder", tmp_path / "site")
    assert isinstance(error, UnreadableImage)
    assert "test/no_crack/1.jpg: the JPEG file ends too early" in str(error)


def test_probable_label_errors_are_listed_with_a_sheet(tmp_path: Path) -> None:
    tiles = read_folder(site(tmp_path / "site"), say=lambda _: None)
    judged = np.where([tile.crack for tile in tiles], 0.9, 0.1)
    judged[0] = 0.05
    checked = check.check(tiles, judged, say=lambda _: None)
    check.write(checked, tmp_path / "report", say=lambda _: None)
    assert [row.tile for row in checked.suspects["site"]] == [tiles[0]]
    assert "site: 1 labels are probably wrong, 1 of them crack" in check.text(checked)
    found = json.loads((tmp_path / "report/data.json").read_text())["probable_label_errors"]["site"]
    assert found[0]["crack_probability"] == 0.05
    assert "![site](labels-site.png)" in (tmp_path / "report/data.md").read_text()
    assert (tmp_path / "report/labels-site.png").stat().st_size > 1000


@pytest.mark.needs("model")
def test_a_shipped_model_judges_labels(tmp_path: Path) -> None:
    said, error = run("--folder", site(tmp_path / "site"), "--allow-twins", "--model", SHIPPED)
    assert error is None
    assert "labels are probably wrong" in said


def test_two_folders_of_one_name_are_refused(tmp_path: Path) -> None:
    folders = [site(tmp_path / place / "site") for place in ("a", "b")]
    _, error = run(*(part for folder in folders for part in ("--folder", folder)))
    assert isinstance(error, SettingError)
    assert "'site' is what another source is called" in str(error)
