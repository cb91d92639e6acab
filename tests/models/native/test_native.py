"""The model as a C program: LiteRT's scores, pictures in, named errors for what it cannot do."""

import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: make test-models")
from crackmap_models.conversion.graph import read_graph
from crackmap_models.conversion.lite import LiteModel
from crackmap_models.errors import CannotCompile
from crackmap_models.native.build import Built, build
from crackmap_models.native.comparison import compare
from crackmap_models.native.memory import plan
from crackmap_models.native.program import program
from crackmap_models.native.readme import readme, table

TINY = Path(__file__).parents[2] / "robot" / "models"
pytestmark = pytest.mark.needs("cc")


@pytest.fixture(scope="module")
def model(converted: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "crack-71.tflite"
    path.write_bytes(converted["int8"])
    return path


@pytest.fixture(scope="module")
def built(model: Path) -> Built:
    return build(model, model.parent / "native")


def score(built: Built, content: bytes, *flags: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([built.program, *flags], input=content, capture_output=True, check=False)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def test_scores_are_those_of_litert(model: Path, built: Built, fitted: list[np.ndarray]) -> None:
    compared = compare(model, built.program, fitted)
    assert (compared.tiles, compared.largest_difference_steps) == (60, 0)
    assert compared.native.size_bytes < 400_000
    assert built.memory_bytes < compared.native.peak_memory_bytes < compared.litert.peak_memory_bytes
    text = readme(model, 71, built.memory_bytes, compared)
    assert "60 of 60 scores" in text
    assert table(compared) in text


def test_noise_and_extremes_score_as_in_litert(model: Path, built: Built) -> None:
    lite, rng = LiteModel(model.read_bytes()), np.random.default_rng(9)
    tiles = [np.full((71, 71, 3), value, np.uint8) for value in (0, 127, 128, 255)]
    tiles += list(rng.integers(0, 256, (40, 71, 71, 3)).astype(np.uint8))
    lines = score(built, b"".join(tile.tobytes() for tile in tiles), "-r").stdout.splitlines()
    for line, tile in zip(lines, tiles, strict=True):
        logit, probability = map(float, line.split())
        assert logit == pytest.approx(lite.logit(tile), abs=1e-5)
        assert probability == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-5)


def test_pictures_and_bare_bytes_score_alike(built: Built, fitted: list[np.ndarray]) -> None:
    pictures = b"".join(b"P6\n71 71\n255\n" + tile.tobytes() for tile in fitted[:3])
    bare = b"".join(tile.tobytes() for tile in fitted[:3])
    assert score(built, pictures).stdout == score(built, bare, "-r").stdout
    assert len(score(built, pictures).stdout.splitlines()) == 3


@pytest.mark.parametrize(
    "content", [b"P6\n70 71\n255\n" + bytes(70 * 71 * 3), b"P6\n71 71\n255\nshort", b"\xff\xd8jpeg"]
)
def test_what_is_no_tile_ends_with_code_2(built: Built, content: bytes) -> None:
    done = score(built, content)
    assert done.returncode == 2
    assert "tile 1: not a P6 picture or RGB bytes of 71 x 71 pixels" in done.stderr


@pytest.mark.parametrize("kind", ["int8", "float32"])
def test_other_inputs_are_refused(kind: str) -> None:
    with pytest.raises(CannotCompile, match="only files that take uint8 pixels as decoded"):
        program(read_graph((TINY / f"darkness-{kind}.tflite").read_bytes()), kind)


def test_an_operator_that_is_not_known_is_named(converted: dict[str, bytes]) -> None:
    graph = read_graph(converted["int8"])
    *others, last = graph.operators
    with pytest.raises(CannotCompile, match=r"SUB to int8 \[1, 1\]: known are int8 CONV_2D"):
        program(replace(graph, operators=(*others, replace(last, name="SUB"))), "other")
    with pytest.raises(CannotCompile, match="MEAN of the pixels themselves"):
        program(read_graph((TINY / "darkness-bytes.tflite").read_bytes()), "darkness")


def test_no_two_tensors_that_are_needed_at_once_share_memory(converted: dict[str, bytes]) -> None:
    steps = read_graph(converted["int8"]).operators[2:]
    places, most = plan(steps)
    for when, step in enumerate(steps):
        later = {v.index for following in steps[when:] for v in following.inputs}
        alive = [s.output for s in steps[: when + 1] if s.output.index in later or s is step]
        spots = sorted((places[v.index], places[v.index] + v.size) for v in alive)
        assert all(end <= begin for (_, end), (begin, _) in pairwise(spots))
        assert spots[-1][1] <= most


def test_a_compiler_that_fails_is_quoted(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(CannotCompile, match="no-such-compiler"):
        build(model, tmp_path)


def test_a_program_with_other_scores_is_not_handed_out(
    model: Path, built: Built, fitted: list[np.ndarray], tmp_path: Path
) -> None:
    wrong = tmp_path / "score"
    wrong.write_text(f'#!/bin/sh\n{built.program} "$@" | sed "s/^-*/9/"\n')
    wrong.chmod(0o755)
    with pytest.raises(CannotCompile, match="more than one step"):
        compare(model, wrong, fitted)
