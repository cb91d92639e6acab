"""Users change their own password, in a session and with the old one."""

from typing import Any

import pytest

from crackmap_server.people.sessions import MOST_TRIES_BY_NAME

from ..databases import BOTH
from .conftest import PASSWORD

NEW = "another horse battery"


def change(staff: Any, old: str, new: str = NEW, **headers: str) -> Any:
    token = staff.client.get("/v1/session").json().get("csrf_token")
    return staff.client.post(
        "/v1/session/password", json={"old": old, "new": new}, headers={"X-CSRF-Token": token or "", **headers}
    )


@BOTH
def test_a_new_password_ends_all_other_sessions_and_the_old_password(staff: Any) -> None:
    staff.sign_in("viewer")
    elsewhere = {"Cookie": f"crackmap-session={staff.client.cookies['crackmap-session']}"}
    staff.client.cookies.clear()
    staff.sign_in("viewer")
    answer = change(staff, PASSWORD)
    assert (answer.status_code, answer.json()["role"]) == (200, "viewer")
    assert answer.headers["cache-control"] == "no-store"
    assert staff.client.get("/v1/session").json()["csrf_token"] == answer.json()["csrf_token"]
    staff.client.cookies.clear()
    assert staff.client.get("/v1/session", headers=elsewhere).status_code == 401
    assert staff.sign_in("viewer").status_code == 401
    assert staff.sign_in("viewer", NEW).status_code == 201
    assert staff.sign_in("inspector").status_code == 201
    lines = [(line["who"], line["outcome"]) for line in staff.log() if line["resource"].endswith("password")]
    assert lines == [("user viewer", "another password")]


@BOTH
def test_without_the_old_password_nothing_changes_and_guessing_is_counted(staff: Any) -> None:
    staff.sign_in("viewer")
    statuses = [change(staff, "a wrong guess").status_code for _ in range(MOST_TRIES_BY_NAME + 1)]
    assert statuses == [422] * MOST_TRIES_BY_NAME + [429]
    assert staff.client.get("/v1/session").status_code == 200


@pytest.mark.parametrize("new", ["short", "x" * 201, ""])
def test_a_password_that_cannot_be_used_is_refused(staff: Any, new: str) -> None:
    staff.sign_in("viewer")
    assert change(staff, PASSWORD, new).status_code == 422
    assert staff.sign_in("viewer").status_code == 201


def test_a_key_changes_no_password_and_a_foreign_page_neither(staff: Any) -> None:
    body = {"old": PASSWORD, "new": NEW}
    assert staff.ask("viewer", "POST", "/v1/session/password", json=body).status_code == 403
    assert staff.ask("worker", "POST", "/v1/session/password", json=body).status_code == 403
    staff.sign_in("viewer")
    assert staff.client.post("/v1/session/password", json=body).status_code == 403
    assert change(staff, PASSWORD, Origin="https://elsewhere.example").status_code == 403
    assert staff.sign_in("viewer").status_code == 201
