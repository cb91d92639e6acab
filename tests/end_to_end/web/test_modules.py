"""The page's pure modules against the same things in Python, in the browser that runs them."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from crackmap import scores

from .conftest import Visit

pytestmark = pytest.mark.needs("chromium")

Run = Callable[..., Any]


@pytest.fixture
def run(visit: Visit) -> Run:
    """run(module, function body with `module` in reach, argument) → its JSON value."""
    page = visit.open()

    def run(module: str, body: str, argument: Any = None) -> Any:
        script = f"async (argument) => {{ const module = await import('/static/{module}'); {body} }}"
        return page.evaluate(script, argument)

    return run


def test_pictures_are_turned_upright_as_exif_says(run: Run) -> None:
    """Each of the eight orientations takes every pixel to where Pillow takes it."""
    stored = np.arange(6, dtype=np.uint8).reshape(2, 3)
    body = """
        const raster = { width_px: 3, height_px: 2, exif_orientation: argument };
        return { matrix: module.matrix(raster), size: module.size(raster) };"""
    for orientation in range(1, 9):
        picture = Image.fromarray(stored)
        picture.getexif()[0x0112] = orientation
        upright = np.asarray(ImageOps.exif_transpose(picture))
        answer = run("upright.js", body, orientation)
        assert answer["size"] == [upright.shape[1], upright.shape[0]]
        a, b, c, d, e, f = map(float, answer["matrix"].removeprefix("matrix(").rstrip(")").split())
        for (y, x), value in np.ndenumerate(stored):
            u, v = a * (x + 0.5) + c * (y + 0.5) + e, b * (x + 0.5) + d * (y + 0.5) + f
            assert upright[int(v), int(u)] == value


def test_thresholds_select_the_bytes_that_the_server_selects(run: Run) -> None:
    asked = np.unique([*np.linspace(0, 1, 201), *(scores.probability(byte) for byte in range(1, 256))]).tolist()
    assert run("scores.js", "return argument.map(module.byteAtLeast)", asked) == list(map(scores.byte_at_least, asked))
    every = list(range(1, 256))
    assert run("scores.js", "return argument.map((b) => module.byteOf(module.probability(b)))", every) == every


def test_words_for_scores_and_lengths(run: Run) -> None:
    shown = {0: "0", 0.0012: "0.0012", 0.05: "0.05", 0.5: "0.50", 0.62: "0.62", 0.9995: "0.9995", 1: "1"}
    assert run("scores.js", "return argument.map(module.inWords)", list(shown)) == list(shown.values())
    bars = {0.0005: "0.5 mm", 0.005: "5 mm", 0.01: "1 cm", 0.2: "20 cm", 1: "1 m", 50: "50 m"}
    assert run("quantities.js", "return argument.map(module.length)", list(bars)) == list(bars.values())
    limits = [0.0199, 0.02, 0.07, 1, 9.9]
    assert run("quantities.js", "return argument.map(module.roundDown)", limits) == pytest.approx(
        [0.01, 0.02, 0.05, 1, 5]
    )


def test_ellipses_hold_their_covariance(run: Run) -> None:
    """Points of the outline lie at a Mahalanobis distance of 2.4477, and the half axes are those of NumPy."""
    draws = np.random.default_rng(5)
    for _ in range(20):
        root = draws.normal(0, 0.02, (2, 2))
        covariance = root @ root.T + 1e-8 * np.eye(2)
        packed = [covariance[0, 0], covariance[0, 1], covariance[1, 1]]
        points = np.array(run("ellipse.js", "return module.outline([1, 2], argument)", packed)) - [1, 2]
        distances = np.sqrt(np.einsum("ni,ij,nj->n", points, np.linalg.inv(covariance), points))
        assert distances == pytest.approx(2.4477, rel=1e-6)
        axes = run("ellipse.js", "return module.halfAxes(argument)", packed)
        minor, major = 2.4477 * np.sqrt(np.linalg.eigvalsh(covariance))
        assert (axes["minor_m"], axes["major_m"]) == (pytest.approx(minor), pytest.approx(major))


def test_the_hook_is_plain_json(run: Run) -> None:
    told = run("page.js", "return [crackmap.state, crackmap.selection, crackmap.drawn(), crackmap.detections()]")
    assert json.loads(json.dumps(told)) == told
