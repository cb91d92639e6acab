"""ETags and gzip: less is sent, and never something old."""

import gzip
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crackmap_server.app import create_app
from crackmap_server.settings import Settings
from crackmap_server.upgrade import prepared


def paths(wall: Any) -> list[str]:
    surface, frame = wall.scan.surface_id, wall.report(1).frame.frame_id
    return [
        "/v1/structures",
        "/v1/surfaces",
        "/v1/inspections",
        "/v1/scans",
        "/v1/frames?limit=2",
        f"/v1/frames/{frame}",
        "/v1/detections?limit=3&threshold=0.9",
        f"/v1/surfaces/{surface}/coverage",
        f"/ogc/collections/frames-{surface}/items?limit=2",
        f"/ogc/collections/detections-{surface}/items",
        "/ogc/collections",
    ]


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    writes=st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(["placed", "model", "poses", "rename"])), min_size=1, max_size=3
    )
)
def test_never_304_for_something_else(wall: Any, tmp_path_factory: pytest.TempPathFactory, writes: Any) -> None:
    """Whatever is written in between: 304 says that the answer is, byte for byte, the one that is held."""
    log = Settings(database=f"sqlite:///{tmp_path_factory.mktemp('tags')}/log.sqlite")
    with prepared(log), TestClient(create_app(log), base_url="http://localhost") as client:
        held: dict[str, tuple[str, bytes]] = {}
        unchanged = changed = 0
        for number, kind in [(1, "placed"), (6, "placed"), *writes, *writes]:  # the second time nothing is new
            changes = {
                "placed": {},
                "model": {"model_sha256": f"{number:064x}"},
                "poses": {"poses_sha256": f"{number:064x}"},
                "rename": {"inspection": f"{number}"},
            }[kind]
            other = wall.but(**changes)
            client.post("/v1/reports", content=other.batch(other.report(number)).model_dump_json())
            for path in paths(wall):
                fresh = client.get(path)
                if path in held:
                    tag, body = held[path]
                    asked = client.get(path, headers={"If-None-Match": tag})
                    assert (asked.status_code == 304) == (fresh.content == body), path
                    unchanged, changed = unchanged + (asked.status_code == 304), changed + (fresh.content != body)
                if fresh.status_code == 200:
                    held[path] = fresh.headers["etag"], fresh.content
        assert unchanged
        assert changed


def test_a_304_has_no_body_and_says_what_holds(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(1)))
    path = f"/ogc/collections/frames-{wall.scan.surface_id}/items"
    answer = server.client.get(path)
    again = server.client.get(path, headers={"If-None-Match": f'"x", {answer.headers["etag"]}'})
    assert again.status_code == 304
    assert not again.content
    for name in ("etag", "cache-control", "vary", "content-crs"):
        assert again.headers[name] == answer.headers[name]
    assert "content-type" not in again.headers
    assert server.client.get(path, headers={"If-None-Match": "*"}).status_code == 304
    assert server.client.get(path, headers={"If-None-Match": '"x"'}).status_code == 200


def test_what_is_refused_has_no_tag(server: Any) -> None:
    for path in ("/v1/frames?limit=0", "/nothing", "/v1/frames?cursor=x"):
        answer = server.client.get(path, headers={"If-None-Match": "*"})
        assert answer.status_code >= 400
        assert "etag" not in answer.headers


def test_a_picture_has_its_hash_as_tag(server: Any, wall: Any) -> None:
    server.put(wall.picture(1))
    path = f"/v1/evidence/{wall.sha256(wall.picture(1))}"
    assert server.client.get(path).headers["etag"] == f'"{wall.sha256(wall.picture(1))}"'
    again = server.client.get(path, headers={"If-None-Match": f'"{wall.sha256(wall.picture(1))}"'})
    assert again.status_code == 304
    assert not again.content


@pytest.mark.parametrize("path", ["/v1/detections?limit=500", "/v1/frames", "/openapi.json"])
def test_lists_are_packed_and_the_same_inside(server: Any, wall: Any, path: str) -> None:
    server.deliver(wall.batch(*(wall.report(n) for n in range(9))))
    plain = server.client.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    with server.client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
        packed = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["etag"] == plain.headers["etag"]
    assert len(packed) < len(plain.content) / 2
    assert gzip.decompress(packed) == plain.content


def test_pictures_and_answers_to_writing_are_sent_as_they_are(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(1)))
    large = wall.picture(1, 400, 300)
    server.put(large)
    server.put(wall.picture(1))
    frame = wall.report(1).frame.frame_id
    for path in (f"/v1/evidence/{wall.sha256(large)}", f"/v1/frames/{frame}/picture.jpg"):
        answer = server.client.get(path, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200
        assert "content-encoding" not in answer.headers
    batch = wall.batch(*(wall.report(n) for n in range(60)))
    answer = server.client.post("/v1/reports", content=batch.model_dump_json(), headers={"Accept-Encoding": "gzip"})
    assert len(answer.content) > 5000
    assert "content-encoding" not in answer.headers


def test_a_stream_is_packed_in_parts_and_has_no_tag(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(*(wall.report(n) for n in range(60))))
    path = f"/v1/surfaces/{wall.scan.surface_id}/detections.geojson"
    with server.client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert "etag" not in answer.headers
        assert "content-length" not in answer.headers
        packed = b"".join(answer.iter_raw())
    assert gzip.decompress(packed) == server.client.get(path, headers={"Accept-Encoding": "identity"}).content
