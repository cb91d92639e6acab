"""Pages of several scans: SQLite walks along an index and sorts nothing, so a page far on costs what the first does."""

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Select, create_engine, event, tuple_

from crackmap_server import tables
from crackmap_server.frames import first_seq, select_frames
from crackmap_server.hits import Wanted, hits_from_rows
from crackmap_server.pairs import read_pairs

WALK_OF_REPORTS = "SEARCH reports USING COVERING INDEX sqlite_autoindex_reports_1 (frame_seq>?)"
WALK_OF_FRAMES = "SEARCH frames USING INTEGER PRIMARY KEY (rowid>?)"


@pytest.fixture
def engine(server: Any, wall: Any) -> Any:
    """Of a log of three scans."""
    for name in ("north face", "south face", "pier"):
        face = wall.but(name=name)
        server.deliver(face.batch(*(face.report(n) for n in range(4))))
    engine = create_engine(server.settings.database_url)
    yield engine
    engine.dispose()


def explained(engine: Engine) -> list[str]:
    """The steps that SQLite plans for every statement with a join that `engine` executes from now on."""
    steps: list[str] = []

    def explain(connection: Connection, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if " JOIN " in statement:
            plan = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps.extend(row[3] for row in plan)

    event.listen(engine, "before_cursor_execute", explain)
    return steps


@pytest.mark.parametrize("after", [None, (3, 2)])
def test_detections(engine: Engine, after: Any) -> None:
    with engine.connect() as connection:
        pairs = read_pairs(connection)
        steps = explained(engine)
        assert len(list(hits_from_rows(connection, Wanted(pairs, after=after), 5))) == 5
    assert steps[0] == WALK_OF_REPORTS
    assert steps[-1] == "SEARCH detections USING PRIMARY KEY (pair_seq=? AND frame_seq=?)"
    assert not any("TEMP B-TREE" in step for step in steps)


@pytest.mark.parametrize("after", [None, 3])
def test_frames(engine: Engine, after: int | None) -> None:
    seq = tables.frames.c.seq
    with engine.connect() as connection:
        pairs = read_pairs(connection)
        steps = explained(engine)
        statement: Select[Any] = select_frames(pairs, in_order=True).order_by(seq).limit(5)
        statement = statement.where(seq >= first_seq(pairs) if after is None else tuple_(seq) > tuple_(after))
        assert len(connection.execute(statement).all()) == 5
    assert steps[0] == WALK_OF_FRAMES
    assert not any("TEMP B-TREE" in step for step in steps)


def test_it_would_be_noticed(engine: Engine) -> None:
    with engine.connect() as connection:
        pairs = read_pairs(connection)
        steps = explained(engine)
        connection.execute(select_frames(pairs).order_by(tables.frames.c.seq).limit(5)).all()
    assert any("TEMP B-TREE" in step for step in steps)
