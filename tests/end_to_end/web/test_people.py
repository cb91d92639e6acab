"""What people say on the page: reviews by buttons and keys, masks and findings drawn on the chart."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from .conftest import Visit, running_server, send, surface, visiting
from .scene import build

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture
def origin(tmp_path: Any) -> Iterator[str]:
    """A server with the scene that nobody has said anything about."""
    with running_server(tmp_path) as origin:
        send(build(), origin)
        yield origin


@pytest.fixture
def said(chromium: BrowserContext, origin: str) -> Iterator[Visit]:
    with visiting(chromium, origin) as visit:
        visit.open(f"?surface={surface(origin, 'Wall')}")
        yield visit


def items(origin: str, path: str) -> list[Any]:
    found: list[Any] = httpx2.get(f"{origin}/v1/{path}").json()["items"]
    return found


def choose(page: Page, place: int) -> str:
    chosen: str = page.evaluate("(place) => crackmap.detections()[place].detection_id", place)
    page.evaluate("(id) => crackmap.choose(id)", chosen)
    return chosen


def click_on(page: Page, u_m: float, v_m: float) -> None:
    x, y = page.evaluate(f"() => crackmap.project([[{u_m}, {v_m}]])[0]")
    page.locator("#chart").click(position={"x": x, "y": y})


def test_reviews_by_button_and_by_key(said: Visit, origin: str) -> None:
    page = said.page
    panel = page.locator("#detection")
    choose(page, 0)
    expect(panel).to_contain_text("not reviewed yet")
    panel.get_by_role("button", name="Accept").click()
    expect(panel.locator(".state")).to_have_text("accepted: a crack")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("r")
    page.keyboard.type("a formwork joint, as always")  # a and r are letters here
    page.keyboard.press("Enter")
    expect(panel.locator(".state")).to_have_text("rejected: no crack")
    expect(panel.locator(".said")).to_contain_text("reject: a formwork joint, as always · unnamed")
    page.keyboard.press("c")
    page.keyboard.type("see the drawing")
    page.get_by_role("button", name="Keep").click()
    expect(panel.locator(".said li")).to_have_count(2)
    verdicts = [item["content"]["verdict"] for item in items(origin, "reviews")]
    assert verdicts == ["accept", "reject", "comment"]
    said.settle()
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    said.settle()
    expect(panel.locator(".state")).to_have_text("rejected: no crack")


def test_the_filter_leads_from_one_unreviewed_detection_to_the_next(said: Visit) -> None:
    page = said.page
    page.locator("#review-filter").select_option("unreviewed")
    first = choose(page, 0)
    second = page.evaluate("() => crackmap.detections()[1].detection_id")
    page.keyboard.press("a")
    page.wait_for_function("(id) => crackmap.selection.detection === id", arg=second)
    expect(page.locator("#count-text .first strong")).to_have_text("18 detections")
    page.locator("#review-filter").select_option("accepted")
    assert page.evaluate("() => crackmap.detections().map((each) => each.detection_id)") == [first]
    assert len(page.evaluate("() => crackmap.drawn().tiles")) == 1


def test_a_disagreement_is_said_and_settled(said: Visit, origin: str) -> None:
    page = said.page
    chosen = page.evaluate("() => crackmap.detections()[0]")
    content = {name: chosen[name] for name in ("frame_id", "analysis_id", "tile")}
    for author, verdict in (("Ada", {"verdict": "accept"}), ("Ben", {"verdict": "reject", "reason": "a shadow"})):
        address = f"{origin}/v1/reviews/{uuid4()}"
        httpx2.put(address, params={"author": author}, json=content | verdict).raise_for_status()
    page.reload()
    said.settle()
    page.locator("#review-filter").select_option("needs_review")
    choose(page, 0)
    panel = page.locator("#detection")
    expect(panel.locator(".state")).to_have_text("needs review (people disagree)")
    expect(panel.locator(".said")).to_contain_text("a shadow · Ben")
    page.locator("#review-filter").select_option("")
    choose(page, 0)
    page.keyboard.press("a")
    expect(panel.locator(".state")).to_have_text("accepted: a crack")


def test_a_mask_is_drawn_kept_and_deleted(said: Visit, origin: str) -> None:
    """Around the F's stem: nine of its tiles have their middles inside."""
    page = said.page
    before = page.evaluate("() => crackmap.drawn().sights.map((part) => part.class).sort()")
    page.get_by_label("What to draw").select_option("masks joint")
    page.get_by_role("button", name="Draw").click()
    for corner in ((0.2, 0.2), (0.3, 0.2), (0.3, 1.1), (0.2, 1.1)):
        click_on(page, *corner)
    page.keyboard.press("Enter")
    page.get_by_label("Note").fill("between bays")
    page.get_by_role("button", name="Keep this joint").click()
    expect(page.locator("#additions")).to_contain_text("mask: joint between bays")
    expect(page.locator("#count-text")).to_contain_text("masked as a known thing in 0.")
    (mask,) = items(origin, "masks")
    assert mask["content"]["kind"] == "joint"
    assert page.evaluate("() => crackmap.drawn().additions") == 1
    masked = page.evaluate("() => crackmap.detections().filter((each) => each.masked === 'joint').length")
    assert masked == 9
    page.locator("#show-masked").uncheck()
    expect(page.locator("#count-text .first strong")).to_have_text("10 detections")
    page.locator("#show-masked").check()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("#additions")).to_contain_text("None on this surface yet")
    assert items(origin, "masks") == []
    said.settle()
    assert page.evaluate("() => crackmap.drawn().sights.map((part) => part.class).sort()") == before


def test_a_missed_crack_is_drawn_as_a_line_and_esc_leaves_a_drawing(said: Visit, origin: str) -> None:
    page = said.page
    page.get_by_label("What to draw").select_option("findings crack")
    page.get_by_role("button", name="Draw").click()
    click_on(page, 1.0, 0.3)
    expect(page.locator(".drawing-hint")).to_contain_text("Click 1 more point")
    page.keyboard.press("Enter")  # not enough yet
    page.keyboard.press("Escape")
    expect(page.locator(".drawing-hint")).to_have_count(0)
    page.get_by_role("button", name="Draw").click()
    for point in ((1.0, 0.3), (1.05, 0.4), (1.05, 0.5), (1.05, 0.5)):  # the last one twice ends it
        click_on(page, *point)
    page.get_by_role("button", name="Keep this crack").click()
    expect(page.locator("#additions")).to_contain_text("finding: crack")
    (finding,) = items(origin, "findings")
    line = finding["content"]["shape"]["line_m"]
    assert [pytest.approx(point, abs=0.005) for point in line] == [[1.0, 0.3], [1.05, 0.4], [1.05, 0.5]]
    assert page.evaluate("() => crackmap.selection.detection") is None


def test_what_the_server_refuses_is_said(said: Visit, origin: str) -> None:
    page = said.page
    page.get_by_label("What to draw").select_option("findings spall")
    page.get_by_role("button", name="Draw").click()
    for corner in ((0.2, 0.2), (0.5, 0.5), (0.5, 0.2), (0.2, 0.5)):  # it crosses itself
        click_on(page, *corner)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Keep this spall").click()
    expect(page.get_by_role("alert")).to_contain_text("not simple")
    assert items(origin, "findings") == []
    said.complaints.clear()  # the browser itself writes a line about the 422


def test_the_page_says_that_the_inspection_is_closed_and_what_is_newer(said: Visit, origin: str) -> None:
    closed = said.page.locator("#closed")
    expect(closed).to_be_hidden()
    query = said.page.evaluate("() => new URLSearchParams(location.search).get('inspection')")
    made = httpx2.post(f"{origin}/v1/inspections/{query}/close-outs", json={"by": "Ada"}).json()
    said.open(f"?surface={surface(origin, 'Wall')}&inspection={query}")
    expect(closed).to_contain_text(f"closed as of {made['closed_utc'][:10]}")
    expect(closed.locator(".warning")).to_have_count(0)
    choose(said.page, 0)
    said.page.locator("#detection").get_by_role("button", name="Accept").click()
    expect(said.page.locator("#detection .state")).to_have_text("accepted: a crack")
    said.open(f"?surface={surface(origin, 'Wall')}&inspection={query}")
    expect(closed.locator(".warning")).to_contain_text("1 review")
