"""Clients that say nothing, little, or never listen: their connections end, and nobody else waits for them."""

import time
from pathlib import Path
from typing import Any

import pytest

CROWD = 50
LATEST_S = 20.0


def connections(process: Any) -> int:
    """Sockets that the process holds, also the one that it listens on."""
    return sum(file.readlink().name.startswith("socket:") for file in Path(f"/proc/{process.pid}/fd").iterdir())


def test_a_head_that_never_ends_is_not_waited_for(impatient: Any, line: Any) -> None:
    silent, begun = line(impatient), line(impatient)
    begun.socket.sendall(b"GET /healthz HTTP/1.1\r\nHost: local")
    assert silent.answer() == begun.answer() == b""


def test_a_second_head_on_a_connection_is_not_waited_for_either(impatient: Any, line: Any) -> None:
    kept = line(impatient)
    kept.say("GET /healthz HTTP/1.1")
    assert kept.status() == 200
    kept.socket.sendall(b"\r\nGET /heal")
    assert kept.answer().endswith(b"}")  # the rest of the first answer, and the end


def test_a_head_of_any_length_is_not_kept(impatient: Any, line: Any) -> None:
    endless = line(impatient)
    endless.socket.sendall(b"GET /healthz HTTP/1.1\r\nX-Long: ")
    with pytest.raises(ConnectionError):
        endless.socket.sendall(b"a" * 100_000_000)
    assert impatient.client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "head",
    [
        ("POST /v1/reports HTTP/1.1", "Content-Length: 1000"),
        ("POST /v1/reports HTTP/1.1", "Transfer-Encoding: chunked"),
        ("PUT /v1/evidence/" + "a" * 64 + " HTTP/1.1", "Content-Length: 1000"),
        ("PUT /v1/masks/00000000-0000-4000-8000-000000000000 HTTP/1.1", "Content-Length: 1000"),
    ],
)
def test_a_body_that_does_not_come_is_given_up(
    impatient: Any, line: Any, tmp_path: Path, head: tuple[str, ...]
) -> None:
    slow = line(impatient)
    slow.say(*head, "Content-Type: application/json", body=b"" if "chunked" in head[1] else b"{")
    said = slow.answer()
    assert said.startswith(b"HTTP/1.1 408")
    assert b"more slowly than 500 bytes a second" in said
    assert not list((tmp_path / "evidence" / "incoming").iterdir())


def test_what_is_left_of_a_refused_body_is_not_waited_for(impatient: Any, line: Any) -> None:
    refused = line(impatient)
    refused.say("PUT /v1/nothing HTTP/1.1", "Content-Length: 100000", body=b"a")
    assert refused.status() == 404
    refused.socket.sendall(b"a")
    assert refused.answer().endswith(b"}")


def test_an_answer_that_nobody_takes_is_given_up(impatient: Any, line: Any, wall: Any) -> None:
    """It would keep a connection to the database for ever."""
    reports = (wall.report(number) for number in range(600))
    answer = impatient.client.post("/v1/reports", content=wall.batch(*reports).model_dump_json())
    assert {each["status"] for each in answer.json()["answers"]} == {"stored"}
    before = connections(impatient)
    deaf = [line(impatient, takes_bytes=4096) for _ in range(3)]
    for each in deaf:
        each.say("GET /v1/detections.ndjson?threshold=0.01 HTTP/1.1")
        assert each.status() == 200
    end_s = time.monotonic() + LATEST_S
    while connections(impatient) > before:
        assert time.monotonic() < end_s, "the answers are still held"
        time.sleep(0.1)


def test_others_go_on_while_a_crowd_dawdles(start: Any, line: Any, wall: Any) -> None:
    patient = start(CRACKMAP_SERVER_PATIENCE_S="30")
    for _ in range(CROWD):
        line(patient).socket.sendall(b"POST /v1/rep")
        line(patient).say("POST /v1/reports HTTP/1.1", "Content-Length: 1000", body=b"{")
        line(patient).say("PUT /v1/evidence/" + "b" * 64 + " HTTP/1.1", "Content-Length: 1000", body=b"{")
    answer = patient.client.post("/v1/reports", content=wall.batch(wall.report(1)).model_dump_json())
    assert [each["status"] for each in answer.json()["answers"]] == ["stored"]
    assert patient.client.get("/v1/frames").json()["items"]
    assert answer.elapsed.total_seconds() < 10


def test_a_steady_client_may_take_its_time(impatient: Any, line: Any, wall: Any) -> None:
    """Longer than the patience in all, yet faster than the slowest pace."""
    content = wall.batch(*(wall.report(number) for number in range(4))).model_dump_json().encode()
    steady = line(impatient)
    steady.say("POST /v1/reports HTTP/1.1", f"Content-Length: {len(content)}", "Connection: close")
    middle = len(content) // 2
    steady.socket.sendall(content[:middle])
    steady.socket.settimeout(1.5)
    with pytest.raises(TimeoutError):
        steady.socket.recv(1)
    steady.socket.sendall(content[middle:])
    assert steady.answer().startswith(b"HTTP/1.1 200")


def test_an_upgrade_to_something_else_is_no_way_around(impatient: Any, line: Any) -> None:
    other = line(impatient)
    other.say("GET /v1/frames HTTP/1.1", "Connection: Upgrade, close", "Upgrade: websocket", "Sec-WebSocket-Key: a")
    assert other.answer().startswith(b"HTTP/1.1 200")
