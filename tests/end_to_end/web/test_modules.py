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


def test_rings_are_read_as_they_are_written_and_measured(run: Run) -> None:
    ring = [[0, 0], [6, 0], [6, 2.5], [0, 2.5]]
    opening = [[2, 1], [2, 2], [3, 2], [3, 1]]
    assert run("rings.js", "return module.area_m2(argument)", [ring, opening]) == pytest.approx(14)
    assert run("rings.js", "return module.ringOf(module.textOf(argument))", ring) == ring
    assert run("rings.js", "return module.opened(argument)", [*ring, ring[0]]) == ring
    said = "try { module.ringOf(argument); } catch (problem) { return problem.message; }"
    assert run("rings.js", said, "0 0\n1,2,3\n4 4") == 'Line 2: "1,2,3" is not u and v in metres, such as 1.5 0.25'
    assert run("rings.js", said, "0 0\n1 1") == "Too few corners: an area has three at least"


def test_axes_stand_at_a_right_angle_and_give_their_angles_back(run: Run) -> None:
    """And a face is on the side that its words say: w = u × v points to the viewer."""
    draws = np.random.default_rng(6).uniform(0, 360, (20, 2)).round(3)
    for azimuth, rise in [*draws.tolist(), [90, 90], [0, 0], [270, 180]]:
        body = "return { ...module.axesOf(...argument), angles: module.anglesOf(module.axesOf(...argument)) }"
        told = run("placement_axes.js", body, [azimuth, rise])
        axes = np.array([told["u_axis"], told["v_axis"]])
        assert np.allclose(axes @ axes.T, np.eye(2), atol=1e-9)
        back = [told["angles"]["azimuth_deg"], told["angles"]["rise_deg"]]
        assert np.allclose((np.array(back) - [azimuth, rise] + 180) % 360, 180, atol=1e-3)
    wall = run("placement_axes.js", "return module.axesOf(90, 90)")
    assert np.allclose(np.cross(wall["u_axis"], wall["v_axis"]), [0, -1, 0])
    stands = "return module.standing({ azimuth_deg: argument[0], rise_deg: argument[1] })"
    assert run("placement_axes.js", stands, [90, 90]) == "a wall that faces south (180°)"
    assert run("placement_axes.js", stands, [0, 180]) == "a soffit, u runs north (0°)"
    for rise, up in ((0, 1), (180, -1)):
        axes = run("placement_axes.js", "return module.axesOf(0, argument)", rise)
        assert np.allclose(np.cross(axes["u_axis"], axes["v_axis"]), [0, 0, up])
    assert (
        run("placement_axes.js", "return module.anglesOf(argument)", {"u_axis": [0, 0, 1], "v_axis": [1, 0, 0]}) is None
    )
