"""Closing an inspection on the page, and looking at what was closed."""

import pytest
from playwright.sync_api import expect

from .conftest import Wall

pytestmark = pytest.mark.needs("chromium")


def test_an_inspection_is_closed_shown_and_closed_again(own_wall: Wall) -> None:
    page = own_wall.page
    closed = page.get_by_role("region", name="Close-outs")
    expect(closed).to_contain_text("Not closed")
    closed.get_by_role("button", name="Close the inspection").click()
    dialog = page.get_by_role("dialog", name="Close the inspection")
    expect(dialog).to_contain_text("7 frames of 1 scan on 1 surface")
    expect(dialog).to_contain_text("the detections of letters at ≥ 0.62")
    expect(dialog).to_contain_text("never be changed or deleted")
    dialog.get_by_role("button", name="Cancel").click()
    path = f"inspections/{own_wall.scan.inspection_id}/close-outs"
    assert own_wall.get(path)["items"] == []

    closed.get_by_role("button", name="Close the inspection").click()
    dialog.get_by_label("Closed by").fill("Ada")
    dialog.get_by_label("Why").fill("as reported to the owner")
    page.keyboard.press("Enter")
    expect(page.locator("#frozen")).to_contain_text("Shown as closed: close-out 1")
    expect(closed).to_contain_text("by Ada as reported to the owner")
    expect(page.get_by_role("button", name="Boundary")).to_have_count(0)  # nothing is written here
    own_wall.choose(0)
    expect(page.locator("#detection [data-verdict]")).to_have_count(0)
    page.keyboard.press("Escape")
    closed.get_by_role("button", name="Verify close-out 1").click()
    (made,) = own_wall.get(path)["items"]
    expect(closed).to_contain_text(f"It still holds. SHA-256 of the listing: {made['sha256']}")

    closed.get_by_role("button", name="Back to now").click()
    expect(page.locator("#frozen")).to_be_hidden()
    own_wall.visit.settle()
    own_wall.choose(0)
    page.keyboard.press("a")
    expect(page.locator("#detection .state")).to_have_text("accepted: a crack")
    own_wall.open()
    expect(closed.locator(".warning")).to_contain_text("Newer than close-out 1: 1 review")
    closed.get_by_role("button", name="Show close-out 1").click()
    expect(page.locator("#frozen")).to_be_visible()
    own_wall.visit.settle()
    assert "close_out=1" in page.url
    own_wall.choose(0)
    expect(page.locator("#detection .state")).to_have_text("not reviewed yet")  # as it was
    page.go_back()
    expect(page.locator("#frozen")).to_be_hidden()
    own_wall.visit.settle()
    closed.get_by_role("button", name="Close again").click()
    expect(dialog).to_contain_text("Close-out 2 keeps")
    page.keyboard.press("Escape")
    own_wall.open("&close_out=7")
    expect(page.locator("#progress")).to_contain_text("The link names a close-out that this inspection does not have.")
    assert "close_out" not in page.url


def test_a_mask_of_then_is_shown_as_it_was_then(own_wall: Wall) -> None:
    page = own_wall.page
    page.get_by_label("What to draw").select_option("masks joint")
    page.get_by_role("button", name="Draw").click()
    own_wall.draw((0.2, 0.2), (0.3, 0.2), (0.3, 1.1), (0.2, 1.1))
    page.get_by_role("button", name="Keep this joint").click()
    additions = page.locator("#additions")
    expect(additions).to_contain_text("mask: joint")
    closed = page.get_by_role("region", name="Close-outs")
    closed.get_by_role("button", name="Close the inspection").click()
    page.get_by_label("Closed by").fill("Ada")
    page.keyboard.press("Enter")
    expect(page.locator("#frozen")).to_be_visible()
    closed.get_by_role("button", name="Back to now").click()
    additions.get_by_role("button", name="Delete").click()
    expect(additions).to_contain_text("None on this surface yet")
    expect(closed.locator(".warning")).to_contain_text("1 addition by hand")
    closed.get_by_role("button", name="Show close-out 1").click()
    expect(additions).to_contain_text("mask: joint")
    expect(page.locator("#count-text")).to_contain_text("masked as a known thing in 0.")
