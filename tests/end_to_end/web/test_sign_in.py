"""The map page of a server with keys: the way in, the way out, and a session that ends."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete

from crackmap_server import tables
from crackmap_server.people.direct import written

from .conftest import Guarded, Visit, sign_in

pytestmark = pytest.mark.needs("chromium")


def test_the_way_in_keeps_the_selection_and_the_way_out_ends_it(stranger: Visit, guarded: Guarded) -> None:
    origin, wall = guarded.origin, guarded.wall
    page = stranger.page
    page.goto(f"{origin}/?surface={wall}&threshold=0.6")
    assert page.url == f"{origin}/login?surface={wall}&threshold=0.6"
    sign_in(page, "anna")
    page.wait_for_url(f"{origin}/?surface={wall}&*threshold=0.6*")
    stranger.settle()
    expect(page.locator("#count-text")).to_contain_text("detections")
    expect(page.locator("#account")).to_contain_text("anna")
    cookie = next(cookie for cookie in page.context.cookies() if cookie["name"] == "crackmap-session")
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    assert page.evaluate("() => document.cookie") == ""
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{origin}/login")
    page.goto(origin)
    assert page.url == f"{origin}/login"


def test_a_wrong_password_is_said_and_lets_nobody_in(stranger: Visit, guarded: Guarded) -> None:
    page = stranger.page
    page.goto(guarded.origin)
    sign_in(page, "anna", "wrong")
    expect(page.get_by_role("alert")).to_contain_text("Name and password do not belong together.")
    assert page.context.cookies() == []
    stranger.complaints.clear()  # the browser itself writes a line about the 401
    sign_in(page, "anna")
    page.wait_for_url(f"{guarded.origin}/?*")


def test_a_session_that_ends_leads_to_the_way_in(stranger: Visit, guarded: Guarded) -> None:
    page = stranger.page
    page.goto(f"{guarded.origin}/?surface={guarded.wall}")
    sign_in(page, "anna")
    page.wait_for_url(f"{guarded.origin}/?surface={guarded.wall}*")
    stranger.settle()
    ended = "all sessions ended"
    written(guarded.settings, "tests", lambda connection: (connection.execute(delete(tables.sessions)), ended))
    page.get_by_role("combobox", name="Surface").select_option("Photographs")
    page.wait_for_url(f"{guarded.origin}/login?*")
    stranger.complaints.clear()
