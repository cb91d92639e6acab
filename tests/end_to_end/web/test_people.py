"""What people say on the page: reviews by buttons and keys, masks and findings drawn on the chart."""

from uuid import uuid4

import httpx2
import pytest
from playwright.sync_api import expect

from .conftest import Wall, click_on

pytestmark = pytest.mark.needs("chromium")


def test_reviews_by_button_and_by_key(own_wall: Wall) -> None:
    page = own_wall.page
    panel = page.locator("#detection")
    own_wall.choose(0)
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
    verdicts = [item["content"]["verdict"] for item in own_wall.items("reviews")]
    assert verdicts == ["accept", "reject", "comment"]
    own_wall.visit.settle()
    own_wall.open(f"&detection={page.evaluate('() => crackmap.selection.detection')}")
    expect(panel.locator(".state")).to_have_text("rejected: no crack")


def test_a_correction_redraws_the_crack_and_another_says_what_it_is(own_wall: Wall) -> None:
    page = own_wall.page
    panel = page.locator("#detection")
    chosen = own_wall.choose(0)
    page.keyboard.press("e")
    panel.get_by_role("button", name="Draw its line").click()
    line = ((0.21, 1.01), (0.25, 1.05), (0.4, 1.08))
    own_wall.draw(*line)
    assert page.evaluate("() => crackmap.selection.detection") == chosen  # clicks on tiles were points
    expect(panel).to_contain_text("line of 3 points, 2")
    panel.get_by_role("button", name="Keep").click()
    expect(panel.locator(".state")).to_have_text("corrected")
    expect(panel.locator(".said")).to_contain_text("correct: line of 3 points, 2")
    assert page.evaluate("() => crackmap.drawn().corrections") == 1
    page.keyboard.press("ArrowRight")
    page.keyboard.press("e")
    panel.get_by_label("It is").select_option("joint")
    panel.get_by_label("Note").fill("between bays")
    page.keyboard.press("Enter")
    expect(panel.locator(".said")).to_contain_text("correct: joint, between bays")
    drawn, named = (item["content"] for item in own_wall.items("reviews"))
    assert drawn["shape"]["line_m"] == [pytest.approx(point, abs=0.005) for point in line]
    assert (drawn["kind"], named["kind"], named["shape"]) == (None, "joint", None)
    own_wall.open()
    assert page.evaluate("() => crackmap.drawn().corrections") == 1


def test_the_filter_leads_from_one_unreviewed_detection_to_the_next(own_wall: Wall) -> None:
    page = own_wall.page
    page.locator("#review-filter").select_option("unreviewed")
    first = own_wall.choose(0)
    second = page.evaluate("() => crackmap.detections()[1].detection_id")
    page.keyboard.press("a")
    page.wait_for_function("(id) => crackmap.selection.detection === id", arg=second)
    expect(page.locator("#count-text .first strong")).to_have_text("18 detections")
    page.locator("#review-filter").select_option("accepted")
    assert page.evaluate("() => crackmap.detections().map((each) => each.detection_id)") == [first]
    assert len(page.evaluate("() => crackmap.drawn().tiles")) == 1


def test_a_disagreement_is_said_and_settled(own_wall: Wall) -> None:
    page = own_wall.page
    chosen = page.evaluate("() => crackmap.detections()[0]")
    content = {name: chosen[name] for name in ("frame_id", "analysis_id", "tile")}
    for author, verdict in (("Ada", {"verdict": "accept"}), ("Ben", {"verdict": "reject", "reason": "a shadow"})):
        address = f"{own_wall.visit.origin}/v1/reviews/{uuid4()}"
        httpx2.put(address, params={"author": author}, json=content | verdict).raise_for_status()
    own_wall.open()
    page.locator("#review-filter").select_option("needs_review")
    own_wall.choose(0)
    panel = page.locator("#detection")
    expect(panel.locator(".state")).to_have_text("needs review (people disagree)")
    expect(panel.locator(".said")).to_contain_text("a shadow · Ben")
    page.locator("#review-filter").select_option("")
    own_wall.choose(0)
    page.keyboard.press("a")
    expect(panel.locator(".state")).to_have_text("accepted: a crack")


def test_a_mask_is_drawn_kept_and_deleted(own_wall: Wall) -> None:
    """Around the F's stem: nine of its tiles have their middles inside."""
    page = own_wall.page
    before = page.evaluate("() => crackmap.drawn().sights.map((part) => part.class).sort()")
    page.get_by_label("What to draw").select_option("masks joint")
    page.get_by_role("button", name="Draw").click()
    own_wall.draw((0.2, 0.2), (0.3, 0.2), (0.3, 1.1), (0.2, 1.1))
    page.get_by_label("Note").fill("between bays")
    page.get_by_role("button", name="Keep this joint").click()
    expect(page.locator("#additions")).to_contain_text("mask: joint between bays")
    expect(page.locator("#count-text")).to_contain_text("masked as a known thing in 0.")
    (mask,) = own_wall.items("masks")
    assert mask["content"]["kind"] == "joint"
    assert page.evaluate("() => crackmap.drawn().additions") == 1
    masked = page.evaluate("() => crackmap.detections().filter((each) => each.masked === 'joint').length")
    assert masked == 9
    page.locator("#show-masked").uncheck()
    expect(page.locator("#count-text .first strong")).to_have_text("10 detections")
    page.locator("#show-masked").check()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("#additions")).to_contain_text("None on this surface yet")
    assert own_wall.items("masks") == []
    own_wall.visit.settle()
    assert page.evaluate("() => crackmap.drawn().sights.map((part) => part.class).sort()") == before


def test_a_missed_crack_is_drawn_as_a_line_and_esc_leaves_a_drawing(own_wall: Wall) -> None:
    page = own_wall.page
    page.get_by_label("What to draw").select_option("findings crack")
    page.get_by_role("button", name="Draw").click()
    click_on(page, 1.0, 0.3)
    bar = page.locator(".drawing-bar")
    expect(bar).to_contain_text("Click 1 more point")
    page.keyboard.press("Enter")  # not enough yet
    page.keyboard.press("Escape")
    expect(bar).to_have_count(0)
    page.get_by_role("button", name="Draw").click()
    for point in ((1.0, 0.3), (1.05, 0.4), (0.2, 0.2)):
        click_on(page, *point)
    bar.get_by_role("button", name="Undo").click()
    for point in ((1.05, 0.5), (1.05, 0.5)):  # the last one twice ends it
        click_on(page, *point)
    page.get_by_role("button", name="Keep this crack").click()
    expect(page.locator("#additions")).to_contain_text("finding: crack")
    (finding,) = own_wall.items("findings")
    line = finding["content"]["shape"]["line_m"]
    assert [pytest.approx(point, abs=0.005) for point in line] == [[1.0, 0.3], [1.05, 0.4], [1.05, 0.5]]
    assert page.evaluate("() => crackmap.selection.detection") is None


def test_a_line_is_drawn_by_keys_alone(own_wall: Wall) -> None:
    """Arrow keys move a cross from the chart's middle, Space sets a point; nothing is chosen or moved by them."""
    page = own_wall.page
    page.get_by_label("What to draw").select_option("findings crack")
    page.get_by_label("What to draw").press("Tab")
    page.keyboard.press("Enter")  # on Draw
    for key in ("ArrowUp", "ArrowDown", "Space", *["ArrowRight"] * 5, "Space", "Shift+ArrowUp", "Space"):
        page.keyboard.press(key)
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")  # on the empty note: kept
    expect(page.locator("#additions")).to_contain_text("finding: crack")
    (finding,) = own_wall.items("findings")
    (u0, v0), (u1, v1) = finding["content"]["shape"]["line_m"]
    (x0, _), (x1, _) = page.evaluate(f"() => crackmap.project([[{u0}, {v0}], [{u1}, {v1}]])")
    assert x1 - x0 == pytest.approx(5 * 16, abs=1)
    assert v0 == v1
    assert page.evaluate("() => crackmap.selection.detection") is None


def test_what_the_server_refuses_is_said(own_wall: Wall) -> None:
    page = own_wall.page
    page.get_by_label("What to draw").select_option("findings spall")
    page.get_by_role("button", name="Draw").click()
    own_wall.draw((0.2, 0.2), (0.5, 0.5), (0.5, 0.2), (0.2, 0.5))  # it crosses itself
    page.get_by_role("button", name="Keep this spall").click()
    own_wall.refused("not simple")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_be_hidden()
    assert own_wall.items("findings") == []
