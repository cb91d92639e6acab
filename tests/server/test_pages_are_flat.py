"""What SQLite plans: pages of several scans walk along an index and sort nothing, so one far on costs what
the first does. What lies in a box, and what people said of a place, is found by cells of the surface."""

from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection, Engine, Select, create_engine, event, tuple_

from crackmap_server import tables
from crackmap_server.chart import Box
from crackmap_server.frames import first_seq, select_frames
from crackmap_server.hits import Wanted, hits_from_rows
from crackmap_server.pairs import read_pairs
from crackmap_server.reviews import read_reviewed
from crackmap_server.sites import sites_of

WALK_OF_REPORTS = "SEARCH reports USING COVERING INDEX sqlite_autoindex_reports_1 (frame_seq>?)"
BY_CELLS = "SEARCH detections USING COVERING INDEX ix_detections_place (pair_seq=? AND cell=? AND u_m>? AND u_m<?)"
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


def explained(engine: Engine, about: str = " JOIN ") -> list[str]:
    """The steps that SQLite plans for every statement with that in it that `engine` executes from now on."""
    steps: list[str] = []

    def explain(connection: Connection, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if about in statement:
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


def test_a_box(engine: Engine) -> None:
    """All is read from one index, cell by cell, whether one scan is asked for or all."""
    with engine.connect() as connection:
        pairs = read_pairs(connection)
        steps = explained(engine, "BETWEEN")
        for some in (pairs, dict(list(pairs.items())[:1])):
            assert list(hits_from_rows(connection, Wanted(some, box=Box(0, 0, 1, 1)), 5))
            assert steps.pop(0) == BY_CELLS
            assert steps.pop(0) == "USE TEMP B-TREE FOR ORDER BY"


def test_reviews_of_a_place(engine: Engine, wall: Any) -> None:
    with engine.connect() as connection:
        (site, *_) = sites_of(connection, [wall.scan.scan_id]).values()
        steps = explained(engine, "FROM reviews")
        read_reviewed(connection, site, {wall.report(1).frame.frame_id}, np.zeros((1, 4, 2)))
    assert steps[0] == "SEARCH reviews USING COVERING INDEX ix_reviews_surface_id_reach_m (surface_id=?)"
    assert "SEARCH reviews USING COVERING INDEX ix_reviews_frame_id (frame_id=?)" in steps
    assert "SEARCH reviews USING COVERING INDEX ix_reviews_surface_id_cell (surface_id=? AND cell=?)" in steps
    assert "SEARCH reviews USING INTEGER PRIMARY KEY (rowid=?)" in steps


def test_it_would_be_noticed(engine: Engine) -> None:
    with engine.connect() as connection:
        pairs = read_pairs(connection)
        steps = explained(engine)
        connection.execute(select_frames(pairs).order_by(tables.frames.c.seq).limit(5)).all()
    assert any("TEMP B-TREE" in step for step in steps)
