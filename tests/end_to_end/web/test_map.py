"""The map page in a real browser: what it draws lies where the API says, and it says what it draws."""

from typing import Any

import httpx2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from .conftest import Visit, box_of, click_on, pixels_of, surface
from .scene import HIGH, MIDDLE, SIGMAS_M, wall_scores

pytestmark = pytest.mark.needs("chromium")

TILE_M = 0.1


def counted(server: str, surface_id: str, threshold: float) -> int:
    """Placed detections as the API counts them."""
    query: dict[str, str | float] = {"surface_id": surface_id, "threshold": threshold, "limit": 1000}
    items = httpx2.get(f"{server}/v1/detections", params=query).json()["items"]
    return sum(item["placement"] == "placed" for item in items)


def expected_squares(lowest: int) -> set[tuple[float, float]]:
    """Lower left corners (u, v) of the wall's tiles with at least that score byte."""
    rows, columns = np.nonzero(wall_scores() >= lowest)
    return {
        (round(0.1 * column, 3), round(1.1 - 0.1 * row, 3))
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
    }


def squares(drawn: dict[str, Any]) -> set[tuple[float, float]]:
    corners = np.array(list(drawn["tiles"].values()))
    assert np.allclose(np.ptp(corners, axis=1), TILE_M, atol=1e-6)
    return {(round(u + 0.0, 3), round(v + 0.0, 3)) for u, v in (corners.min(axis=1) + 1e-9).tolist()}


def test_tiles_and_footprints_lie_at_their_metres(wall: Page) -> None:
    drawn = wall.evaluate("() => crackmap.drawn()")
    assert squares(drawn) == expected_squares(HIGH)
    footprints = {tuple(np.round(np.min(footprint, axis=0), 3).tolist()) for footprint in drawn["footprints"]}
    assert footprints == {(0.0, 0.0), (0.6, 0.0), (0.0, 0.4), (0.6, 0.4), (0.0, 0.8), (0.6, 0.8)}
    expect(wall.locator("#count-text")).to_contain_text("19 detections at ≥ 0.62 in 1.44 m² photographed")


def test_where_a_crack_would_have_shown_is_told_and_drawn(wall: Page) -> None:
    """Of three rows of frames the upper shows the target width, the middle does not, of the lower nobody knows."""
    expect(wall.locator("#count-text")).to_contain_text(
        "A crack of 3 mm would show in 0.48 m² of it (33 %); blurred or too rough in 0.48 m², not known in 0.48 m²"
    )
    lows = {
        part["class"]: round(min(v for _, v in part["outline"]), 3) for part in wall.evaluate("crackmap.drawn().sights")
    }
    assert lows == {"shown": 0.8, "hidden": 0.4, "unsure": 0.0}


def test_the_count_never_says_that_there_is_no_crack(wall: Page) -> None:
    wall.locator("#threshold").fill("220")
    expect(wall.locator("#count-text")).to_contain_text("0 detections at ≥ 0.9999 in 1.44 m² photographed")
    assert "no crack" not in wall.inner_text("body").lower()


@pytest.mark.parametrize("byte", [36, MIDDLE, HIGH + 7])
def test_the_slider_counts_as_the_api_does(wall: Page, visit: Visit, server: str, byte: int) -> None:
    wall.locator("#threshold").fill(str(byte))
    visit.settle()
    threshold = wall.evaluate("() => crackmap.selection.threshold")
    assert f"threshold={threshold}" in wall.url
    number = counted(server, surface(server, "Wall"), threshold)
    assert number > 0
    expect(wall.locator("#count-text .first strong")).to_have_text(f"{number} detections")
    assert len(wall.evaluate("() => crackmap.drawn().tiles")) == number
    wall.get_by_text("the scan's own threshold").click()
    expect(wall.locator("#count-text .first strong")).to_have_text("19 detections")
    assert "threshold" not in wall.url


def test_a_click_shows_the_crop_and_the_position_with_its_error(wall: Page) -> None:
    click_on(wall, 0.25, 1.05)  # where the F begins
    panel = wall.locator("#detection")
    expect(panel.locator("h2")).to_have_text("Detection 19 of 19")
    expect(panel).to_contain_text("u 0.250 m, v 1.050 m")
    expect(panel).to_contain_text("± 73.4 × 24.5 mm")
    expect(panel).to_contain_text("wall-0-0.jpg")
    expect(panel.locator(".picture")).to_have_attribute("data-state", "loaded")
    crop = panel.locator("image").get_attribute("href")
    size = (
        "async (src) => { const image = new Image(); image.src = src; await image.decode(); return image.naturalWidth }"
    )
    assert wall.evaluate(size, crop) == 200  # the tile and half of it on either side
    ellipse = np.array(wall.evaluate("() => crackmap.drawn().chosen.at(-1)")) - [0.25, 1.05]
    lengths = np.hypot(*ellipse.T)
    assert lengths.max() == pytest.approx(2.4477 * SIGMAS_M[0], rel=1e-3)
    assert lengths.min() == pytest.approx(2.4477 * SIGMAS_M[1], rel=1e-3)
    longest = ellipse[lengths.argmax()]
    assert np.degrees(np.arctan2(longest[1], longest[0])) % 180 == pytest.approx(30, abs=0.1)


def test_keys_step_through_the_scores_and_close(wall: Page, server: str) -> None:
    ranked = wall.evaluate("() => crackmap.detections().map((each) => [each.score, each.detection_id])")
    assert [score for score, _ in ranked] == sorted((score for score, _ in ranked), reverse=True)
    wall.keyboard.press("ArrowRight")
    wall.keyboard.press("ArrowRight")
    assert wall.evaluate("() => crackmap.selection.detection") == ranked[1][1]
    wall.keyboard.press("ArrowLeft")
    assert wall.evaluate("() => crackmap.selection.detection") == ranked[0][1]
    assert ranked[0][1] in wall.url
    wall.keyboard.press("Escape")
    expect(wall.locator("#detection")).to_be_hidden()
    assert "detection=" not in wall.url


def test_an_unknown_position_error_is_said_and_draws_no_ellipse(wall: Page, visit: Visit) -> None:
    wall.locator("#threshold").fill("100")
    visit.settle()
    expect(wall.locator("#count-text")).to_contain_text("1 of them with unknown position error")
    unknown = wall.evaluate(
        "() => crackmap.detections().find((each) => each.placement === 'placed' && !each.covariance_m2)?.detection_id"
    )
    wall.evaluate("(id) => crackmap.choose(id)", unknown)
    expect(wall.locator("#detection")).to_contain_text("position error unknown")
    assert len(wall.evaluate("() => crackmap.drawn().chosen")) == 2  # the tile and its halo


def test_a_link_shows_what_was_chosen(wall: Page, visit: Visit) -> None:
    wall.locator("#threshold").fill(str(MIDDLE))
    visit.settle()
    wall.keyboard.press("ArrowRight")
    link = wall.url
    panel = wall.locator("#detection").inner_text()
    wall.goto("about:blank")
    wall.goto(link)
    visit.settle()
    assert wall.locator("#detection").inner_text() == panel
    assert wall.url == link


@pytest.mark.parametrize(("name", "rightwards"), [("Wall", 1), ("Soffit", -1)])
def test_the_letter_f_is_mirrored_only_where_the_drawing_says_so(
    visit: Visit, server: str, name: str, rightwards: int
) -> None:
    """By the pixels of a screenshot: v runs up, u to the right; a reflected drawing turns u around, and says so."""
    page = visit.open(f"?surface={surface(server, name)}")
    chart = page.locator("#chart")
    pixels = pixels_of(chart.screenshot())
    red = (pixels[..., 0] > pixels[..., 1] + 30) & (pixels[..., 2] < 150)
    rows, columns = np.nonzero(red)
    height, width = np.ptp(rows), np.ptp(columns)
    assert height / width == pytest.approx(9 / 7, abs=0.05)
    upper = rows < rows.min() + height / 9 * 0.8
    lower = rows > rows.max() - height / 9 * 0.8
    assert np.ptp(columns[upper]) > 0.9 * width  # the long stroke of an F is on top
    foot = (columns[lower].mean() - columns.min()) / width  # and its stem on the left
    assert (foot if rightwards > 0 else 1 - foot) == pytest.approx(0.5 / 7, abs=0.05)
    assert page.locator("#reflected").is_visible() == (rightwards < 0)


def test_scale_bar_and_ticks_are_in_metres(wall: Page) -> None:
    bar = wall.locator(".scale-bar")
    expect(bar).to_have_text("20 cm")
    (x0, _), (x1, _) = wall.evaluate("() => crackmap.project([[0, 0], [0.2, 0]])")
    assert box_of(bar)["width"] == pytest.approx(x1 - x0, abs=1)
    x, y = wall.evaluate("() => crackmap.project([[0.35, 0.75]])[0]")
    box = box_of(wall.locator("#chart"))
    wall.mouse.move(box["x"] + x, box["y"] + y)
    told = wall.locator(".cursor").inner_text().split()
    assert [float(told[1]), float(told[4])] == pytest.approx([0.35, 0.75], abs=0.003)
