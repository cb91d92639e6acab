"""What the tests of the scanner share: photographs that are drawn, tiny models, the command in this process."""

import importlib.util
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from crackmap.__main__ import main
from crackmap_robot.classifier import Classifier
from crackmap_robot.runtimes import Runtime

MODELS = Path(__file__).parent / "models"
TILE_PX = 32
RUNTIME = Runtime(os.environ.get("CRACKMAP_RUNTIME", "litert"))


def beside(name: str) -> ModuleType:
    """A module that lies beside this one."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def bags() -> ModuleType:
    """Writes bags."""
    return beside("bags")


@pytest.fixture(scope="session")
def streams() -> ModuleType:
    """A camera on the network."""
    return beside("streams")


@pytest.fixture(scope="session")
def daemons() -> ModuleType:
    """Runs the daemon as a process."""
    return beside("daemons")


@pytest.fixture
def models() -> Path:
    """The folder of tiny models; see make.py there."""
    return MODELS


@pytest.fixture
def model() -> Path:
    """A model of 32-px tiles whose logit is (128 − mean brightness) / 10."""
    return MODELS / "darkness-int8.tflite"


@pytest.fixture
def runtime() -> Runtime:
    """What runs models in this environment."""
    return RUNTIME


@pytest.fixture
def classifier(model: Path) -> Classifier:
    """That model, loaded."""
    return Classifier(model, 1, RUNTIME)


Pixels = npt.NDArray[np.uint8]
Draw = Callable[..., Pixels]


def wall(seed: int, width_px: int = 150, height_px: int = 100) -> Pixels:
    """Light noise with a few dark patches, (height, width, 3)."""
    random = np.random.default_rng(seed)
    frame = random.integers(150, 220, (height_px, width_px, 3)).astype(np.uint8)
    for _ in range(3):
        x, y = random.integers(0, width_px - 40), random.integers(0, height_px - 40)
        frame[y : y + 40, x : x + 40] //= 4
    return frame


@pytest.fixture
def draw() -> Draw:
    """The function that draws a wall."""
    return wall


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A folder of six JPEGs, 150 × 100 px."""
    folder = tmp_path / "photographs"
    folder.mkdir()
    for number in range(1, 7):
        Image.fromarray(wall(number)).save(folder / f"img{number}.jpg", quality=95)
    return folder


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def crackmap(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """`crackmap …` in this process: crackmap("scan", folder, …)."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["crackmap", *map(str, arguments)])
        capfd.readouterr()
        try:
            main()
            code: object = 0
        except SystemExit as end:
            code = end.code
        out, err = capfd.readouterr()
        return Ran(int(code or 0), out, err)  # type: ignore[call-overload]

    return run


@pytest.fixture
def scan(crackmap: Run, model: Path, tmp_path: Path) -> Run:
    """`crackmap scan` with the tiny model and an outbox of the test's own: scan(folder, "--mm-per-px", 0.5)."""

    def run(source: Path, *more: object) -> Ran:
        fixed = ("--surface", "north", "--inspection", "2026", "--model", model, "--outbox", tmp_path / "outbox.sqlite")
        return crackmap("scan", source, *fixed, *more)

    return run
