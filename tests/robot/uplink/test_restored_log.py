"""A server that was restored from a backup gets again what it lost."""

import pytest

from crackmap_robot.outbox import Outbox
from crackmap_robot.uplink import LOOK_EVERY_S, Sent, Uplink

from .script import Answer, Script, drained, said, states, wanting_all


def of_log(name: str, answer: Answer) -> Answer:
    return answer[0], {"Crackmap-Log": name}, answer[2]


def test_a_server_that_was_restored_gets_everything_again(outbox: Outbox, server: Script) -> None:
    server.reports = lambda batch: of_log("one", wanting_all(batch))
    drained(outbox, server.address)
    assert states(outbox, server.address) == (0, 6, 0, 0, 6, 0)
    server.batches.clear()
    server.received.clear()
    server.log = (200, {"Crackmap-Log": "two"}, b"{}")
    server.reports = lambda batch: of_log("two", wanting_all(batch))
    drained(outbox, server.address)
    assert sum(len(batch.reports) for batch in server.batches) == 6
    assert len(server.received) == 6
    assert states(outbox, server.address) == (0, 6, 0, 0, 6, 0)


def test_it_shows_also_in_the_answer_to_new_reports(outbox: Outbox, server: Script) -> None:
    names = iter(["one", "two", "two", "two"])
    server.reports = lambda batch: of_log(next(names), said(["stored"] * len(batch.reports)))
    with Uplink(outbox, server.address) as uplink:
        uplink._most_reports = 3
        assert uplink.step() == Sent(reports=3)
        assert uplink.step() == Sent(reports=3)  # and the first three wait again
    assert states(outbox, server.address)[:2] == (3, 3)


@pytest.mark.parametrize(
    "answer", [(404, {}, b""), (503, {}, b""), (200, {}, b"{}"), (200, {"Crackmap-Log": "one"}, b"")]
)
def test_a_server_that_says_nothing_new_is_asked_once_a_minute(outbox: Outbox, server: Script, answer: Answer) -> None:
    server.reports = lambda batch: of_log("one", said(["stored"] * len(batch.reports)))
    drained(outbox, server.address)
    server.log, server.looks = answer, 0
    now_s = [0.0]
    with Uplink(outbox, server.address, clock=lambda: now_s[0]) as uplink:
        for now_s[0] in (0.0, 1.0, LOOK_EVERY_S - 1, LOOK_EVERY_S, LOOK_EVERY_S + 1):
            assert uplink.step() is None
    assert server.looks == 2
    assert states(outbox, server.address)[:2] == (0, 6)
