"""Registered models and pins: whole or not at all, never changed, every decision kept."""

import hashlib
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from crackmap_server.app import create_app
from crackmap_server.registry.files import model_folder
from crackmap_server.upgrade import prepared

from .databases import BOTH

MODELS = Path(__file__).parents[1] / "robot" / "models"


def model_file(number: int = 0) -> bytes:
    """What begins as a model does."""
    return b"\x1c\0\0\0TFL3" + number.to_bytes(4, "big") * 50


def manifest_of(content: bytes, **changes: Any) -> bytes:
    facts = json.loads((MODELS / "darkness-int8.json").read_text())
    facts |= {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content), **changes}
    return json.dumps(facts).encode()


def registered(server: Any, number: int = 0, **changes: Any) -> str:
    content = model_file(number)
    sha256 = hashlib.sha256(content).hexdigest()
    assert server.client.put(f"/v1/models/{sha256}/file", content=content).status_code == 204
    answer = server.client.put(f"/v1/models/{sha256}?by=the maker", content=manifest_of(content, **changes))
    assert answer.status_code == 201, answer.text
    return sha256


def problem(answer: Any, status: int, *words: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    for word in words:
        assert word in answer.json()["detail"]


@BOTH
def test_a_model_is_there_byte_for_byte_once_file_and_manifest_are(server: Any) -> None:
    content = model_file()
    sha256, manifest = hashlib.sha256(content).hexdigest(), manifest_of(content)
    problem(server.client.put(f"/v1/models/{sha256}", content=manifest), 409, "file", "first")
    assert server.client.put(f"/v1/models/{sha256}/file", content=content).status_code == 204
    assert server.get("/v1/models")["items"] == []
    problem(server.client.get(f"/v1/models/{sha256}/file"), 404, "not registered")
    first = server.client.put(f"/v1/models/{sha256}?by=the maker", content=manifest)
    again = server.client.put(f"/v1/models/{sha256}?by=somebody else", content=manifest)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == server.get(f"/v1/models/{sha256}") == server.every("/v1/models")[0]
    assert first.json()["registered_by"] == "the maker"
    assert server.client.get(f"/v1/models/{sha256}/manifest").content == manifest
    assert server.client.get(f"/v1/models/{sha256}/file").content == content


def test_what_is_fetched_once_is_not_fetched_again(server: Any) -> None:
    sha256 = registered(server)
    for part in ("file", "manifest"):
        first = server.client.get(f"/v1/models/{sha256}/{part}")
        assert "immutable" in first.headers["cache-control"]
        for named in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
            again = server.client.get(f"/v1/models/{sha256}/{part}", headers={"If-None-Match": named})
            assert (again.status_code, again.content) == (304, b"")
        other = server.client.get(f"/v1/models/{sha256}/{part}", headers={"If-None-Match": '"other"'})
        assert other.content == first.content
    assert server.client.get(f"/v1/models/{sha256}/file").headers["etag"] == f'"{sha256}"'


def test_what_a_model_promises_never_changes(server: Any) -> None:
    sha256 = registered(server)
    before = server.rows()
    other = manifest_of(model_file(), threshold=0.1)
    problem(server.client.put(f"/v1/models/{sha256}", content=other), 409, "another manifest")
    assert server.rows() == before


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"no json", "JSON"),
        (manifest_of(model_file(), threshold=2), "threshold"),
        (manifest_of(model_file(), unheard_of=1), "unheard_of"),
        (manifest_of(model_file(1)), "sha256"),
        (manifest_of(model_file(), size_bytes=3), "size_bytes"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused_by_name(server: Any, content: bytes, word: str) -> None:
    sha256 = hashlib.sha256(model_file()).hexdigest()
    server.client.put(f"/v1/models/{sha256}/file", content=model_file())
    problem(server.client.put(f"/v1/models/{sha256}", content=content), 422, word)
    assert server.rows()["models"] == []


def test_a_file_that_is_no_model_or_another_or_too_large_leaves_nothing(settings: Any) -> None:
    small = settings.model_copy(update={"model_bytes": 2048})
    with prepared(small), TestClient(create_app(small), base_url="http://localhost") as client:
        for content, name, status, word in (
            (b"GIF89a" * 9, None, 422, "TensorFlow Lite"),
            (model_file(), "a" * 64, 422, "SHA-256"),
            (model_file() * 20, None, 413, "2048"),
        ):
            sha256 = name or hashlib.sha256(content).hexdigest()
            problem(client.put(f"/v1/models/{sha256}/file", content=content), status, word)
        problem(client.put(f"/v1/models/{'a' * 64}", content=b" " * 2_000_000), 413, "manifest")
    assert [path for path in small.models_folder.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("settings", ["sqlite", "s3"], indirect=True)
def test_a_file_that_was_lost_from_the_disk_is_taken_again(server: Any) -> None:
    sha256 = registered(server)
    model_folder(server.settings).remove(sha256)
    problem(server.client.get(f"/v1/models/{sha256}/file"), 404, "lost")
    assert server.client.put(f"/v1/models/{sha256}/file", content=model_file()).status_code == 204
    assert server.client.get(f"/v1/models/{sha256}/file").content == model_file()


@BOTH
def test_every_pin_is_kept_and_the_last_one_counts(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(1)))
    path = f"/v1/inspections/{wall.scan.inspection_id}/model"
    problem(server.client.get(path), 404, "no model is pinned")
    first, second = registered(server, 1), registered(server, 2)
    for sha256, by in ((first, "A"), (first, "B"), (second, "C"), (first, "D")):
        assert server.client.put(path, json={"model_sha256": sha256, "by": by}).json()["model_sha256"] == sha256
    assert server.get(path)["decided_by"] == "D"
    assert [(pin["model_sha256"], pin["decided_by"]) for pin in server.get(f"{path}s")] == [
        (first, "D"),
        (second, "C"),
        (first, "A"),  # the same again was no decision
    ]


def test_a_robot_that_knows_the_pin_hears_only_that(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(1)))
    path, first, second = (
        f"/v1/inspections/{wall.scan.inspection_id}/model",
        registered(server, 1),
        registered(server, 2),
    )
    server.client.put(path, json={"model_sha256": first})
    etag = server.client.get(path).headers["etag"]
    assert server.client.get(path, headers={"If-None-Match": etag}).status_code == 304
    server.client.put(path, json={"model_sha256": second})
    changed = server.client.get(path, headers={"If-None-Match": etag})
    assert (changed.status_code, changed.json()["model_sha256"]) == (200, second)


def test_only_what_is_there_can_be_pinned(server: Any, wall: Any) -> None:
    sha256 = registered(server)
    problem(server.client.put(f"/v1/inspections/{uuid4()}/model", json={"model_sha256": sha256}), 404, "inspection")
    server.deliver(wall.batch(wall.report(1)))
    path = f"/v1/inspections/{wall.scan.inspection_id}/model"
    problem(server.client.put(path, json={"model_sha256": "b" * 64}), 422, "not registered")
    problem(server.client.put(path, json={"model_sha256": sha256, "by": "line\nbreak"}), 422, "by")
    assert server.rows()["model_pins"] == []
