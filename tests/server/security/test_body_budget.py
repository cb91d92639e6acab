"""All bodies that are in memory at the same time have one bound. What does not fit is sent again later."""

import gzip
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crackmap.messages import ReportBatch
from crackmap_server.bodies import RESULTS_BYTES
from crackmap_server.body_budget import BodyBudget
from crackmap_server.errors import RETRY_AFTER_S, Busy

from .conftest import peak_mb

BODIES_BYTES = 1_000_000
SIZES = st.lists(st.lists(st.integers(0, 120), min_size=1, max_size=3), max_size=8)


@given(most=st.integers(0, 100), bodies=SIZES)
def test_together_they_never_take_more_unless_one_is_alone(most: int, bodies: list[list[int]]) -> None:
    """Whatever each grows to; and all is given back."""
    refusals: list[None] = []
    budget = BodyBudget(most, lambda: refusals.append(None))
    with ExitStack() as arriving:
        taken = []
        for sizes in bodies:
            share = arriving.enter_context(budget.share())
            taken.append(share)
            for size in sizes:
                before, told = share.taken_bytes, len(refusals)
                try:
                    share.grow_to(size)
                except Busy:
                    others = budget.taken_bytes - before
                    assert (share.taken_bytes, len(refusals)) == (before, told + 1)
                    assert others > 0
                    assert others + size > most
                else:
                    assert (share.taken_bytes, len(refusals)) == (max(before, size), told)
            assert budget.taken_bytes == sum(each.taken_bytes for each in taken)
            assert budget.taken_bytes <= most or sum(each.taken_bytes > 0 for each in taken) == 1
    assert budget.taken_bytes == 0


@pytest.fixture
def bounded(start: Any) -> Any:
    return start(CRACKMAP_SERVER_BODIES_BYTES=str(BODIES_BYTES))


@pytest.fixture
def arriving(bounded: Any, line: Any) -> Any:
    """A delivery of which a part is there, and most of the budget is taken."""
    other = line(bounded)
    other.say("POST /v1/reports HTTP/1.1", f"Content-Length: {BODIES_BYTES - 1000}", body=b"[")
    wait_for(bounded, BODIES_BYTES - 1000)
    return other


def figure(process: Any, name: str) -> float:
    lines = process.client.get("/metrics").text.splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith(f"{name} ")))


def refused(process: Any) -> float:
    return figure(process, "crackmap_bodies_refused_total")


def wait_for(process: Any, taken_bytes: int) -> None:
    """The server reads what several clients send in any order."""
    tries = (figure(process, "crackmap_bodies_bytes") for _ in range(1000))
    assert any(taken == taken_bytes for taken in tries)


def parts(size_bytes: int) -> Iterator[bytes]:
    """Sent chunked: its length is not announced."""
    for _ in range(size_bytes // 1000):
        yield b" " * 1000


def test_a_delivery_that_does_not_fit_beside_another_is_refused_and_fits_after_it(
    bounded: Any, arriving: Any, wall: Any
) -> None:
    content = wall.batch(wall.report(1)).model_dump_json().encode().ljust(5000)
    before = refused(bounded)
    answer = bounded.client.post("/v1/reports", content=content)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, str(RETRY_AFTER_S[Busy]))
    assert answer.headers["content-type"] == "application/problem+json"
    assert refused(bounded) == before + 1
    arriving.socket.close()
    wait_for(bounded, 0)
    stored = bounded.client.post("/v1/reports", content=content)
    assert [each["status"] for each in stored.json()["answers"]] == ["stored"]


@pytest.mark.usefixtures("arriving")
def test_so_is_one_that_does_not_say_how_long_it_is(bounded: Any) -> None:
    answer = bounded.client.post("/v1/reports", content=parts(50_000))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, str(RETRY_AFTER_S[Busy]))


@pytest.mark.usefixtures("arriving")
def test_so_is_one_that_is_longer_than_it_looks(bounded: Any, wall: Any) -> None:
    """It counts as it is unpacked."""
    batch = wall.batch(wall.report(1))
    packed = gzip.compress(batch.model_dump_json().encode().ljust(500_000))
    assert len(packed) < 20_000
    before = refused(bounded)
    answer = bounded.client.post("/v1/reports", content=packed, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 503
    assert refused(bounded) == before + 1


@pytest.mark.usefixtures("arriving")
def test_small_bodies_pictures_and_questions_pass(bounded: Any, wall: Any) -> None:
    """Pictures go to the disk as they come, and a question has no body."""
    content = wall.picture(1, 500, 400)
    assert len(content) > 5000
    assert bounded.client.put(f"/v1/evidence/{wall.sha256(content)}", content=content).status_code == 201
    assert bounded.client.get("/v1/frames").status_code == 200
    nothing = ReportBatch(reports=()).model_dump_json()
    assert bounded.client.post("/v1/reports", content=nothing).status_code == 200


def test_one_that_is_alone_is_taken_whatever_it_takes(bounded: Any, wall: Any) -> None:
    content = wall.batch(wall.report(1)).model_dump_json().encode().ljust(3 * BODIES_BYTES)
    assert bounded.client.post("/v1/reports", content=content).status_code == 200


def test_many_large_deliveries_at_once_take_no_more_memory_than_is_allowed(start: Any, line: Any) -> None:
    """Twenty of sixteen megabytes: together they would be 320."""
    process = start(CRACKMAP_SERVER_BODIES_BYTES=str(2 * RESULTS_BYTES))
    before_mb, content = peak_mb(process), b"[" + b" " * (RESULTS_BYTES - 1)
    head = "POST /v1/label-studio/results HTTP/1.1", f"Content-Length: {RESULTS_BYTES}"
    taken = [line(process), line(process)]
    for each in taken:
        each.say(*head)
    wait_for(process, 2 * RESULTS_BYTES)
    for _ in range(18):
        other = line(process)
        other.say(*head, body=content[:1000])
        assert other.status() == 503
    for each in taken:
        each.socket.sendall(content)
    assert [each.status() for each in taken] == [422, 422]
    assert peak_mb(process) < before_mb + 150
