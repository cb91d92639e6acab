"""A model is tested before it is used: by known scores where its manifest has them, else by what can be asked."""

import json
import shutil
from pathlib import Path

import pytest

from crackmap.drawn_tiles import COUNT
from crackmap.errors import InputError
from crackmap_robot.classifier import Classifier
from crackmap_robot.registry.self_test import TOLERANCE, check_apart, self_test
from crackmap_robot.runtimes import Runtime


@pytest.fixture
def promising(models: Path, tmp_path: Path, runtime: Runtime):
    """Makes a model whose manifest promises scores that are so far beside the right ones."""

    def make(beside: int = 0, count: int = COUNT) -> Path:
        # A tile's logit is (128 − mean brightness) / 10: the bytes are as computed by hand from the drawn tiles.
        known = [88, 111, 96, 124, 253, 8][:count]
        path = tmp_path / "model.tflite"
        shutil.copy(models / "darkness-float32.tflite", path)
        manifest = json.loads((models / "darkness-float32.json").read_text())
        manifest["known_scores"] = [score + (beside if place == 2 else 0) for place, score in enumerate(known)]
        path.with_suffix(".json").write_text(json.dumps(manifest))
        return path

    return make


@pytest.mark.parametrize("name", ["darkness-int8", "darkness-uint8", "darkness-float32", "darkness-bytes"])
def test_a_sound_model_without_known_scores_passes(models: Path, name: str, runtime: Runtime) -> None:
    with Classifier(models / f"{name}.tflite", 2, runtime) as classifier:
        self_test(classifier)


def test_a_model_that_answers_no_number_fails(models: Path, runtime: Runtime) -> None:
    with (
        Classifier(models / "nan-float32.tflite", 1, runtime) as classifier,
        pytest.raises(InputError, match="no number to 1 of 6"),
    ):
        self_test(classifier)


@pytest.mark.parametrize("beside", [0, TOLERANCE - 1, 1 - TOLERANCE])
def test_known_scores_may_be_a_little_beside(promising, runtime: Runtime, beside: int) -> None:
    with Classifier(promising(beside), 1, runtime) as classifier:
        self_test(classifier)


@pytest.mark.parametrize(("beside", "count"), [(TOLERANCE + 2, COUNT), (-TOLERANCE - 2, COUNT), (0, COUNT - 1)])
def test_other_scores_than_promised_fail(promising, runtime: Runtime, beside: int, count: int) -> None:
    with (
        Classifier(promising(beside, count), 1, runtime) as classifier,
        pytest.raises(InputError, match="its manifest promises"),
    ):
        self_test(classifier)


def test_in_a_process_of_its_own(promising, runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = promising()
    check_apart(model, runtime)
    with pytest.raises(InputError, match="manifest promises"):
        check_apart(promising(50), runtime)
    with pytest.raises(InputError, match="cannot be read"):
        check_apart(tmp_path / "none.tflite", runtime)
    with pytest.raises(InputError, match=r"took over 0\.01 s"):
        check_apart(model, runtime, 0.01)
    monkeypatch.setenv("CRACKMAP_FAILPOINT", "model.in_test")  # as a model that crashes the runtime
    with pytest.raises(InputError, match="ended by signal 9"):
        check_apart(model, runtime)


@pytest.mark.needs("model")
@pytest.mark.parametrize("name", ["crack-227", "crack-256"])
def test_the_shipped_models_pass_by_known_scores(name: str, runtime: Runtime) -> None:
    shipped = Path(__file__).parents[2] / "models" / "shipped" / f"{name}.tflite"
    with Classifier(shipped, 1, runtime) as classifier:
        assert len(classifier.manifest.known_scores) == COUNT
        self_test(classifier)
