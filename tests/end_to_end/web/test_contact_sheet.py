"""Photographs that have no place on the surface, and frames without a pose."""

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from .conftest import Visit, box_of, pixels_of, surface

pytestmark = pytest.mark.needs("chromium")


def test_unplaced_photographs_are_on_the_contact_sheet_only(visit: Visit, server: str) -> None:
    page = visit.open(f"?surface={surface(server, 'Photographs')}")
    expect(page.get_by_role("tab", selected=True)).to_have_text("Contact sheet (2)")
    expect(page.locator("#count-text")).to_contain_text("4 detections at ≥ 0.62 in 2 photographs without a place")
    expect(page.locator("#count-text")).to_contain_text(
        "2 detections in pictures whose mm/px lies outside what the model promises"
    )
    assert page.evaluate("() => crackmap.drawn()") == {
        "tiles": {},
        "sights": [],
        "footprints": [],
        "chosen": [],
        "additions": 0,
        "corrections": 0,
        "boundary": [],
    }
    cards = page.locator(".sheet li")
    expect(cards).to_have_count(2)
    for card in cards.all():
        expect(card.locator(".picture")).to_have_attribute("data-state", "loaded")
        expect(card.locator("rect")).to_have_count(2)
        expect(card).to_contain_text("highest score 0.999963")
    level, turned = page.locator("li", has_text="level.jpg"), page.locator("li", has_text="turned.jpg")
    expect(level).to_contain_text("0.230 mm/px")
    shapes = [box_of(card.locator("svg")) for card in (level, turned)]
    assert shapes[0]["width"] / shapes[0]["height"] == pytest.approx(1.5, abs=0.02)
    assert shapes[1]["width"] / shapes[1]["height"] == pytest.approx(1 / 1.5, abs=0.02)  # turned upright


def test_tile_outlines_turn_with_the_photograph(visit: Visit, server: str) -> None:
    """Each outline of the turned photograph holds dark pixels of its stroke, and the rest of the picture none."""
    page = visit.open(f"?surface={surface(server, 'Photographs')}")
    page.locator("li", has_text="turned.jpg").get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".picture")).to_have_attribute("data-state", "loaded")
    expect(dialog.locator("h2")).to_have_text("turned.jpg")
    boxes = [box_of(box) for box in dialog.locator("rect").all()]
    pixels = pixels_of(page.screenshot())
    dark = (pixels.max(axis=2) < 90) & (np.ptp(pixels, axis=2) < 25)
    inside = 0
    for box in boxes:
        x, y = round(box["x"]), round(box["y"])
        part = dark[y + 4 : y + round(box["height"]) - 4, x + 4 : x + round(box["width"]) - 4]
        assert part.sum() > 50
        inside += part.sum()
    frame = box_of(dialog.locator("svg"))
    whole = dark[
        round(frame["y"]) : round(frame["y"] + frame["height"]), round(frame["x"]) : round(frame["x"] + frame["width"])
    ]
    assert inside > 0.9 * whole.sum()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_frames_with_no_pose_are_listed_with_their_cause(wall: Page) -> None:
    wall.get_by_role("tab", name="Contact sheet (1)").click()
    expect(wall.get_by_role("row", name="lost.jpg")).to_contain_text("poses.jsonl has no row for this file")
    assert "view=sheet" in wall.url
