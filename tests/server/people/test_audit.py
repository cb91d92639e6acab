"""Every write has its line in the audit log before it is answered; no client can break or flood it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from crackmap_server.errors import Busy
from crackmap_server.people import audit
from crackmap_server.people.audit import _printable


def test_a_write_has_a_line_that_says_who_what_and_with_which_outcome(staff: Any, wall: Any) -> None:
    answer = staff.deliver("robot", wall.batch(*(wall.report(n) for n in range(3))))
    (line,) = staff.log()
    assert (line["who"], line["method"], line["resource"], line["status"], line["outcome"]) == (
        "robot crawler",
        "POST",
        "/v1/reports",
        200,
        "stored=3",
    )
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["address"] == "testclient"
    keys = staff.ask("admin", "GET", "/v1/keys").json()["items"]
    assert line["key_id"] == next(key["key_id"] for key in keys if key["robot"] == "crawler")


def test_refused_writes_of_somebody_known_have_lines_reading_has_none(staff: Any, wall: Any) -> None:
    staff.ask("viewer", "POST", "/v1/keys", json={"robot": "rig"})
    staff.ask("admin", "POST", "/v1/keys", json={"robot": "\n"})
    staff.ask("admin", "DELETE", "/v1/nothing")
    staff.ask("viewer", "GET", "/v1/frames")
    staff.ask("viewer", "GET", "/v1/keys")
    assert [(line["who"], line["status"]) for line in staff.log()] == [
        ("user viewer", 403),
        ("user admin", 422),
        ("user admin", 404),
    ]


def test_whoever_is_not_known_cannot_fill_the_log(staff: Any, wall: Any) -> None:
    staff.ask(None, "POST", "/v1/reports", content=b"x")
    staff.client.post("/v1/keys", headers={"Authorization": "Bearer forged"})
    staff.client.post("/v1/session", json={"name": 1})
    assert staff.log() == []


def test_signing_in_and_failing_to_have_lines(staff: Any) -> None:
    staff.sign_in("viewer", "wrong password")
    staff.sign_in("viewer")
    assert [(line["who"], line["status"], line["outcome"]) for line in staff.log()] == [
        ("user viewer", 401, "not the right name and password"),
        ("user viewer", 201, "signed in"),
    ]
    assert "wrong password" not in staff.ask("admin", "GET", "/v1/audit").text


def test_without_its_line_a_write_is_not_answered(staff: Any, wall: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is to be sent again; a delivery and its line are stored together or not at all."""
    write = audit.write

    def fail(*_arguments: Any) -> None:
        raise Busy("the log is full")

    monkeypatch.setattr(audit, "write", fail)
    batch = wall.batch(wall.report(1))
    answer = staff.deliver("robot", batch)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    picture = wall.picture(1)
    assert staff.ask("admin", "PUT", f"/v1/evidence/{wall.sha256(picture)}", content=picture).status_code == 503
    monkeypatch.setattr(audit, "write", write)
    assert staff.deliver("robot", batch).json()["answers"][0]["status"] == "stored"
    assert [line["outcome"] for line in staff.log()] == ["stored=1"]


def test_a_delivery_and_its_line_need_one_commit(staff: Any, wall: Any) -> None:
    """The writer's transactions are counted, the guard's own among them."""
    commits = []
    writer = staff.client.app.state.engines.writer
    listener = lambda _connection: commits.append(1)  # noqa: E731
    staff.deliver("robot", wall.batch(wall.report(1)))  # the key's last use is written down before
    event.listen(writer, "commit", listener)
    try:
        assert staff.deliver("robot", wall.batch(wall.report(2))).status_code == 200
    finally:
        event.remove(writer, "commit", listener)
    assert len(commits) == 1
    assert len(staff.log()) == 2


def test_a_mistake_of_ours_has_a_line_too(staff: Any, wall: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("crackmap_server.routes.reports.store_delivery", fail)
    with pytest.raises(RuntimeError):
        staff.deliver("robot", wall.batch(wall.report(1)))
    (line,) = staff.log()
    assert line["status"] == 500
    assert "secret" not in line["outcome"]


def test_each_answer_names_its_request_and_nobody_chooses_the_name(staff: Any) -> None:
    answers = [staff.client.get(path, headers={"X-Request-Id": "mine"}) for path in ("/login", "/v1/frames", "/login")]
    names = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(names)) == 3
    assert "mine" not in names


@given(st.text())
def test_a_line_stays_one_line(text: str) -> None:
    assert len(_printable(text).splitlines()) <= 1
    assert _printable(text).isprintable()


def test_without_keys_there_is_no_log(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(1)))
    assert server.rows()["audit"] == server.rows()["scan_owners"] == []
    told = server.get("/v1/session")
    assert told == {"name": None, "role": "admin", "csrf_token": None}
