"""Many reports at once are stored as one by one, whatever the database thinks of some of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, event, select

from crackmap.messages import Answer, Report, ReportBatch
from crackmap_server import tables
from crackmap_server.envelope import Delivery
from crackmap_server.store import store_delivery

NOW_UTC = datetime(2026, 5, 1, tzinfo=UTC)
EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NUMBERS = st.integers(0, 4)
KINDS = {
    "placed": lambda wall, number: wall.report(number),
    "no pose": lambda wall, number: wall.report(number, wall.no_pose()),
    "unplaced": lambda wall, number: wall.unplaced(number),
    "another scale": lambda wall, number: wall.unplaced(number, 0.5),
    "newer model": lambda wall, number: wall.report(number, scores=bytes([200] * 12)),
    "moved": lambda wall, number: wall.report(number, wall.placed(number + 3)),
    "crops": lambda wall, number: wall.report(number, keep="crops"),
    "another image": lambda wall, number: wall.report(number, image={"size_bytes": 5}),
}
OTHER_FACTS = {"newer model": {"model_sha256": "d" * 64}, "moved": {"poses_sha256": "e" * 64}}
REPORTS = st.lists(st.tuples(NUMBERS, st.sampled_from(sorted(KINDS))), min_size=1, max_size=12)


def made(wall: Any, number: int, kind: str) -> tuple[Any, Report]:
    """A wall whose headers it needs, and a report of frame `number`."""
    other = wall.but(**OTHER_FACTS.get(kind, {}))
    return other, KINDS[kind](other, number)


@cache
def _engine() -> Engine:
    engine = create_engine("sqlite://", connect_args={"isolation_level": None})
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    tables.metadata.create_all(engine)
    return engine


@contextmanager
def empty(refused: Sequence[int] = ()) -> Iterator[Connection]:
    """Empty tables, which refuse some frames; and empty again after it."""
    with _engine().connect() as connection:
        for number in refused:
            connection.exec_driver_sql(
                f"CREATE TRIGGER refuse_{number} BEFORE INSERT ON frames WHEN NEW.label = '{number:04}.jpg' "
                "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
            )
        try:
            yield connection
        finally:
            connection.rollback()


def deliver(connection: Connection, made: Sequence[tuple[Any, Report]]) -> tuple[Answer, ...]:
    """All of them in one delivery."""
    batches: list[ReportBatch] = [wall.batch(report) for wall, report in made]
    delivery = Delivery(
        tuple({scan.scan_id: scan for batch in batches for scan in batch.scans}.values()),
        tuple({each.analysis_id: each for batch in batches for each in batch.analyses}.values()),
        tuple({each.pose_solution_id: each for batch in batches for each in batch.pose_solutions}.values()),
        tuple(report for batch in batches for report in batch.reports),
    )
    return store_delivery(connection, delivery, 100, NOW_UTC)[0].answers


def stored(connection: Connection) -> dict[str, list[Any]]:
    """All rows."""
    return {
        table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
        for table in tables.metadata.sorted_tables
    }


@EXAMPLES
@given(REPORTS)
def test_together_is_as_one_by_one(wall: Any, what: list[tuple[int, str]]) -> None:
    reports = [made(wall, number, kind) for number, kind in what]
    with empty() as together:
        answers, rows = deliver(together, reports), stored(together)
    with empty() as alone:
        assert answers == tuple(answer for report in reports for answer in deliver(alone, [report]))
        assert rows == stored(alone)


@EXAMPLES
@given(REPORTS, st.sets(NUMBERS, min_size=1, max_size=3))
def test_what_the_database_refuses_does_not_touch_its_neighbours(
    wall: Any, what: list[tuple[int, str]], refused: set[int]
) -> None:
    reports = [made(wall, number, kind) for number, kind in what]
    good = [report for (number, _), report in zip(what, reports, strict=True) if number not in refused]
    with empty(sorted(refused)) as some:
        answers, rows = deliver(some, reports), stored(some)
    for (number, _), answer in zip(what, answers, strict=True):
        assert (answer.status == "invalid") == (number in refused), answer
    kept = tuple(answer for (number, _), answer in zip(what, answers, strict=True) if number not in refused)
    with empty() as all_good:
        assert kept == deliver(all_good, good)
        expected = stored(all_good)
    for headers in ("analyses", "pose_solutions", "scans", "structures", "surfaces", "inspections"):
        del rows[headers], expected[headers]
    assert rows == expected


def test_a_refusal_says_why(wall: Any) -> None:
    with empty([1]) as connection:
        first, second = deliver(connection, [made(wall, 0, "placed"), made(wall, 1, "placed")])
    assert first.status == "stored"
    assert second.status == "invalid"
    assert "not this one" in second.message


def test_a_delivery_takes_as_many_statements_whatever_is_in_it(wall: Any) -> None:
    """Three for headers that are there, two for frames and their numbers, two for pictures, one for the pair, and one
    for each table; but for odd numbers of rows, as the detections are, which go in portions of powers of two.
    """
    deliveries = [[1], [2], list(range(3, 67))]
    with empty() as connection, sent(connection) as statements:
        counts = []
        for numbers in deliveries:
            statements.clear()
            answers = deliver(connection, [made(wall, number, "placed") for number in numbers])
            assert {answer.status for answer in answers} == {"stored"}
            counts.append(len([each for each in statements if not each.startswith(FREE)]))
            assert len([each for each in statements if "detections" in each]) <= 9
        assert counts[1:] == [12, 12], statements
        assert counts[0] <= 30
        statements.clear()
        deliver(connection, [made(wall, number, "placed") for number in deliveries[-1]])
        assert not [each for each in statements if each.startswith(("INSERT", "UPDATE"))]


FREE = ("SAVEPOINT", "RELEASE", 'INSERT INTO "detections"')


@contextmanager
def sent(connection: Connection) -> Iterator[list[str]]:
    """What goes to the database meanwhile."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    yield statements
    event.remove(connection, "before_cursor_execute", note)
