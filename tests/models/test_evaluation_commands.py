"""The commands that measure, as a person calls them, on a shipped model and a few tiles."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

commands = pytest.importorskip("crackmap_models.commands", reason="the models part is not installed: make test-models")
pytest.importorskip("matplotlib", reason="matplotlib is not installed: make test-models")
from crackmap.errors import SettingError  # noqa: E402 - only where the part is installed
from crackmap_models.errors import ByEyeError  # noqa: E402 - only where the part is installed

SHIPPED = Path(__file__).parents[2] / "models" / "shipped"
MODEL = str(SHIPPED / "crack-227.tflite")


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures in the layout of `crackmap models render`, three to a wall."""
    import cv2

    folder, rng = tmp_path_factory.mktemp("rendered"), np.random.default_rng(0)
    for split in ("train", "val", "test"):
        for name in ("crack", "no_crack"):
            (folder / split / name).mkdir(parents=True)
            for k in range(12):
                pixels = rng.integers(120, 200, (96, 96, 3)).astype(np.uint8)
                if name == "crack":
                    cv2.line(pixels, (int(rng.integers(96)), 0), (int(rng.integers(96)), 95), (20, 20, 20), 3)
                cv2.imwrite(str(folder / split / name / f"{k // 3}-{k}.jpg"), pixels)
    return folder


def called(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(commands.app, [str(argument) for argument in arguments])
    assert result.exception is None, result.exception
    return result


def test_evaluate_prints_a_table_and_writes_a_report(rendered: Path, tmp_path: Path) -> None:
    result = called("evaluate", MODEL, "--rendered", rendered, "--report", tmp_path)
    assert "rendered: 24 tiles, 12 crack, 4 groups" in result.output
    assert "recall at 0.3 false tiles per m2" in result.output
    assert {path.name for path in (tmp_path / "crack-227").iterdir()} >= {"figures.json", "figures.md", "roc.png"}


def test_robustness_prints_and_draws_curves(rendered: Path, tmp_path: Path) -> None:
    result = called("robustness", MODEL, "--rendered", rendered, "--tiles", "20", "--report", tmp_path)
    assert "jpeg" in result.output
    written = json.loads((tmp_path / "crack-227" / "robustness.json").read_text())
    assert {point["count"] for point in written["points"]} == {20}
    assert (tmp_path / "crack-227" / "robustness.png").is_file()


def test_compare_puts_models_side_by_side(rendered: Path, tmp_path: Path) -> None:
    other = SHIPPED / "crack-256.tflite"
    result = called("compare", MODEL, other, "--rendered", rendered, "--split", "val", "--report", tmp_path / "c.json")
    first, second = (line for line in result.output.splitlines() if line.startswith("rendered"))
    assert first.count(" to ") == second.count(" to ") == 3, "two figures and a difference"
    rows = json.loads((tmp_path / "c.json").read_text())["rows"]
    assert [row["model"] for row in rows[:2]] == ["crack-227", "crack-256"]
    same = CliRunner().invoke(commands.app, ["compare", MODEL, MODEL, "--rendered", str(rendered)])
    assert isinstance(same.exception, SettingError)


def test_photographs_prints_a_table_and_draws_overlays(tmp_path: Path) -> None:
    import cv2

    pixels = np.random.default_rng(1).integers(120, 200, (64, 96, 3)).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "walls-1.jpg"), pixels)
    (tmp_path / "walls-1.labels.csv").write_text("0,1,1\n0,0,0\n")
    result = called("photographs", MODEL, tmp_path, "--report", tmp_path / "report")
    assert [line.split()[0] for line in result.output.splitlines() if "walls" in line] == ["walls-1", "all"]
    written = json.loads((tmp_path / "report" / "photographs.json").read_text())
    assert [row["name"] for row in written["photographs"]] == ["walls-1", "all walls", "all"]
    assert (tmp_path / "report" / "walls-1.png").is_file()


@pytest.mark.parametrize("command", ["evaluate", "compare", "robustness"])
def test_no_command_measures_on_another_split(rendered: Path, command: str) -> None:
    result = CliRunner().invoke(commands.app, [command, MODEL, "--rendered", str(rendered), "--split", "train"])
    assert isinstance(result.exception, SettingError)
    assert "must be val or test" in str(result.exception)


def test_labels_by_eye_without_their_images_are_named(rendered: Path, tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("surface,file,first,second\nwalls,1-1.jpg,crack,crack\n")
    arguments = ["evaluate", MODEL, "--rendered", str(rendered), "--by-eye", str(tmp_path)]
    result = CliRunner().invoke(commands.app, arguments)
    assert isinstance(result.exception, ByEyeError)
    assert "--sdnet2018" in str(result.exception)
