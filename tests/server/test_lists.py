"""Every list: its pages hold each item once while others write, its filters agree with the whole, its lines too."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from crackmap_server.app import create_app
from crackmap_server.settings import Settings
from crackmap_server.upgrade import prepared

from .databases import BOTH

LISTS = ("structures", "surfaces", "inspections", "scans", "frames", "detections", "quarantine")
OGC = ("frames", "detections")
MODEL = "d" * 64


def deliver(client: Any, wall: Any, number: int) -> None:
    """Something new in every list: a structure, surface, inspection, scan, frames of two walls, a conflict."""
    other = wall.but(structure=f"Bridge {number * 37 % 100}", name=f"face {number}", inspection=f"{number}")
    conflict = wall.report(1, image={"size_bytes": 1000 + number})
    for batch in (other.batch(other.report(number)), wall.batch(wall.report(number + 1)), wall.batch(conflict)):
        assert client.post("/v1/reports", content=batch.model_dump_json()).status_code == 200


def identity(item: Any) -> str:
    return json.dumps(item, sort_keys=True)


def read_all(client: Any, path: str) -> list[str]:
    return [identity(item) for item in client.get(path, params={"limit": 1000}).json()["items"]]


@hypothesis_settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=st.integers(2, 5), limit=st.integers(1, 4), data=st.data())
def test_pages_stay_right_while_others_write(
    wall: Any, tmp_path_factory: pytest.TempPathFactory, before: int, limit: int, data: Any
) -> None:
    """What was there from the beginning to the end is shown once; nothing is shown twice."""
    log = Settings(database=f"sqlite:///{tmp_path_factory.mktemp('lists')}/log.sqlite")
    with prepared(log), TestClient(create_app(log), base_url="http://localhost") as client:
        for number in range(before):
            deliver(client, wall, number)
        there = {name: read_all(client, f"/v1/{name}") for name in LISTS}
        shown: dict[str, list[Any]] = {name: [] for name in LISTS}
        following: dict[str, Any] = dict.fromkeys(LISTS)
        written, left = before, set(LISTS)
        while left:
            if written < before + 4 and data.draw(st.booleans()):
                deliver(client, wall, written)
                written += 1
            name = data.draw(st.sampled_from(sorted(left)))
            cursor = {"cursor": following[name]} if following[name] else {}
            body = client.get(f"/v1/{name}", params={"limit": limit, **cursor}).json()
            shown[name] += body["items"]
            following[name] = body["next"]
            assert len(body["items"]) == limit or body["next"] is None
            if body["next"] is None:
                left.discard(name)
        for name in LISTS:
            keys = [_key(item) for item in shown[name]]
            assert len(keys) == len(set(keys)), name
            # A scan's count of frames may grow meanwhile; what it is does not.
            assert {_key(json.loads(item)) for item in there[name]} <= set(keys), name


def _key(item: Any) -> str:
    names = ("detection_id", "frame_id", "scan_id", "surface_id", "inspection_id", "structure_id")
    if "received_utc" in item:
        return identity(item["delivery"])
    return str(next(item[name] for name in names if name in item))


@hypothesis_settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(limit=st.integers(1, 9), kind=st.sampled_from(OGC), every=st.integers(1, 3))
def test_links_stay_right_while_others_write(
    wall: Any, tmp_path_factory: pytest.TempPathFactory, limit: int, kind: str, every: int
) -> None:
    log = Settings(database=f"sqlite:///{tmp_path_factory.mktemp('links')}/log.sqlite")
    with prepared(log), TestClient(create_app(log), base_url="http://localhost") as client:
        for number in range(3):
            deliver(client, wall, number)
        address = f"/ogc/collections/{kind}-{wall.scan.surface_id}/items"
        there = [one["id"] for one in client.get(address, params={"limit": 1000}).json()["features"]]
        shown: list[str] = []
        page: str | None = f"{address}?limit={limit}"
        turn = 0
        while page is not None:
            body = client.get(page).json()
            shown += [one["id"] for one in body["features"]]
            page = next((one["href"] for one in body["links"] if one["rel"] == "next"), None)
            turn += 1
            if turn % every == 0 and turn < 12:
                deliver(client, wall, 3 + turn)
        assert len(shown) == len(set(shown))
        assert shown[: len(there)] == there, "what is new comes last"


@pytest.fixture
def filled(server: Any, wall: Any) -> Any:
    newer = wall.but(name="south face", model_sha256=MODEL)
    server.deliver(
        wall.batch(*(wall.report(n) for n in range(6)), wall.report(6, wall.no_pose())),
        newer.batch(*(newer.report(n) for n in range(10, 14))),
    )
    return server


@BOTH
@pytest.mark.parametrize("name", ["frames", "detections"])
def test_lines_are_the_pages(filled: Any, wall: Any, name: str) -> None:
    queries: list[dict[str, Any]] = [{}, {"model": MODEL}, {"bbox": "0.5,0,3.2,1"}, {"from": "2026-05-01T08:03:00Z"}]
    queries += [{"threshold": 0.01}] if name == "detections" else [{"score": 0.99999}, {"placement": "no_pose"}]
    for query in queries:
        answer = filled.client.get(f"/v1/{name}.ndjson", params=query)
        assert answer.headers["content-type"] == "application/x-ndjson"
        assert answer.text == "" or answer.text.endswith("\n")
        assert [json.loads(line) for line in answer.text.splitlines()] == filled.every(f"/v1/{name}", limit=3, **query)


def test_lines_come_while_they_are_read(filled: Any, wall: Any) -> None:
    """The first part is there before the last item is read."""
    from crackmap_server.ndjson import lines
    from crackmap_server.resources import Structure

    read = 0

    def items() -> Any:
        nonlocal read
        for _ in range(10_000):
            read += 1
            yield Structure(structure_id=wall.scan.structure_id, name="Mill bridge")

    parts = lines(items())
    next(parts)
    assert read < 1000
    read_at_first = read
    assert sum(part.count(b"\n") for part in parts) + read_at_first == 10_000


def test_filters_select(filled: Any, wall: Any) -> None:
    frames = filled.every("/v1/frames")
    newer = wall.but(name="south face", model_sha256=MODEL).scan.scan_id
    of_model = filled.every("/v1/frames", model=MODEL)
    assert of_model == [frame for frame in frames if frame["scan_id"] == str(newer)]
    assert filled.every("/v1/frames", model="crack-32") == frames, "both have this name"
    assert filled.every("/v1/frames", model="another") == []
    highest = sorted(frame["highest_score"] for frame in frames)[-3]
    sure = filled.every("/v1/frames", score=highest)
    assert sure == [frame for frame in frames if frame["highest_score"] >= highest]
    assert len(filled.every("/v1/scans", kind="recording")) == 2
    assert filled.every("/v1/scans", kind="live") == []


@pytest.mark.parametrize(
    ("accept", "as_lines"),
    [
        ("application/x-ndjson", True),
        ("APPLICATION/X-NDJSON; q=0.5, */*; q=0.1", True),
        ("application/x-ndjson, application/json", True),
        ("application/json, application/x-ndjson", False),
        ("application/x-ndjson;q=0, application/json;q=0.1", False),
        ("application/x-ndjson;q=nan", False),
        ("text/html, */*", False),
        ("*/*", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("name", ["detections", "frames"])
def test_a_list_is_read_as_lines_by_who_accepts_them(
    server: Any, wall: Any, name: str, accept: str, as_lines: bool
) -> None:
    server.deliver(wall.batch(*(wall.report(n) for n in range(3))))
    answer = server.client.get(f"/v1/{name}", params={"limit": 1}, headers={"Accept": accept})
    assert "accept" in [word.strip().lower() for word in answer.headers["vary"].split(",")]
    if as_lines:
        assert answer.headers["content-type"].startswith("application/x-ndjson")
        assert answer.content == server.client.get(f"/v1/{name}.ndjson").content
    else:
        assert answer.headers["content-type"] == "application/json"
        assert len(answer.json()["items"]) == 1
