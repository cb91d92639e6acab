"""Text filters: what is sent is a value, never a part of a statement. It finds what equals it, or nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crackmap_server.app import create_app
from crackmap_server.settings import Settings
from crackmap_server.upgrade import prepared

from ..databases import POSTGRESQL
from ..fresh_logs import make_database

HOSTILE = st.one_of(
    st.sampled_from(
        [
            "%",
            "_",
            "*",
            "crack-3%",
            "crack-__",
            "' OR '1'='1",
            "' OR 1=1 --",
            '" OR ""="',
            "'; DROP TABLE frames; --",
            "crack-32' --",
            "crack-32\x00",
            "\\",
            "CRACK-32",
            " crack-32 ",
            "crack-32/*",
            "$1",
            ":model",
            "?",
            "{}",
            "NULL",
            "\ud7ff\ufffe",
        ]
    ),
    st.text(st.sampled_from("crack-32'\"%_\\;\x00 *?:$()"), max_size=40),
    st.text(st.characters(codec="utf-8"), max_size=60),
)
MODEL = ("/v1/detections", "/v1/frames", "/v1/detections.ndjson", "/v1/frames.ndjson")


@pytest.fixture(scope="module", params=["sqlite", POSTGRESQL])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, wall: Any) -> Iterator[TestClient]:
    """A log with a report; nothing here writes."""
    folder: Path = tmp_path_factory.mktemp("filters")
    database = f"sqlite:///{folder}/log.sqlite"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql").set(database="filters")
        make_database(url)
        database = url.render_as_string(hide_password=False)
    own = Settings(database=database, evidence=folder / "evidence")
    with prepared(own), TestClient(create_app(own), base_url="http://localhost") as client:
        client.post("/v1/reports", content=wall.batch(wall.report(1)).model_dump_json()).raise_for_status()
        assert client.get("/v1/frames", params={"model": "crack-32"}).json()["items"]
        yield client


@given(text=HOSTILE)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("path", MODEL)
def test_a_model_that_is_not_there_finds_nothing(filled: TestClient, path: str, text: str) -> None:
    """Nothing but its very name or hash finds it."""
    answer = filled.get(path, params={"model": text})
    if text in {"crack-32", "a" * 64}:
        return
    assert answer.status_code in {200, 422}
    if answer.status_code == 200:
        assert answer.content.strip() in {b"", b'{"items":[],"next":null}'}


@given(text=HOSTILE)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize(
    ("path", "name"),
    [
        *((path, name) for path in ("/v1/frames", "/v1/detections") for name in ("bbox", "scan_id", "cursor")),
        ("/v1/detections", "review"),
        ("/v1/audit", "cursor"),
        ("/v1/users", "cursor"),
        ("/v1/models", "cursor"),
        ("/v1/masks", "surface_id"),
        ("/v1/training-set.zip", "layout"),
        ("/ogc/collections", "cursor"),
        ("/ogc/collections", "f"),
    ],
)
def test_other_parameters_are_refused_by_what_they_are(filled: TestClient, path: str, name: str, text: str) -> None:
    if text == "":
        return
    assert filled.get(path, params={name: text}).status_code in {400, 422}


@given(text=HOSTILE, place=st.sampled_from(["collection", "item", "filter"]))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_collections_and_items_under_other_names_are_not_there(filled: TestClient, place: str, text: str) -> None:
    collection = filled.get("/ogc/collections").json()["collections"][0]["id"]
    name = text.replace("/", "") or "-"
    if name in {".", ".."}:
        return  # the client itself takes these out of a path
    if place == "filter":
        answer = filled.get(f"/ogc/collections/{collection}/items", params={"filter": text})
    else:
        path = [name, "items"] if place == "collection" else [collection, "items", name]
        answer = filled.get("/ogc/collections/" + "/".join(quote(part, safe="") for part in path))
    assert answer.status_code in {400, 404, 422}


@given(name=HOSTILE)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nobody_signs_in_by_a_name_that_is_a_statement(filled: TestClient, name: str) -> None:
    answer = filled.post("/v1/session", json={"name": name, "password": name[:200]})
    assert answer.status_code in {401, 422, 429}
