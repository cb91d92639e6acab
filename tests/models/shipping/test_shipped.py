"""The files in models/shipped keep their promises. Needs LiteRT and no TensorFlow."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from crackmap.manifest import Manifest, read_dense, read_manifest

SHIPPED = Path(__file__).parents[3] / "models" / "shipped"
MODELS = ("crack-227", "crack-256")
TILES_PER_CLASS = 120
# Under what the card says of the complete test splits: a sample of noisy labels scatters.
LOWEST_AUROC = {
    "metu/test": 0.995,
    "sdnet2018/test/walls": 0.86,
    "sdnet2018/test/pavements": 0.84,
    "sdnet2018/test/decks": 0.65,
}


class Runner:
    """One shipped model, asked without any code of the robot or the models part."""

    def __init__(self, name: str) -> None:
        self.manifest, content = read_manifest(SHIPPED / f"{name}.tflite")
        self.interpreter = Interpreter(model_content=content, num_threads=1)
        self.interpreter.allocate_tensors()
        self.input = self.interpreter.get_input_details()[0]
        self.output = self.interpreter.get_output_details()[0]

    def logit(self, rgb: np.ndarray) -> float:
        zero_point = self.input["quantization"][1]
        self.interpreter.set_tensor(
            self.input["index"], (rgb.astype(np.int16) + zero_point).astype(self.input["dtype"])[None]
        )
        self.interpreter.invoke()
        scale, zero_point = self.output["quantization"]
        return float((int(self.interpreter.get_tensor(self.output["index"])[0, 0]) - zero_point) * scale)


@pytest.fixture(scope="module", params=MODELS)
def runner(request: pytest.FixtureRequest) -> Runner:
    return Runner(request.param)


def test_manifest_card_and_file_belong_together(runner: Runner) -> None:
    manifest = runner.manifest
    path = SHIPPED / f"{manifest.name}.tflite"
    assert path.stat().st_size == manifest.size_bytes <= 300_000
    assert manifest.sha256 in path.with_suffix(".md").read_text()
    assert Manifest.model_validate_json(manifest.model_dump_json()) == manifest
    assert 0 < manifest.threshold < 1
    assert any("CC BY 4.0" in line for line in manifest.training_data)


def test_the_dense_file_is_small_and_answers_every_window(runner: Runner) -> None:
    manifest = runner.manifest
    assert manifest.dense is not None
    content = read_dense(SHIPPED / f"{manifest.name}.tflite", manifest.dense)
    assert len(content) == manifest.dense.size_bytes <= 300_000
    assert manifest.dense.sha256 in (SHIPPED / f"{manifest.name}.md").read_text()
    assert manifest.tile_px * 0.4 < manifest.dense.stride_px <= manifest.tile_px / 2
    interpreter = Interpreter(model_content=content, num_threads=1)
    pixels, answer = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    assert pixels["dtype"] == np.int8
    assert pixels["quantization"] == (1.0, -128)
    assert answer["quantization"] == runner.output["quantization"]
    sides = [manifest.tile_px + k * manifest.dense.stride_px for k in (2, 4)]
    interpreter.resize_tensor_input(pixels["index"], [1, *sides, 3])
    interpreter.allocate_tensors()
    interpreter.invoke()
    assert interpreter.get_tensor(answer["index"]).shape == (1, 3, 5, 1)


def test_pixels_go_in_as_they_are_and_one_logit_comes_out(runner: Runner) -> None:
    side = runner.manifest.tile_px
    assert runner.input["shape"].tolist() == [1, side, side, 3]
    assert runner.input["dtype"] == np.dtype(runner.manifest.input_dtype)
    # Pixels as decoded; the first models took them less 128.
    assert runner.input["quantization"] == {"uint8": (1.0, 0), "int8": (1.0, -128)}[runner.manifest.input_dtype]
    assert runner.output["shape"].tolist() == [1, 1]
    assert runner.output["dtype"] == np.dtype(runner.manifest.output_dtype)
    assert runner.output["quantization"][0] < 0.15, "coarser than the score bytes on the wire"


def test_plain_surfaces_are_no_cracks(runner: Runner) -> None:
    side = runner.manifest.tile_px
    threshold = np.log(runner.manifest.threshold / (1 - runner.manifest.threshold))
    for grey in (60, 110, 160, 210):
        assert runner.logit(np.full((side, side, 3), grey, np.uint8)) < threshold


@pytest.mark.needs("data")
@pytest.mark.parametrize("folder", LOWEST_AUROC)
def test_it_tells_real_cracks_from_none(runner: Runner, data: Path, folder: str) -> None:
    scores = {
        name: np.array([runner.logit(fitted(path, runner.manifest.tile_px)) for path in spread(data / folder / name)])
        for name in ("crack", "no_crack")
    }
    right = (scores["crack"][:, None] > scores["no_crack"]) + 0.5 * (scores["crack"][:, None] == scores["no_crack"])
    assert right.mean() > LOWEST_AUROC[folder]


def spread(folder: Path) -> list[Path]:
    """TILES_PER_CLASS files from all over a folder."""
    paths = sorted(folder.glob("*.jpg"))
    return paths[:: max(1, len(paths) // TILES_PER_CLASS)]


def fitted(path: Path, side: int) -> np.ndarray:
    """RGB [side, side, 3]: larger tiles shrunk, smaller ones continued by their mirror image."""
    rgb = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    if rgb.shape[0] > side:
        return cv2.resize(rgb, (side, side), interpolation=cv2.INTER_AREA)
    before, after = (side - rgb.shape[0]) // 2, -(-(side - rgb.shape[0]) // 2)
    return cv2.copyMakeBorder(rgb, before, after, before, after, cv2.BORDER_REFLECT_101)
