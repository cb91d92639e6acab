"""Where the time of a delivery goes: its stages one after the other, in one thread of this process, without HTTP."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from sqlalchemy import Engine, event

from crackmap.scores import byte_at_least
from crackmap_server import envelope
from crackmap_server.engines import create_engines
from crackmap_server.serving import rarely_collect
from crackmap_server.settings import Settings
from crackmap_server.store import store_delivery
from crackmap_server.upgrade import prepared

STAGES = ("unpack", "parse and check", "compare, make rows", "statements", "commit", "answer")
"""`statements` is what the driver and the database take for them, and nothing of Python around it."""


def stages(settings: Settings, bodies: Sequence[bytes]) -> dict[str, float]:
    """Seconds for the bodies but the first, which only warms up. A new database; each is a transaction."""
    spent_s = dict.fromkeys(STAGES, 0.0)

    @contextmanager
    def timed(stage: str) -> Iterator[None]:
        began_s = perf_counter()
        yield
        spent_s[stage] += perf_counter() - began_s

    floor = byte_at_least(settings.detection_floor)
    rarely_collect()
    with prepared(settings):
        engines = create_engines(settings.database_url, settings.busy_timeout_s)
        driver = _Driver(engines.writer)
        for number, body in enumerate(bodies):
            if number == 1:
                spent_s, driver.spent_s = dict.fromkeys(STAGES, 0.0), 0.0
            with timed("unpack"):
                content = envelope.unpacked(body, "gzip", settings.reports_bytes)
            with timed("parse and check"):
                delivery = envelope.read(content)
            connection = engines.writer.connect()
            with timed("compare, make rows"), connection.begin_nested():
                answer, _ = store_delivery(connection, delivery, floor, datetime.now(UTC))
            with timed("commit"):
                connection.commit()
            with timed("answer"):
                answer.model_dump_json()
            connection.close()
        engines.dispose()
    spent_s["statements"] += driver.spent_s
    spent_s["compare, make rows"] -= driver.spent_s
    return spent_s


class _Driver:
    """Adds up what the engine's statements take."""

    def __init__(self, engine: Engine) -> None:
        self.spent_s = 0.0
        self._began_s = 0.0
        event.listen(engine, "before_cursor_execute", self._before)
        event.listen(engine, "after_cursor_execute", self._after)

    def _before(self, *_: Any) -> None:
        self._began_s = perf_counter()

    def _after(self, *_: Any) -> None:
        self.spent_s += perf_counter() - self._began_s
