"""Nothing there yet, something wrong, another surface, another screen."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from .conftest import Visit, box_of, surface, visiting

pytestmark = pytest.mark.needs("chromium")


def test_another_surface_is_a_step_of_the_history(wall: Page, visit: Visit, server: str) -> None:
    wall.get_by_role("combobox", name="Surface").select_option("Photographs")
    expect(wall.locator("#count-text")).to_contain_text("photographs without a place")
    wall.go_back()
    expect(wall.locator("#count-text")).to_contain_text("1.44 m² photographed")
    visit.settle()
    expect(wall.locator("#chart canvas.axes")).to_have_count(2)  # none is left of the other surface
    assert surface(server, "Wall") in wall.url


def test_an_empty_server_tells_what_to_do(chromium: BrowserContext, empty_server: str) -> None:
    with visiting(chromium, empty_server) as visit:
        page = visit.open()
        expect(page.get_by_role("alert")).to_contain_text(f"--server {empty_server}")
        expect(page.get_by_role("alert")).to_contain_text("crackmap demo")


def test_a_problem_of_the_server_is_shown_and_tried_again(chromium: BrowserContext, server: str) -> None:
    problem = {"type": "about:blank", "title": "Database busy", "status": 503, "detail": "Another process holds it."}
    with visiting(chromium, server) as visit:
        once = iter([True])
        visit.page.route(
            "**/v1/surfaces/*/coverage*",
            lambda route: (
                route.fulfill(status=503, json=problem, content_type="application/problem+json")
                if next(once, False)
                else route.continue_()
            ),
        )
        page = visit.open(f"?surface={surface(server, 'Wall')}")
        expect(page.get_by_role("alert")).to_contain_text("Database busy")
        expect(page.get_by_role("alert")).to_contain_text("Another process holds it.")
        visit.complaints.clear()  # the browser itself writes a line about the 503
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("#count-text")).to_contain_text("19 detections")
        expect(page.get_by_role("alert")).to_be_hidden()


@pytest.mark.parametrize(("width_px", "height_px", "least_px"), [(768, 1024, 350), (390, 800, 250)])
def test_a_tablet_or_telephone_held_upright_shows_map_and_panel(
    chromium: BrowserContext, server: str, width_px: int, height_px: int, least_px: int
) -> None:
    with visiting(chromium, server, width_px, height_px) as visit:
        page = visit.open(f"?surface={surface(server, 'Wall')}")
        chart, panel = box_of(page.locator("#chart")), box_of(page.locator("aside"))
        assert chart["width"] == width_px
        assert chart["height"] > least_px
        assert panel["y"] >= chart["y"] + chart["height"] - 1
        page.keyboard.press("ArrowRight")
        expect(page.locator("#detection").get_by_role("button", name="Correct")).to_be_in_viewport()
        whole = "document.documentElement"
        assert page.evaluate(f"[{whole}.scrollWidth, {whole}.scrollHeight]") == [width_px, height_px]
        page.locator("summary").click()
        expect(page.get_by_label("frames")).to_be_visible()
        assert box_of(page.locator("#chart"))["height"] > least_px / 3


def test_too_many_detections_raise_the_threshold_for_the_whole_surface(visit: Visit, server: str) -> None:
    """20,800 tiles are over the threshold. The page shows the 8,000 highest and says so."""
    page = visit.open(f"?surface={surface(server, 'Crowd')}")
    expect(page.locator("#count-text .first strong")).to_have_text("8,000 detections")
    expect(page.locator("#count-text .warning")).to_contain_text("More than 20,000 detections are at ≥ 0.62")
    assert page.evaluate("() => crackmap.detections().length") == 8_000
    expect(page.locator(".sheet li")).to_contain_text("No picture was kept.")


def test_a_link_to_what_is_not_there_says_so(visit: Visit, server: str) -> None:
    page = visit.open("?surface=11111111-1111-5111-8111-111111111111")
    expect(page.locator("#progress")).to_have_text(
        "The link names a surface that this server does not hold. This is another one."
    )
    page = visit.open(f"?surface={surface(server, 'Wall')}&detection=11111111-1111-5111-8111-111111111111")
    expect(page.locator("#progress")).to_have_text("The detection that the link names is not among these.")
