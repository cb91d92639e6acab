"""The writer: one thread, one commit for many, and an answer only after it."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import wait
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from crackmap_server.engines import create_engines
from crackmap_server.errors import Busy, DatabaseFailed, DiskFull, NotFound
from crackmap_server.writer import Writer

WAIT_S = 30


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engines = create_engines(make_url(f"sqlite:///{tmp_path}/log.sqlite"), 1)
    with engines.writer.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE things (name TEXT PRIMARY KEY)")
    yield engines.writer
    engines.dispose()


def adding(name: str) -> Any:
    def work(connection: Connection) -> str:
        connection.execute(text("INSERT INTO things VALUES (:name)"), {"name": name})
        return name

    return work


def names(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT name FROM things ORDER BY name")).scalars())


class Gate:
    """A job that keeps the writer busy until it is opened."""

    def __init__(self) -> None:
        self.reached, self.open = threading.Event(), threading.Event()

    def __call__(self, _connection: Connection) -> None:
        self.reached.set()
        assert self.open.wait(WAIT_S)


def held(writer: Writer) -> Gate:
    gate = Gate()
    writer.submit(gate)
    assert gate.reached.wait(WAIT_S)
    return gate


def test_what_is_submitted_is_stored_and_answered(engine: Engine) -> None:
    with Writer(engine) as writer:
        assert writer.submit(adding("a")).result(WAIT_S) == "a"
        assert names_seen_by_another(engine) == ["a"]


def names_seen_by_another(engine: Engine) -> list[str]:
    connection = sqlite3.connect(str(engine.url.database))
    try:
        return [row[0] for row in connection.execute("SELECT name FROM things ORDER BY name")]
    finally:
        connection.close()


def test_what_waits_is_committed_together(engine: Engine) -> None:
    commits: list[int] = []
    event.listen(engine, "commit", lambda connection: commits.append(1))
    with Writer(engine, group_requests=100) as writer:
        gate = held(writer)
        futures = [writer.submit(adding(str(n))) for n in range(50)]
        gate.open.set()
        assert [future.result(WAIT_S) for future in futures] == [str(n) for n in range(50)]
    assert len(commits) == 2
    assert len(names(engine)) == 50


def test_no_future_is_done_before_the_commit(engine: Engine) -> None:
    seen: list[bool] = []
    with Writer(engine) as writer:
        gate = held(writer)
        future = writer.submit(adding("a"))
        event.listen(engine, "commit", lambda connection: seen.append(future.done()))
        gate.open.set()
        future.result(WAIT_S)
    assert seen
    assert not any(seen)


@pytest.mark.parametrize("error", [ValueError("a fault"), NotFound("refused")])
def test_a_job_that_fails_is_undone_and_touches_no_neighbour(
    engine: Engine, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def half(connection: Connection) -> None:
        adding("half")(connection)
        raise error

    with Writer(engine) as writer:
        gate = held(writer)
        before, failing, after = writer.submit(adding("a")), writer.submit(half), writer.submit(adding("b"))
        gate.open.set()
        assert failing.exception(WAIT_S) is error
        assert (before.result(WAIT_S), after.result(WAIT_S)) == ("a", "b")
    assert names(engine) == ["a", "b"]


@pytest.mark.parametrize(("code", "named"), [(sqlite3.SQLITE_FULL, DiskFull), (sqlite3.SQLITE_IOERR, DatabaseFailed)])
def test_a_commit_that_fails_fails_all_of_its_group_and_the_next_one_works(
    engine: Engine, code: int, named: type[Exception]
) -> None:
    failure = sqlite3.OperationalError("as the disk says it")
    failure.sqlite_errorcode = code
    failing = [True]

    def fail(_connection: Connection) -> None:
        if failing and failing.pop():
            raise OperationalError("COMMIT", {}, failure)

    with Writer(engine) as writer:
        gate = held(writer)
        group = [writer.submit(adding(str(n))) for n in range(5)]
        event.listen(engine, "commit", fail)
        gate.open.set()
        failing.append(True)
        wait(group, WAIT_S)
        assert names(engine) == []
        assert {type(future.exception()) for future in group} == {named}
        assert writer.submit(adding("later")).result(WAIT_S) == "later"
    assert names(engine) == ["later"]


def test_a_full_queue_says_so_at_once(engine: Engine) -> None:
    with Writer(engine, queue_requests=2) as writer:
        gate = held(writer)
        futures = [writer.submit(adding("a")), writer.submit(adding("b"))]
        with pytest.raises(Busy):
            writer.submit(adding("c"))
        gate.open.set()
        wait(futures, WAIT_S)
        assert writer.submit(adding("d")).result(WAIT_S) == "d"
    assert names(engine) == ["a", "b", "d"]


def test_the_end_waits_for_what_was_accepted(engine: Engine) -> None:
    with Writer(engine, group_requests=3) as writer:
        gate = held(writer)
        futures = [writer.submit(adding(str(n))) for n in range(20)]
        threading.Timer(0.05, gate.open.set).start()
    assert all(future.done() for future in futures)
    assert len(names(engine)) == 20


def test_who_stops_waiting_stops_only_his_own_job(engine: Engine) -> None:
    with Writer(engine) as writer:
        gate = Gate()
        running = writer.submit(gate)
        assert gate.reached.wait(WAIT_S)
        waiting = writer.submit(adding("called off"))
        assert not running.cancel()
        assert waiting.cancel()
        gate.open.set()
        assert writer.submit(adding("next")).result(WAIT_S) == "next"
    assert names(engine) == ["next"]


def test_a_writer_that_is_not_running_refuses_at_once(engine: Engine) -> None:
    writer = Writer(engine)
    with pytest.raises(Busy):
        writer.submit(adding("early"))
    with writer:
        pass
    with pytest.raises(Busy):
        writer.submit(adding("late"))
    assert names(engine) == []


def test_many_threads(engine: Engine) -> None:
    with Writer(engine, queue_requests=1000) as writer:
        threads = [
            threading.Thread(target=lambda base=base: [writer.submit(adding(f"{base}-{n}")) for n in range(20)])
            for base in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(names(engine)) == 160
