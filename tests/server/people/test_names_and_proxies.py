"""By which names a server with keys is called, and whom it believes about where a request comes from."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi.testclient import TestClient

from crackmap.errors import SettingError
from crackmap_server.app import create_app
from crackmap_server.people.manage import make_key, make_user
from crackmap_server.people.recognition import SECURE_COOKIE
from crackmap_server.settings import Settings, read_settings
from crackmap_server.upgrade import prepared

PASSWORD = "correct horse battery"


@contextmanager
def opened(settings: Settings, peer: str = "10.0.0.5", **changes: Any) -> Iterator[tuple[TestClient, dict[str, str]]]:
    """A server with those settings, asked from `peer`, and headers with an admin's key."""
    make_user(settings, "boss", "admin", PASSWORD)
    key = make_key(settings, robot=None, user="boss")
    changed = settings.model_copy(update=changes)
    with (
        prepared(changed),
        TestClient(create_app(changed), base_url="http://localhost", client=(peer, 1)) as client,
    ):
        yield client, {"Authorization": f"Bearer {key}"}


def test_numbers_localhost_and_its_names_are_served_and_no_other(settings: Settings) -> None:
    """DNS rebinding needs a name."""
    with opened(settings, names=("crackmap.example.org",)) as (client, key):
        for host in ("localhost", "192.168.1.5:8321", "[fe80::1]", "crackmap.example.org", "Crackmap.Example.org:443"):
            assert client.get("/healthz", headers={**key, "host": host}).status_code == 200
        for host in ("evil.example", "crackmap.example.org.evil.example", "", "192.168.1.5.evil.example"):
            answer = client.get("/healthz", headers={**key, "host": host})
            assert answer.status_code == 403
            assert "CRACKMAP_SERVER_NAMES" in answer.json()["detail"]


@pytest.mark.parametrize(("peer", "believed"), [("10.0.0.5", False), ("10.1.2.3", True), ("10.2.0.1", True)])
def test_only_a_trusted_proxy_says_where_a_request_comes_from(settings: Settings, peer: str, believed: bool) -> None:
    with opened(settings, peer, trusted_proxies=("10.1.2.3", "10.2.0.0/24")) as (client, key):
        forwarded = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9", "X-Forwarded-Proto": "https"}
        answer = client.post("/v1/session", json={"name": "boss", "password": PASSWORD}, headers=forwarded)
        assert answer.headers["set-cookie"].startswith(SECURE_COOKIE) == believed
        (line,) = [
            line for line in client.get("/v1/audit", headers=key).json()["items"] if line["resource"] == "/v1/session"
        ]
        # The nearest address that is not a trusted proxy: what a client puts in front of it counts for nothing.
        assert line["address"] == ("203.0.113.9" if believed else peer)


def test_the_settings_are_read_and_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRACKMAP_SERVER_NAMES", " a.example, b.example ,")
    monkeypatch.setenv("CRACKMAP_SERVER_TRUSTED_PROXIES", "127.0.0.1,10.0.0.0/8")
    assert read_settings().names == ("a.example", "b.example")
    assert read_settings().trusted_proxies == ("127.0.0.1", "10.0.0.0/8")
    for wrong in ("*", "proxy.example.org", "10.0.0.1/8"):
        monkeypatch.setenv("CRACKMAP_SERVER_TRUSTED_PROXIES", wrong)
        with pytest.raises(SettingError, match="trusted_proxies"):
            read_settings()
    monkeypatch.delenv("CRACKMAP_SERVER_TRUSTED_PROXIES")
    monkeypatch.setenv("CRACKMAP_SERVER_TLS_KEY", "/k.pem")
    with pytest.raises(SettingError, match="tls_certificate and tls_key go together"):
        read_settings()


def test_the_first_key_counts_at_once_in_a_server_that_runs(server: Any) -> None:
    assert server.client.get("/v1/frames").status_code == 200
    make_key(server.settings, robot="crawler", user=None)
    assert server.client.get("/v1/frames").status_code == 401
