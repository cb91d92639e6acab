"""A robot's key is good for what its own robot found, and for nothing else: forged, stolen, replayed or revoked."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crackmap_server.people.credentials import KEY_PREFIX, new_key
from crackmap_server.people.manage import make_key

FIXTURE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)


def test_a_scan_belongs_to_the_robot_that_delivered_it_first(staff: Any, wall: Any) -> None:
    assert staff.deliver("robot", wall.batch(wall.report(1))).status_code == 200
    before, newer = frames(staff), wall.but(model_sha256="e" * 64)
    for batch in (
        wall.batch(wall.report(2)),
        wall.batch(wall.report(1)),
        wall.batch(wall.report(2), headers=False),
        newer.batch(newer.report(1)),  # would become the current one
        wall.batch(),
    ):
        answer = staff.deliver("other", batch)
        assert answer.status_code == 403
        assert str(wall.scan.scan_id) in answer.json()["detail"]
    assert frames(staff) == before
    assert staff.deliver("robot", wall.batch(wall.report(2))).status_code == 200


def frames(staff: Any) -> Any:
    scans = staff.ask("viewer", "GET", "/v1/scans").json()
    return scans, staff.ask("viewer", "GET", "/v1/frames").json(), staff.ask("viewer", "GET", "/v1/quarantine").json()


def test_one_scan_of_another_robot_refuses_the_batch_as_a_whole(staff: Any, wall: Any) -> None:
    own = wall.but(name="south face")
    staff.deliver("robot", wall.batch(wall.report(1)))
    mixed = own.batch(own.report(1)).model_copy(
        update={"reports": (own.report(1), wall.report(2)), "scans": (own.scan, wall.scan)}
    )
    before = frames(staff)
    assert staff.deliver("other", mixed).status_code == 403
    assert frames(staff) == before
    assert staff.deliver("other", own.batch(own.report(1))).status_code == 200


def test_a_header_alone_takes_a_scan_so_that_nobody_slips_between(staff: Any, wall: Any) -> None:
    assert staff.deliver("robot", wall.batch()).status_code == 200
    assert staff.deliver("other", wall.batch(wall.report(1))).status_code == 403


def test_a_scan_of_before_the_keys_goes_to_the_first_robot_that_goes_on_with_it(server: Any, wall: Any) -> None:
    assert server.deliver(wall.batch(wall.report(1))) == ["stored"]
    keys = [make_key(server.settings, robot=name, user=None) for name in ("crawler", "drone")]
    for key, status in ((keys[0], 200), (keys[1], 403), (keys[0], 200)):
        content = wall.batch(wall.report(2)).model_dump_json()
        headers = {"Authorization": f"Bearer {key}"}
        assert server.client.post("/v1/reports", content=content, headers=headers).status_code == status


def test_what_an_admin_delivered_is_no_robots(staff: Any, wall: Any) -> None:
    assert staff.deliver("admin", wall.batch(wall.report(1))).status_code == 200
    assert staff.deliver("robot", wall.batch(wall.report(2))).status_code == 403
    other = wall.but(name="south face")
    assert staff.deliver("robot", other.batch(other.report(1))).status_code == 200
    assert staff.deliver("admin", other.batch(other.report(2))).status_code == 200


@pytest.mark.parametrize("keep", ["frame", "crops"])
def test_a_robot_delivers_and_asks_for_pictures_of_its_own_reports_only(staff: Any, wall: Any, keep: str) -> None:
    report = wall.report(3, keep=keep)
    wanted = staff.deliver("robot", wall.batch(report)).json()["answers"][0]["evidence_wanted"]
    picture = wall.picture(3) if keep == "frame" else wall.picture(3000 + report.evidence.crops[0].tile, 32, 32)
    sha256 = wall.sha256(picture)
    assert sha256 in wanted
    address = f"/v1/evidence/{sha256}"
    for method in ("PUT", "HEAD"):
        assert staff.ask("other", method, address, content=picture).status_code == 403
    assert staff.ask("robot", "GET", address).status_code == 403
    assert staff.ask("robot", "HEAD", address).status_code == 404
    assert staff.ask("robot", "PUT", address, content=picture).status_code == 201
    assert staff.ask("robot", "HEAD", address).status_code == 200
    assert staff.ask("robot", "PUT", f"/v1/evidence/{'9' * 64}", content=b"anything").status_code == 403
    assert staff.ask("viewer", "GET", address).content == picture


def test_a_replayed_delivery_changes_nothing(staff: Any, wall: Any) -> None:
    batch = wall.batch(wall.report(1), wall.report(2))
    staff.deliver("robot", batch)
    before = frames(staff)
    assert {answer["status"] for answer in staff.deliver("robot", batch).json()["answers"]} == {"already_there"}
    assert frames(staff) == before


def keys_of(staff: Any) -> dict[str, Any]:
    return {item["robot"] or item["user"]: item for item in staff.ask("admin", "GET", "/v1/keys").json()["items"]}


def test_a_revoked_key_is_good_for_nothing_from_the_next_request_on(staff: Any, wall: Any) -> None:
    key_id = keys_of(staff)["crawler"]["key_id"]
    assert staff.ask("robot", "GET", "/v1/log").status_code == 200
    assert staff.ask("admin", "DELETE", f"/v1/keys/{key_id}").status_code == 204
    for _ in range(2):
        assert staff.deliver("robot", wall.batch(wall.report(1))).status_code == 401
        staff.ask("admin", "DELETE", f"/v1/keys/{key_id}")  # twice changes nothing
    assert staff.ask("admin", "POST", f"/v1/keys/{key_id}/rotation", json={}).status_code == 404
    assert staff.deliver("other", wall.batch(wall.report(1))).status_code == 200


@pytest.mark.parametrize(("overlap_hours", "old"), [(0, 401), (1, 200)])
def test_a_rotated_key_goes_on_for_the_same_robot(staff: Any, wall: Any, overlap_hours: float, old: int) -> None:
    staff.deliver("robot", wall.batch(wall.report(1)))
    before = keys_of(staff)["crawler"]
    answer = staff.ask("admin", "POST", f"/v1/keys/{before['key_id']}/rotation", json={"overlap_hours": overlap_hours})
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    assert staff.deliver("robot", wall.batch(wall.report(2))).status_code == old
    staff.keys["robot"] = answer.json()["key"]
    assert staff.deliver("robot", wall.batch(wall.report(3))).status_code == 200


def test_a_key_is_told_once_and_kept_as_a_hash(staff: Any) -> None:
    made = staff.ask("admin", "POST", "/v1/keys", json={"robot": "rig"}).json()
    assert made["key"].startswith(KEY_PREFIX)
    everything = (
        staff.settings.sqlite_file.read_bytes()
        + staff.settings.sqlite_file.with_name(staff.settings.sqlite_file.name + "-wal").read_bytes()
    )
    for key in (made["key"], *staff.keys.values()):
        assert key.encode() not in everything
        assert key not in staff.ask("admin", "GET", "/v1/keys").text + staff.ask("admin", "GET", "/v1/audit").text


def test_the_last_use_is_written_down_to_the_minute(staff: Any) -> None:
    assert keys_of(staff)["drone"]["last_used_utc"] is None
    staff.ask("other", "GET", "/v1/log")
    staff.ask("admin", "POST", "/v1/keys", json={"robot": "rig"})  # the writer did what came before
    used = keys_of(staff)["drone"]["last_used_utc"]
    assert used is not None
    staff.ask("other", "GET", "/v1/log")
    staff.ask("admin", "POST", "/v1/keys", json={"robot": "rig 2"})
    assert keys_of(staff)["drone"]["last_used_utc"] == used


@FIXTURE
@given(data=st.data())
def test_a_forged_key_opens_nothing(staff: Any, data: st.DataObject) -> None:
    right = staff.keys["admin"]
    place = data.draw(st.integers(0, len(right) - 1))
    letter = data.draw(st.characters(codec="latin-1", exclude_characters=right[place] + "\r\n\0"))
    forged = data.draw(
        st.sampled_from([right[:place] + letter + right[place + 1 :], right[:place], right + letter, new_key(), ""])
    )
    if forged.strip() != right:
        headers = {"Authorization": f"Bearer {forged}".encode("latin-1")}
        assert staff.client.get("/v1/frames", headers=headers).status_code == 401


@pytest.mark.parametrize("scheme", ["Basic ", "", "Bearer", "Token ", "Bearer\t"])
def test_a_key_comes_as_a_bearer(staff: Any, scheme: str) -> None:
    answer = staff.client.get("/v1/frames", headers={"Authorization": f"{scheme}{staff.keys['admin']}"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="crackmap"'
