"""The map page of a server with keys: the way in, the way out, and a session that ends."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import delete

from crackmap_server import tables
from crackmap_server.people.direct import written
from crackmap_server.people.manage import make_user
from crackmap_server.settings import Settings

from .conftest import Visit, running_server, send, surface, visiting
from .scene import build

pytestmark = pytest.mark.needs("chromium")
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("guarded")


@pytest.fixture(scope="module")
def settings(folder: Path) -> Settings:
    return Settings(database=f"sqlite:///{folder}/log.sqlite")


@pytest.fixture(scope="module")
def guarded(folder: Path, settings: Settings) -> Iterator[tuple[str, str]]:
    """Origin of a server with a scan and a user, who was let in while it ran; and the id of its wall."""
    with running_server(folder) as origin:
        send(build(), origin)
        wall = surface(origin, "Wall")
        make_user(settings, "anna", "inspector", PASSWORD)
        yield origin, wall


@pytest.fixture
def stranger(chromium: BrowserContext, guarded: tuple[str, str]) -> Iterator[Visit]:
    """A browser that was never here."""
    assert chromium.browser is not None
    with chromium.browser.new_context() as context, visiting(context, guarded[0]) as visit:
        yield visit


def sign_in(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_the_way_in_keeps_the_selection_and_the_way_out_ends_it(stranger: Visit, guarded: tuple[str, str]) -> None:
    origin, wall = guarded
    page = stranger.page
    page.goto(f"{origin}/?surface={wall}&threshold=0.6")
    assert page.url == f"{origin}/login?surface={wall}&threshold=0.6"
    sign_in(page)
    page.wait_for_url(f"{origin}/?surface={wall}&threshold=0.6*")
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


def test_a_wrong_password_is_said_and_lets_nobody_in(stranger: Visit, guarded: tuple[str, str]) -> None:
    page = stranger.page
    page.goto(guarded[0])
    sign_in(page, "wrong")
    expect(page.get_by_role("alert")).to_contain_text("Name and password do not belong together.")
    assert page.context.cookies() == []
    stranger.complaints.clear()  # the browser itself writes a line about the 401
    sign_in(page)
    page.wait_for_url(f"{guarded[0]}/?*")


def test_a_session_that_ends_leads_to_the_way_in(stranger: Visit, guarded: tuple[str, str], settings: Settings) -> None:
    origin, wall = guarded
    page = stranger.page
    page.goto(f"{origin}/?surface={wall}")
    sign_in(page)
    page.wait_for_url(f"{origin}/?surface={wall}*")
    stranger.settle()
    written(settings, "tests", lambda connection: (connection.execute(delete(tables.sessions)), "all sessions ended"))
    page.get_by_role("combobox", name="Surface").select_option("Photographs")
    page.wait_for_url(f"{origin}/login?*")
    stranger.complaints.clear()
