"""What people add: versions that nobody overwrites, whoever sends what in which order, and how often."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .databases import BOTH


@pytest.fixture
def mask(server: Any, wall: Any) -> dict[str, Any]:
    """The content of a mask on the stored wall."""
    server.deliver(wall.batch(wall.report(1)))
    return {
        "surface_id": str(wall.scan.surface_id),
        "kind": "joint",
        "polygon_m": [[[0.9, 0], [1.1, 0], [1.1, 1], [0.9, 1]]],
    }


@BOTH
def test_the_life_of_an_addition(server: Any, mask: dict[str, Any]) -> None:
    path = f"/v1/masks/{uuid4()}"
    first = server.write(path, mask, author="Ada")
    assert (first.status_code, first.headers["ETag"], first.json()["version"]) == (201, '"1"', 1)
    again = server.write(path, mask, author="Ada")
    assert (again.status_code, again.json()) == (200, first.json())
    changed = server.write(path, mask | {"note": "moved"}, version=1, author="Ben")
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert server.get(path)["content"]["note"] == "moved"
    assert [item["id"] for item in server.every("/v1/masks")] == [path.rpartition("/")[2]]
    gone = server.client.delete(path, headers={"If-Match": '"2"'})
    assert (gone.status_code, gone.json()["content"]) == (200, None)
    assert server.client.delete(path, headers={"If-Match": '"2"'}).json() == gone.json(), "twice changes nothing"
    assert server.client.get(path).status_code == 404
    assert server.every("/v1/masks") == []
    versions = server.get(f"{path}/versions")
    assert [(each["version"], each["author"]) for each in versions] == [(1, "Ada"), (2, "Ben"), (3, None)]
    assert [each["content"] and each["content"]["note"] for each in versions] == ["", "moved", None]
    back = server.write(path, mask, version=3)
    assert (back.status_code, server.get(path)["version"]) == (200, 4)


@pytest.mark.parametrize(
    ("version", "status"), [(None, 428), (1, 412), (3, 412), (2, 200)], ids=["none", "old", "future", "right"]
)
def test_a_change_must_name_the_version_that_counts(
    server: Any, mask: dict[str, Any], version: int | None, status: int
) -> None:
    path = f"/v1/masks/{uuid4()}"
    server.write(path, mask)
    server.write(path, mask | {"note": "second"}, version=1)
    answer = server.write(path, mask | {"note": "third"}, version=version)
    assert answer.status_code == status
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert server.get(path)["content"]["note"] == "second"


def test_what_is_not_there(server: Any, mask: dict[str, Any]) -> None:
    path = f"/v1/masks/{uuid4()}"
    assert server.client.get(path).status_code == 404
    assert server.client.get(f"{path}/versions").status_code == 404
    assert server.client.delete(path).status_code == 428
    assert server.client.delete(path, headers={"If-Match": '"1"'}).status_code == 404
    assert server.write(path, mask, version=1).status_code == 412
    assert server.client.put(path, json=mask, headers={"If-Match": "*"}).status_code == 422
    assert server.client.put(path, json=mask | {"colour": "red"}).status_code == 422
    assert server.rows()["revisions"] == []


def test_it_stays_where_it_belongs(server: Any, wall: Any, mask: dict[str, Any]) -> None:
    south = wall.but(name="south face")
    server.deliver(south.batch(south.report(2)))
    path = f"/v1/masks/{uuid4()}"
    server.write(path, mask)
    other = mask | {"surface_id": str(south.scan.surface_id)}
    assert server.write(path, other, version=1).status_code == 409
    assert [len(server.every("/v1/masks", surface_id=mask["surface_id"])), len(server.every("/v1/masks"))] == [1, 1]
    assert server.every("/v1/masks", surface_id=other["surface_id"]) == []


@BOTH
def test_pages_put_together_are_the_whole_list(server: Any, mask: dict[str, Any]) -> None:
    for number in range(7):
        server.write(f"/v1/masks/{UUID(int=number)}", mask | {"note": str(number)})
    server.write(f"/v1/masks/{UUID(int=3)}", mask | {"note": "last"}, version=1)
    notes = ["0", "1", "2", "4", "5", "6", "last"]
    for limit in (1, 3, 7):
        assert [item["content"]["note"] for item in server.every("/v1/masks", limit=limit)] == notes


@BOTH
def test_no_update_is_lost(server: Any, mask: dict[str, Any]) -> None:
    """People who change one thing, each from the version that they read last, and who send twice when in doubt.

    Every change that was taken is a version, once, in the order in which they were taken.
    """

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["read", "change", "delete", "again"])), max_size=25))
    def holds(steps: list[tuple[int, str]]) -> None:
        path = f"/v1/masks/{uuid4()}"
        read: dict[int, int | None] = dict.fromkeys(range(3))
        sent: dict[int, tuple[Any, int | None]] = {}
        taken: list[str | None] = []
        for number, (person, step) in enumerate(steps):
            if step == "read":
                answer = server.client.get(path)
                read[person] = answer.json()["version"] if answer.status_code == 200 else read[person]
                continue
            if step == "delete":
                if read[person] is None:
                    continue
                sent[person] = None, read[person]
            elif step == "change":
                sent[person] = f"{person} {number}", read[person]
            note, version = sent.get(person, (None, None))
            if version is None and note is None:
                continue
            if note is None:
                answer = server.client.delete(path, headers={"If-Match": f'"{version}"'})
            else:
                answer = server.write(path, mask | {"note": note}, version)
            if answer.status_code in {200, 201}:
                if not taken or taken[-1] != note:
                    assert version == (len(taken) or None), "only a change of the last version is taken"
                    taken.append(note)
                read[person] = answer.json()["version"]
            else:
                assert answer.status_code in {404, 412, 428}
        found = server.client.get(f"{path}/versions")
        kept = [each["content"] and each["content"]["note"] for each in found.json()] if found.is_success else []
        assert kept == taken

    holds()
