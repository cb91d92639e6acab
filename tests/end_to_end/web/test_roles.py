"""Who may only read finds nothing on the page that writes; who may judge finds it; both choose their own password."""

import pytest
from playwright.sync_api import Page, expect

from .conftest import PASSWORD, Guarded, Visit, click_on, sign_in

pytestmark = pytest.mark.needs("chromium")
NEW = "another horse battery"
JUDGING = ["Draw", "Boundary", "Element", "Place", "Conditions"]


def enter(visit: Visit, guarded: Guarded, name: str, password: str = PASSWORD) -> Page:
    page = visit.page
    page.goto(f"{guarded.origin}/?surface={guarded.wall}")
    sign_in(page, name, password)
    page.wait_for_url(f"{guarded.origin}/?surface={guarded.wall}*")
    visit.settle()
    return page


def draw_spall(page: Page) -> None:
    page.get_by_label("What to draw").select_option("findings spall")
    page.get_by_role("button", name="Draw").click()
    for u_m, v_m in ((0.3, 0.3), (0.6, 0.3), (0.5, 0.6)):
        click_on(page, u_m, v_m)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Keep this spall").click()
    expect(page.locator("#additions")).to_contain_text("finding: spall")


def choose_first(page: Page) -> None:
    page.evaluate("() => crackmap.choose(crackmap.detections()[0].detection_id)")
    expect(page.locator("#detection .state")).to_be_visible()


def test_an_inspector_finds_what_writes_and_a_viewer_does_not(stranger: Visit, guarded: Guarded) -> None:
    page = enter(stranger, guarded, "ian")
    besides = page.locator("#besides")
    expect(besides.get_by_role("button")).to_have_text(JUDGING)  # closing is an admin's
    draw_spall(page)
    expect(page.locator("#additions").get_by_role("button")).to_have_count(2)
    choose_first(page)
    expect(page.locator("#detection [data-verdict]")).to_have_count(4)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")

    writes: list[str] = []
    page = enter(stranger, guarded, "vera")
    page.on("request", lambda request: writes.append(request.method) if request.method != "GET" else None)
    expect(besides).to_contain_text("finding: spall")
    expect(besides.locator("button, select, input")).to_have_count(0)
    choose_first(page)
    expect(page.locator("#detection .state")).to_have_text("not reviewed yet")
    expect(page.locator("#detection [data-verdict]")).to_have_count(0)
    for key in "arec":
        page.keyboard.press(key)
    page.keyboard.press("ArrowRight")  # what reads still works
    expect(page.locator("#detection")).to_contain_text("Detection 2 of")
    assert writes == []


def test_a_password_is_changed_on_the_page(stranger: Visit, guarded: Guarded) -> None:
    page = enter(stranger, guarded, "ian")
    dialog = page.get_by_role("dialog", name="Another password")
    page.get_by_role("button", name="Password").click()
    dialog.get_by_label("Present password").fill("a wrong one")
    dialog.get_by_label("New password").fill(NEW)
    dialog.get_by_role("button", name="Change").click()
    expect(dialog.get_by_role("alert")).to_contain_text("the old password is another one")
    stranger.complaints.clear()  # the browser itself writes a line about the 422
    dialog.get_by_label("Present password").fill(PASSWORD)
    dialog.get_by_role("button", name="Change").click()
    expect(dialog).to_be_hidden()
    choose_first(page)
    page.get_by_role("button", name="Accept").click()  # the session is another one, and writes
    expect(page.locator("#detection .state")).to_have_text("accepted: a crack")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    enter(stranger, guarded, "ian", NEW)
