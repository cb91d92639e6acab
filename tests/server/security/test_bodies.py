"""Bodies over their limit: refused by what they announce, or as soon as they have it, without being kept."""

import asyncio
import gzip
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import HTTPException
from hypothesis import given
from hypothesis import strategies as st

from crackmap_server.bodies import SMALL_BYTES, Bodies
from crackmap_server.body_budget import BodyBudget
from crackmap_server.envelope import MOST_ITEMS, MOST_VALUES
from crackmap_server.people.route_roles import ROUTES
from crackmap_server.settings import Settings

from .conftest import peak_mb

REPORTS_BYTES, PICTURE_BYTES, MODEL_BYTES = 20_000_000, 3_000_000, 2_500_000
NO_ID = "00000000-0000-4000-8000-000000000000"
LIMITS = {
    "POST /v1/reports": REPORTS_BYTES,
    "PUT /v1/evidence/{sha256}": PICTURE_BYTES,
    "PUT /v1/models/{sha256}/file": MODEL_BYTES,
    "POST /v1/label-studio/results": 16 * 2**20,
}
WRITING = sorted(route for route in ROUTES if route.split()[0] in {"POST", "PUT", "PATCH", "DELETE"})


@pytest.fixture
def bounded(start: Any) -> Any:
    return start(
        CRACKMAP_SERVER_REPORTS_BYTES=str(REPORTS_BYTES),
        CRACKMAP_SERVER_PICTURE_BYTES=str(PICTURE_BYTES),
        CRACKMAP_SERVER_MODEL_BYTES=str(MODEL_BYTES),
    )


def address(route: str) -> tuple[str, str]:
    """Method and path of a request for the route."""
    method, path = route.split(" ")
    for name, value in (("{sha256}", "a" * 64), ("{rescore}", "1")):
        path = path.replace(name, value)
    return method, "/".join(NO_ID if part.startswith("{") else part for part in path.split("/"))


def parts(size_bytes: int) -> Iterator[bytes]:
    """A body of that size, in pieces, so that it is sent chunked."""
    yield b"["
    for _ in range(size_bytes // 100_000):
        yield b" " * 100_000


def test_an_announced_body_over_the_limit_is_refused_on_every_route(bounded: Any, line: Any) -> None:
    """Before any of it is read: none is sent."""
    for route in WRITING:
        method, path = address(route)
        asked, most = line(bounded), LIMITS.get(route, SMALL_BYTES)
        asked.say(f"{method} {path} HTTP/1.1", f"Content-Length: {most + 1}")
        assert asked.status() == 413, route


def test_a_body_over_the_limit_that_does_not_say_its_length_is_refused_where_one_is_read(bounded: Any) -> None:
    """Routes that take no body, or refuse the rest of the request first, never read one."""
    refused = 0
    for route in WRITING:
        method, path = address(route)
        body = parts(LIMITS.get(route, SMALL_BYTES) + 200_000)
        status = bounded.client.request(
            method, path, content=body, headers={"Content-Type": "application/json"}
        ).status_code
        assert status >= 400 or method == "DELETE", route
        refused += status == 413
    assert refused >= len([route for route in WRITING if not route.startswith("DELETE")]) - 5
    assert peak_mb(bounded) < 500


def test_a_length_that_is_a_lie_smuggles_nothing(impatient: Any, line: Any) -> None:
    """Too long: the rest is waited for, and given up. Too short: what is over is a request of its own."""
    longer = line(impatient)
    longer.say("POST /v1/reports HTTP/1.1", "Content-Length: 1000", body=b'{"reports": []}')
    assert longer.answer().startswith(b"HTTP/1.1 408")
    shorter = line(impatient)
    over = f"{{}}GET /v1/nothing HTTP/1.1\r\nHost: {shorter.host}\r\nConnection: close\r\n\r\n"
    shorter.say("POST /v1/reports HTTP/1.1", "Content-Length: 2", body=over.encode())
    assert [part[:3] for part in shorter.answer().split(b"HTTP/1.1 ")[1:]] == [b"200", b"404"]


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: -1",),
        ("Content-Length: 99999999999999999999999",),
        ("Transfer-Encoding: chunked, gzip",),
        ("Content-Length : 5",),
        ("X-Split: a\n b",),
    ],
)
def test_two_ways_to_read_a_length_are_none(bounded: Any, line: Any, headers: tuple[str, ...]) -> None:
    unclear = line(bounded)
    unclear.say("POST /v1/reports HTTP/1.1", *headers, body=b"0\r\n\r\n")
    assert unclear.answer().startswith(b"HTTP/1.1 400")


def test_a_delivery_that_unpacks_a_thousandfold_takes_no_memory(bounded: Any) -> None:
    bounded.client.post("/v1/reports", content=b"{}")
    before_mb = peak_mb(bounded)
    bomb = gzip.compress(b" " * 1_000_000_000, 9)
    assert len(bomb) < 1_000_000
    answer = bounded.client.post("/v1/reports", content=bomb, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 413
    nested = bounded.client.post("/v1/reports", content=gzip.compress(bomb), headers={"Content-Encoding": "gzip, gzip"})
    assert nested.status_code == 422
    assert peak_mb(bounded) - before_mb < 100


def hostile() -> dict[str, bytes]:
    many = MOST_VALUES // 2 - 100
    return {
        "numbers": b'{"reports": [' + b"0," * (REPORTS_BYTES // 2 - 20) + b"0]}",
        "lists": b'{"reports": [' + b"[]," * (REPORTS_BYTES // 3 - 20) + b"0]}",
        "objects in one report": b'{"reports": [{"evidence": {"crops": [' + b"{}," * many + b"0]}}]}",
        "unknown fields": b'{"reports": [{' + b",".join(b'"%d":0' % n for n in range(many)) + b"}]}",
        "depth": b'{"reports": ' + b"[" * many + b"]" * many + b"}",
        "one long number": b'{"reports": [' + b"1" * (REPORTS_BYTES - 20) + b"]}",
        "one long string": b'{"reports": ["' + b"a" * (REPORTS_BYTES - 20) + b'"]}',
        "one field twice": b'{"reports": [' + b'{"frame": 1},' * MOST_ITEMS + b"0]}",
    }


@pytest.mark.parametrize("name", hostile())
def test_deep_and_huge_json_is_refused_in_little_memory(bounded: Any, name: str) -> None:
    answer = bounded.client.post("/v1/reports", content=hostile()[name])
    assert answer.status_code in {200, 413, 422}
    if answer.status_code == 200:
        assert {each["status"] for each in answer.json()["answers"]} == {"invalid"}
    assert len(answer.content) < 10_000
    assert peak_mb(bounded) < 600


def test_what_is_wrong_with_a_body_is_said_in_few_words(bounded: Any) -> None:
    content = "[" + ",".join(["{}"] * 9000) + "]"
    answer = bounded.client.post("/v1/label-studio/results", content=content)
    assert answer.status_code == 422
    assert len(answer.content) < 10_000


@given(size=st.integers(0, 3000), most=st.integers(1024, 2000), pieces=st.integers(1, 7))
def test_the_limit_is_met_to_the_byte(size: int, most: int, pieces: int) -> None:
    """Whichever way the body is cut."""
    content = b" " * size
    cut = [content[place * size // pieces : (place + 1) * size // pieces] for place in range(pieces)]
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in cut]
    kept = asyncio.run(received([*messages, {"type": "http.request", "body": b""}], most))
    assert kept == (content if size <= most else None)


async def received(messages: list[Any], most_bytes: int) -> bytes | None:
    """What a route gets of a body; None where it is refused."""
    kept: list[bytes] = []

    async def route(_scope: Any, receive: Any, _send: Any) -> None:
        more = True
        while more:
            message = await receive()
            kept.append(message["body"])
            more = message.get("more_body", False)

    async def arriving() -> Any:
        return messages.pop(0)

    async def send(_message: Any) -> None:
        raise AssertionError("nothing is answered here")

    scope = {"type": "http", "method": "PUT", "path": f"/v1/models/{'a' * 64}/file", "headers": []}
    settings = Settings(database="sqlite:////none", model_bytes=most_bytes)
    bodies = Bodies(route, settings, BodyBudget(0, refused=lambda: None))
    try:
        await bodies(scope, arriving, send)
    except HTTPException as refused:
        return None if refused.status_code == 413 else b"another refusal"
    return b"".join(kept)
