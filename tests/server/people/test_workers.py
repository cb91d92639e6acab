"""A worker scores frames again and gets at nothing else; a scan that was taken is given back."""

from typing import Any
from uuid import uuid4

import pytest

from crackmap.errors import InputError
from crackmap_server.people import manage
from crackmap_server.people.roles import Role
from crackmap_server.people.route_roles import PUBLIC, ROUTES

from ..databases import BOTH


def test_a_worker_may_do_what_scoring_again_needs_and_nothing_else() -> None:
    assert {route for route, roles in ROUTES.items() if roles is not PUBLIC and Role.WORKER in roles} == {
        "GET /v1/evidence/{sha256}",
        "GET /v1/log",
        "GET /v1/models/{sha256}/file",
        "GET /v1/models/{sha256}/manifest",
        "GET /v1/rescores",
        "GET /v1/rescores/{rescore}",
        "POST /v1/rescores/claim",
        "POST /v1/rescores/{rescore}/scores",
    }


@BOTH
def test_a_worker_takes_frames_with_their_pictures_and_cannot_make_them_current(staff: Any, wall: Any) -> None:
    report = wall.report(1)
    staff.deliver("robot", wall.batch(report))
    sha256 = report.frame.image.sha256
    assert staff.ask("robot", "PUT", f"/v1/evidence/{sha256}", content=wall.picture(1)).status_code == 201
    assert staff.ask("worker", "POST", "/v1/rescores/claim", json={"worker": "one", "most": 1}).status_code == 200
    assert staff.ask("worker", "GET", f"/v1/evidence/{sha256}").content == wall.picture(1)
    assert staff.ask("worker", "POST", "/v1/rescores/1/current", json={"by": "me"}).status_code == 403
    assert staff.ask("worker", "PUT", f"/v1/evidence/{sha256}", content=wall.picture(1)).status_code == 403
    assert [(line["who"], line["status"]) for line in staff.log()][-1] == ("user worker", 403)


def test_a_worker_has_no_browser(staff: Any) -> None:
    """Also not one that was an inspector with a password."""
    assert staff.sign_in("worker").status_code == 401
    staff.sign_in("inspector")
    manage.alter_user(staff.settings, "inspector", role="worker", password=None, disabled=None)
    assert staff.client.get("/v1/frames").status_code == 403


def test_a_worker_is_made_without_a_password(settings: Any) -> None:
    manage.make_user(settings, "box", "worker", None)
    (line,) = manage.user_lines(settings)
    assert line.split() == ["box", "worker", "no", "password"]
    assert manage.make_key(settings, robot=None, user="box")


@BOTH
def test_a_scan_that_another_robot_took_is_given_back(staff: Any, wall: Any) -> None:
    scan_id, batch = wall.scan.scan_id, wall.batch(wall.report(1))
    assert staff.deliver("other", batch).status_code == 200
    assert staff.deliver("robot", batch).status_code == 403
    manage.hand_over(staff.settings, scan_id, "crawler")
    assert staff.deliver("robot", batch).status_code == 200
    assert staff.deliver("other", batch).status_code == 403
    lines = staff.ask("admin", "GET", "/v1/audit", params={"limit": 1000}).json()["items"]
    assert f"scan {scan_id} given to robot crawler" in [line["outcome"] for line in lines]


@BOTH
def test_what_cannot_be_given_is_named(staff: Any, wall: Any) -> None:
    staff.deliver("robot", wall.batch(wall.report(1)))
    with pytest.raises(InputError, match="there is no robot 'crawlr'"):
        manage.hand_over(staff.settings, wall.scan.scan_id, "crawlr")
    missing = uuid4()
    with pytest.raises(InputError, match=f"scan {missing} is not stored"):
        manage.hand_over(staff.settings, missing, "crawler")
