"""Every answer keeps the page from loading anything from another host."""

from typing import Any

import pytest


@pytest.mark.parametrize("path", ["/", "/healthz", "/v1/frames", "/nothing", "/static/map.js", "/openapi.json"])
def test_every_answer_carries_the_policy(server: Any, path: str) -> None:
    headers = server.client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"


def test_the_page_and_its_files_are_served(server: Any) -> None:
    assert server.client.get("/").headers["content-type"].startswith("text/html")
    assert server.client.get("/static/index.html").status_code == 200
    assert server.client.get("/static/../app.py").status_code == 404


def test_pages_of_the_framework_that_load_from_other_hosts_are_off(server: Any) -> None:
    assert server.client.get("/docs").status_code == 404
    assert server.client.get("/redoc").status_code == 404
