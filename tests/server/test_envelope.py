"""Bodies of `POST /v1/reports`: packed, too large, or no batch at all."""

import gzip
from typing import Any

import pytest

from crackmap_server.settings import Settings


def test_a_body_may_be_gzip(server: Any, wall: Any) -> None:
    content = gzip.compress(wall.batch(wall.report(1)).model_dump_json().encode())
    response = server.client.post("/v1/reports", content=content, headers={"content-encoding": "gzip"})
    assert response.json()["answers"][0]["status"] == "stored"


@pytest.mark.parametrize(
    ("content", "encoding", "word"),
    [
        (b"{", "", "not JSON"),
        (b"[]", "", "not an object"),
        (b'{"version": 2}', "", "version 2"),
        (b'{"reports": {}}', "", "not a list"),
        (b'{"surprise": 1}', "", "surprise"),
        (b"\xff\xfe", "", "not JSON"),
        (b"{}", "gzip", "not gzip"),
        (gzip.compress(b"{}", mtime=0)[:-9], "gzip", "ends too early"),
        (b"{}", "br", "not understood"),
    ],
)
def test_a_body_that_is_no_batch_is_refused(server: Any, content: bytes, encoding: str, word: str) -> None:
    response = server.client.post("/v1/reports", content=content, headers={"content-encoding": encoding})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert word in response.json()["detail"]


def test_a_body_over_the_limit_is_refused_also_when_only_unpacking_shows_it(server: Any, settings: Settings) -> None:
    large = b" " * (settings.reports_bytes + 1)
    packed = gzip.compress(large)
    assert server.client.post("/v1/reports", content=large).status_code == 413
    response = server.client.post("/v1/reports", content=packed, headers={"content-encoding": "gzip"})
    assert response.status_code == 413
