"""Web pages of other sites cannot use the browser of whoever runs a server without keys."""

from typing import Any

import pytest


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.168.1.5:8321", "", "localhost.", "["])
@pytest.mark.parametrize("path", ["/healthz", "/", "/static/index.html"])
def test_another_name_for_this_machine_is_refused(server: Any, host: str, path: str) -> None:
    response = server.client.get(path, headers={"host": host})
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("host", ["localhost", "localhost:9000", "127.0.0.1:8321", "[::1]:8321", "LOCALHOST:1"])
def test_the_names_of_loopback_are_served(server: Any, host: str) -> None:
    assert server.client.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:9999", "http://localhost.evil"])
def test_a_page_of_another_origin_can_store_nothing(server: Any, wall: Any, origin: str) -> None:
    """Without a preflight a browser sends such a body as text/plain."""
    content = wall.batch(wall.report(1)).model_dump_json()
    headers = {"origin": origin, "content-type": "text/plain"}
    assert server.client.post("/v1/reports", content=content, headers=headers).status_code == 403
    assert server.rows()["frames"] == []


def test_the_own_page_may(server: Any, wall: Any) -> None:
    content = wall.batch(wall.report(1)).model_dump_json()
    response = server.client.post("/v1/reports", content=content, headers={"origin": "http://localhost"})
    assert response.status_code == 200
    assert response.headers["cross-origin-resource-policy"] == "same-origin"
