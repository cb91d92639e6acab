"""Paths and names that would lead elsewhere, break a header or a log: refused, or shown as what they are."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crackmap_server.people.route_roles import ROUTES

UP = ("..", "../..", "..%2f..%2fetc%2fpasswd", "%2e%2e%2f%2e%2e", "..\\..", "....//", "%00", "a%00.jpg", "/etc/passwd")
SECRET = "the secret beside the log"


@pytest.fixture
def beside(start: Any, tmp_path: Path) -> Any:
    """A server process with a file beside its log that nobody may read."""
    (tmp_path / "secret.txt").write_text(SECRET)
    return start(before=("sh", "-c", 'exec "$@" 2>/dev/null', "sh"))  # its log is more than a pipe holds


def files(folder: Path) -> list[str]:
    """Beside those that SQLite makes and takes away."""
    return sorted(path.name for path in folder.rglob("*") if not path.name.endswith(("-shm", "-wal")))


def test_no_path_parameter_leads_out(beside: Any, line: Any, tmp_path: Path) -> None:
    """Sent as they stand: a client would tidy the dots away."""
    before = files(tmp_path)
    for route in ROUTES:
        method, path = route.split(" ")
        parts = path.split("/")
        for place in [place for place, part in enumerate(parts) if part.startswith("{")]:
            for up in (*UP, "../" * 8 + str(tmp_path / "secret.txt").lstrip("/")):
                asked = line(beside)
                target = "/".join([*parts[:place], up, *parts[place + 1 :]])
                asked.say(f"{method} {target} HTTP/1.1", "Connection: close", "Content-Length: 0")
                said = asked.answer()
                asked.socket.close()
                status = int(said.split(b" ")[1])
                assert status in {200, 307} or 400 <= status < 500, (route, up, status)
                assert SECRET.encode() not in said
    assert files(tmp_path) == before


SIGNS = st.sampled_from("\r\n\x00\x1b'\"%;<>/\\.\u2028\u202e")
NASTY = st.text(st.one_of(SIGNS, st.characters(codec="utf-8")), min_size=1, max_size=30)


@given(name=NASTY)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_name_breaks_no_header_and_comes_back_as_it_is(server: Any, wall: Any, name: str) -> None:
    """Of a structure and a surface, in lists, files and their headers."""
    named = wall.but(structure=f"a{name}", name=f"b{name}")
    try:
        batch = named.batch(named.report(1))
    except ValueError:
        return  # the messages themselves refuse it, as the server does
    assert set(server.deliver(batch)) <= {"stored", "already_there"}
    surface_id = next(
        item["surface_id"] for item in server.every("/v1/surfaces") if item["name"] == named.scan.surface.name
    )
    for path in (f"/v1/surfaces/{surface_id}/detections.geojson", f"/ogc/collections/detections-{surface_id}/items"):
        answer = server.client.get(path)
        assert answer.status_code == 200
        assert all(value.isprintable() and value.isascii() for value in answer.headers.values())


@pytest.mark.parametrize("value", ["a\rSet-Cookie: b=c", "a\x00b", "é" * 300, "a" * 5000, '"><script>', "../x"])
def test_an_id_of_a_request_is_the_servers_own_unless_it_is_plain(beside: Any, line: Any, value: str) -> None:
    asked = line(beside)
    asked.say("GET /healthz HTTP/1.1", "Connection: close", f"X-Request-ID: {value}")
    head = asked.answer().split(b"\r\n\r\n")[0].lower()
    assert b"set-cookie" not in head
    assert value.encode().lower() not in head


@pytest.mark.parametrize("target", ["/v1/frames%0d%0aSet-Cookie:%20a=b", "/login?a=b%0d%0aSet-Cookie:%20a=b", "/%0a"])
def test_an_address_that_holds_line_ends_writes_no_header(beside: Any, line: Any, target: str) -> None:
    asked = line(beside)
    asked.say(f"GET {target} HTTP/1.1", "Connection: close")
    assert b"\r\nset-cookie" not in asked.answer().lower()


def test_ranges_without_end_cost_nothing(beside: Any, wall: Any) -> None:
    content = wall.picture(1)
    path = f"/v1/evidence/{wall.sha256(content)}"
    beside.client.put(path, content=content)
    many = "bytes=" + ",".join(f"{place}-{place + 1}" for place in range(0, 9000, 3))
    answer = beside.client.get(path, headers={"Range": many})
    assert answer.status_code in {200, 206, 400, 416}
    assert len(answer.content) < 1_000_000
    assert answer.elapsed.total_seconds() < 5
