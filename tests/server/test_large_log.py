"""The benches' large logs: what is copied inside the database is what more deliveries would have left there."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Connection, create_engine, select

from crackmap_server import tables
from crackmap_server.chart import cells, unpacked_m

from .databases import BOTH

BENCH = Path(__file__).parent.parent.parent / "bench"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What the benches share, by the name of its module."""
    monkeypatch.syspath_prepend(BENCH)
    yield lambda name: importlib.import_module(f"served.{name}")
    for name in [name for name in sys.modules if name.partition(".")[0] == "served"]:
        del sys.modules[name]


def deliver(server: Any, robot: Any, reports: list[Any]) -> None:
    answer = server.client.post("/v1/reports", content=robot.body(reports), headers={"Content-Encoding": "gzip"})
    assert {each["status"] for each in answer.json()["answers"]} == {"stored"}


@BOTH
@pytest.mark.parametrize(("across", "copies"), [(1, 3), (2, 2)])
def test_copies_are_what_deliveries_leave(server: Any, served: Any, across: int, copies: int) -> None:
    """One robot's photographs are copied; another delivers as many, with the same scores in every copy."""
    large_log, robots = served("large_log"), served("robots")
    walls = large_log.Walls(frames=8 * across, copies=copies, across=across)
    copied, told = robots.Robot(0, across=across), robots.Robot(1, across=across)
    first = [copied.report(number) for number in range(walls.frames)]
    deliver(server, copied, first)
    large_log.copy_up(server.settings, walls)
    every = [
        told.report(number).model_copy(update={"score_map": first[number % walls.frames].score_map})
        for number in range(walls.frames * copies)
    ]
    deliver(server, told, every)  # after the copies: the numbers that they took are not drawn again
    engine = create_engine(server.settings.database_url)
    with engine.connect() as connection:
        ours, theirs = (facts(connection, robot.scan_id) for robot in (copied, told))
        ids = connection.execute(select(tables.frames.c.frame_id)).scalars().all()
    engine.dispose()
    assert len(set(ids)) == len(ids) == 2 * len(every)
    assert [len(each) for each in ours] == [len(every)] * 4 + [len(ours[4])]
    assert len(ours[4]) > 10 * len(every)
    for one, other in zip(ours, theirs, strict=True):
        assert [exact for exact, _ in one] == [exact for exact, _ in other]
        for (_, measured), (_, expected) in zip(one, other, strict=True):
            assert measured == pytest.approx(expected, abs=1e-6)


def facts(connection: Connection, scan_id: str) -> list[list[tuple[Any, Any]]]:
    """What is stored of a scan's frames, without ids: table by table, what must be equal, and what is in metres."""
    frames, maps, placements, reports, detections = (rows(connection, table, scan_id) for table in PER_FRAME)
    numbers = {row.seq: number for number, row in enumerate(frames)}
    return [
        [((row.width_px, row.size_bytes, row.time_source, row.captured_utc), [0.0]) for row in frames],
        [((numbers[row.frame_seq], row.scores, row.highest_score, row.unscored), [0.0]) for row in maps],
        [
            (
                (numbers[row.frame_seq], row.kind, row.mm_per_px, {**row.pose, "position_m": None}),
                np.concatenate([np.ravel(row.footprint_m), row.pose["position_m"], bounds(row)]),
            )
            for row in placements
        ],
        [((numbers[row.frame_seq], row.covariances), places(row)) for row in reports],
        [
            (
                (numbers[row.frame_seq], row.tile, row.score, row.cell == cells(np.array([[row.u_m, row.v_m]]))[0]),
                [row.u_m, row.v_m],
            )
            for row in detections
        ],
    ]


PER_FRAME = (tables.frames, tables.score_maps, tables.placements, tables.reports, tables.detections)


def rows(connection: Connection, table: Any, scan_id: str) -> list[Any]:
    of_scan = select(tables.frames.c.seq).where(tables.frames.c.scan_id == UUID(scan_id))
    seq = table.c.seq if table is tables.frames else table.c.frame_seq
    order = (seq, table.c.tile) if table is tables.detections else (seq,)
    return list(connection.execute(select(table).where(seq.in_(of_scan)).order_by(*order)))


def bounds(row: Any) -> list[float]:
    return [row.low_u_m, row.low_v_m, row.high_u_m, row.high_v_m]


def places(row: Any) -> Any:
    origin_m = (row.origin_u_m, row.origin_v_m)
    return np.concatenate([unpacked_m(row.centres, origin_m), unpacked_m(row.corners, origin_m)]).ravel()
