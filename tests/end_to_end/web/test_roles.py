"""Who may only read finds nothing on the page that writes; who may judge finds it; both choose their own password."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from crackmap_server.people.manage import make_user
from crackmap_server.settings import Settings

from .conftest import Visit, running_server, send, surface, visiting
from .scene import build

pytestmark = pytest.mark.needs("chromium")
PASSWORD, NEW = "correct horse battery", "another horse battery"
USERS = {"vera": "viewer", "ian": "inspector"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the wall on a server with a finding, a viewer and an inspector."""
    folder: Path = tmp_path_factory.mktemp("roles")
    with running_server(folder) as origin:
        send(build(), origin)
        wall = surface(origin, "Wall")
        for name, role in USERS.items():
            make_user(Settings(database=f"sqlite:///{folder}/log.sqlite"), name, role, PASSWORD)
        yield f"{origin}/?surface={wall}"


@pytest.fixture
def browser(chromium: BrowserContext, guarded: str) -> Iterator[Visit]:
    assert chromium.browser is not None
    with chromium.browser.new_context() as context, visiting(context, guarded.split("/?", maxsplit=1)[0]) as visit:
        yield visit


def sign_in(visit: Visit, address: str, name: str, password: str = PASSWORD) -> Page:
    page = visit.page
    page.goto(address)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}*")
    visit.settle()
    return page


def draw_spall(page: Page) -> None:
    page.get_by_label("What to draw").select_option("findings spall")
    page.get_by_role("button", name="Draw").click()
    for u_m, v_m in ((0.3, 0.3), (0.6, 0.3), (0.5, 0.6)):
        x, y = page.evaluate(f"() => crackmap.project([[{u_m}, {v_m}]])[0]")
        page.locator("#chart").click(position={"x": x, "y": y})
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Keep this spall").click()
    expect(page.locator("#additions")).to_contain_text("finding: spall")


def choose_first(page: Page) -> None:
    page.evaluate("() => crackmap.choose(crackmap.detections()[0].detection_id)")
    expect(page.locator("#detection .state")).to_be_visible()


def test_an_inspector_finds_what_writes_and_a_viewer_does_not(browser: Visit, guarded: str) -> None:
    page = sign_in(browser, guarded, "ian")
    draw_spall(page)
    expect(page.locator("#additions").get_by_role("button")).to_have_count(2)
    choose_first(page)
    expect(page.locator("#detection [data-verdict]")).to_have_count(3)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")

    writes: list[str] = []
    page = sign_in(browser, guarded, "vera")
    page.on("request", lambda request: writes.append(request.method) if request.method != "GET" else None)
    additions = page.locator("#additions")
    expect(additions).to_contain_text("finding: spall")
    expect(additions.locator("button, select, input")).to_have_count(0)
    choose_first(page)
    expect(page.locator("#detection .state")).to_have_text("not reviewed yet")
    expect(page.locator("#detection [data-verdict]")).to_have_count(0)
    for key in "arc":
        page.keyboard.press(key)
    page.keyboard.press("ArrowRight")  # what reads still works
    expect(page.locator("#detection")).to_contain_text("Detection 2 of")
    assert writes == []


def test_a_password_is_changed_on_the_page(browser: Visit, guarded: str) -> None:
    page = sign_in(browser, guarded, "ian")
    dialog = page.get_by_role("dialog", name="Another password")
    page.get_by_role("button", name="Password").click()
    dialog.get_by_label("Present password").fill("a wrong one")
    dialog.get_by_label("New password").fill(NEW)
    dialog.get_by_role("button", name="Change").click()
    expect(dialog.get_by_role("alert")).to_contain_text("the old password is another one")
    browser.complaints.clear()  # the browser itself writes a line about the 422
    dialog.get_by_label("Present password").fill(PASSWORD)
    dialog.get_by_role("button", name="Change").click()
    expect(dialog).to_be_hidden()
    choose_first(page)
    page.get_by_role("button", name="Accept").click()  # the session is another one, and writes
    expect(page.locator("#detection .state")).to_have_text("accepted: a crack")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    sign_in(browser, guarded, "ian", NEW)
