"""Sessions of browsers: fixation, theft, foreign pages, guessed passwords."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from crackmap_server import tables
from crackmap_server.people.direct import written
from crackmap_server.people.recognition import COOKIE, SECURE_COOKIE
from crackmap_server.people.sessions import MOST_TRIES_BY_NAME, MOST_TRIES_FROM_ADDRESS, WINDOW

from .conftest import PASSWORD


def csrf(staff: Any) -> dict[str, str]:
    return {"X-CSRF-Token": staff.client.get("/v1/session").json()["csrf_token"]}


def user_id(staff: Any, name: str) -> str:
    users = staff.ask("admin", "GET", "/v1/users").json()["items"]
    return next(user["user_id"] for user in users if user["name"] == name)


def test_a_session_reads_and_with_its_token_writes_what_the_role_may(staff: Any) -> None:
    answer = staff.sign_in("viewer")
    assert answer.status_code == 201
    assert answer.json()["role"] == "viewer"
    assert staff.client.get("/v1/frames").status_code == 200
    assert staff.client.get("/v1/keys").status_code == 403
    assert staff.client.post("/v1/keys", json={"robot": "rig"}, headers=csrf(staff)).status_code == 403
    staff.sign_in("admin")
    assert staff.client.post("/v1/keys", json={"robot": "rig"}, headers=csrf(staff)).status_code == 201


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(staff: Any) -> None:
    flags = {part.strip().lower() for part in staff.sign_in().headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= flags
    assert not any(flag.startswith("domain") for flag in flags)
    assert staff.sign_in().headers["cache-control"] == "no-store"


def test_a_session_that_was_put_under_somebody_becomes_nobodys(staff: Any) -> None:
    """Fixation: whoever planted a cookie must not be signed in when the victim signs in."""
    before = {"Cookie": f"{COOKIE}=planted"}
    for name in ("viewer", "admin"):
        staff.sign_in(name, headers=before)
        begun = {"Cookie": f"{COOKIE}={staff.client.cookies[COOKIE]}"}
        staff.client.cookies.clear()
        assert staff.client.get("/v1/frames", headers=before).status_code == 401
        assert staff.client.get("/v1/frames", headers=begun).status_code == 200
        before = begun  # the next one to sign in at this browser brings it along


def test_signing_out_ends_a_copied_cookie_too(staff: Any) -> None:
    staff.sign_in()
    stolen = {"Cookie": f"{COOKIE}={staff.client.cookies[COOKIE]}"}
    token = csrf(staff)
    assert staff.client.delete("/v1/session", headers=token).status_code == 204
    staff.client.cookies.clear()
    assert staff.client.get("/v1/frames", headers=stolen).status_code == 401


@pytest.mark.parametrize("token", [None, "", "0" * 64, "of another session"])
@pytest.mark.parametrize("origin", [None, "http://localhost"])
def test_a_write_without_the_sessions_own_token_is_refused(staff: Any, token: str | None, origin: str | None) -> None:
    """CSRF: a foreign page can make the browser send the cookie, but knows no token."""
    staff.sign_in("admin")
    if token == "of another session":
        token = csrf(staff)["X-CSRF-Token"]
        staff.sign_in("admin")
    headers = {name: value for name, value in {"X-CSRF-Token": token, "Origin": origin}.items() if value is not None}
    before = len(staff.ask("admin", "GET", "/v1/keys").json()["items"])
    for method, path in (("POST", "/v1/keys"), ("DELETE", "/v1/session"), ("POST", "/v1/reports")):
        assert staff.client.request(method, path, json={"robot": "rig"}, headers=headers).status_code == 403
    assert len(staff.ask("admin", "GET", "/v1/keys").json()["items"]) == before


def test_a_page_of_another_origin_can_not_even_sign_in(staff: Any) -> None:
    for origin in ("http://evil.example", "null", "http://localhost:1"):
        assert staff.sign_in(headers={"Origin": origin}).status_code == 403


@pytest.mark.parametrize("change", [{"password": "another horse battery"}, {"disabled": True}])
def test_a_new_password_or_a_disabled_user_ends_the_sessions(staff: Any, change: dict[str, Any]) -> None:
    staff.sign_in("viewer")
    assert staff.client.get("/v1/frames").status_code == 200
    answer = staff.ask("admin", "PATCH", f"/v1/users/{user_id(staff, 'viewer')}", json=change)
    assert answer.status_code == 200
    assert staff.client.get("/v1/frames").status_code == 401
    assert staff.sign_in("viewer").status_code == 401
    assert staff.ask("viewer", "GET", "/v1/frames").status_code == (401 if "disabled" in change else 200)


def test_a_new_role_counts_at_once_also_in_a_session(staff: Any) -> None:
    staff.sign_in("inspector")
    staff.ask("admin", "PATCH", f"/v1/users/{user_id(staff, 'inspector')}", json={"role": "admin"})
    assert staff.client.get("/v1/keys").status_code == 200


@pytest.mark.parametrize("change", [{"role": "viewer"}, {"disabled": True}])
def test_the_last_admin_stays_one(staff: Any, change: dict[str, Any]) -> None:
    address = f"/v1/users/{user_id(staff, 'admin')}"
    assert staff.ask("admin", "PATCH", address, json=change).status_code == 409
    assert staff.ask("admin", "GET", "/v1/keys").status_code == 200


def test_a_session_ends_by_itself(staff: Any) -> None:
    staff.sign_in()
    past = datetime.now(UTC) - timedelta(seconds=1)
    written(staff.settings, "tests", lambda c: (c.execute(update(tables.sessions).values(ends_utc=past)), "aged"))
    assert staff.client.get("/v1/frames").status_code == 401


def test_guessing_for_one_name_is_stopped_also_for_the_right_password_and_ends_by_itself(staff: Any) -> None:
    for _ in range(MOST_TRIES_BY_NAME):
        assert staff.sign_in("viewer", "wrong").status_code == 401
    stopped = staff.sign_in("viewer")
    assert stopped.status_code == 429
    assert int(stopped.headers["retry-after"]) >= 60
    assert staff.sign_in("inspector").status_code == 201
    assert staff.ask("viewer", "GET", "/v1/frames").status_code == 200  # keys go on
    past = datetime.now(UTC) - WINDOW
    written(staff.settings, "tests", lambda c: (c.execute(update(tables.sign_ins).values(tried_utc=past)), "aged"))
    assert staff.sign_in("viewer").status_code == 201


def test_the_right_password_forgives_the_wrong_ones_of_its_name(staff: Any) -> None:
    for _ in range(2):
        for _ in range(MOST_TRIES_BY_NAME - 1):
            assert staff.sign_in("viewer", "wrong").status_code == 401
        assert staff.sign_in("viewer").status_code == 201


def test_guessing_many_names_from_one_address_is_stopped(staff: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crackmap_server.routes.sessions.is_password", lambda *_: False)  # it takes its time
    statuses = [staff.sign_in(f"somebody {n}", "wrong").status_code for n in range(MOST_TRIES_FROM_ADDRESS + 1)]
    assert statuses == [401] * MOST_TRIES_FROM_ADDRESS + [429]


def test_many_tries_at_once_do_not_slip_through_together(staff: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crackmap_server.routes.sessions.is_password", lambda *_: False)
    together = threading.Barrier(12)

    def guess(_number: int) -> int:
        together.wait()
        return int(staff.sign_in("viewer", "wrong").status_code)

    with ThreadPoolExecutor(12) as many:
        statuses = sorted(many.map(guess, range(12)))
    assert statuses == [401] * MOST_TRIES_BY_NAME + [429] * (12 - MOST_TRIES_BY_NAME)


def test_an_unknown_name_is_answered_like_a_wrong_password(staff: Any) -> None:
    unknown, wrong = staff.sign_in("nobody", "wrong"), staff.sign_in("viewer", "wrong")
    assert unknown.status_code == wrong.status_code == 401
    assert unknown.json() == wrong.json()


@pytest.mark.parametrize(
    "name", ["a\nb", "a\r\nSet-Cookie: x=y", "\x00", "", " anna", "x" * 101, "a\u2028b", "\ud800", "<b>"]
)
def test_a_name_that_would_break_a_line_is_refused_everywhere(staff: Any, name: str) -> None:
    def send(path: str, **body: Any) -> Any:
        return staff.client.post(
            path, content=json.dumps(body), headers={"content-type": "application/json", **staff.as_("admin")}
        )

    assert send("/v1/session", name=name, password=PASSWORD).status_code == 422
    assert send("/v1/users", name=name, role="viewer").status_code == 422
    assert send("/v1/keys", robot=name).status_code == 422
    assert send("/v1/session", name="viewer", password="\ud800" * 12).status_code in {401, 422}


def test_behind_tls_the_cookie_is_for_this_host_and_tls_only(staff: Any) -> None:
    staff.client.base_url = "https://localhost"
    answer = staff.sign_in()
    assert answer.headers["set-cookie"].startswith(f"{SECURE_COOKIE}=")
    assert "; secure" in answer.headers["set-cookie"].lower()
    assert staff.client.get("/v1/frames").status_code == 200
