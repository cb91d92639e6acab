"""The thread that sends what comes while a scan goes on."""

import threading

from crackmap_robot.access import checked_address
from crackmap_robot.outbox import Outbox
from crackmap_robot.upload import BackgroundUpload

from .script import Answer, Script, drained, states, wanting_all


def test_the_background_sends_what_comes_and_ends_at_once(outbox: Outbox, server: Script) -> None:
    server.reports = wanting_all
    arrived = threading.Semaphore(0)

    def count(_sha256: str, _content: bytes) -> Answer:
        arrived.release()
        return 201, {}, b""

    server.pictures = count
    with BackgroundUpload(outbox.path, checked_address(server.address)) as background:
        for _ in range(6):
            assert arrived.acquire(timeout=10)
        outbox.offer_again(stored=True)
        background.wake()
        for _ in range(6):
            assert arrived.acquire(timeout=10)
    assert drained(outbox, server.address) == []


def test_the_background_survives_a_server_that_is_away(outbox: Outbox) -> None:
    with BackgroundUpload(outbox.path, "http://127.0.0.1:9/") as background:
        background.wake()
    assert states(outbox, "http://127.0.0.1:9")[:3] == (6, 0, 0)
