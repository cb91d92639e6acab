"""How fast does the server answer when the log is large?

    python bench/query.py                        1,000,000 detections of 10 scans in SQLite
    python bench/query.py --rows 10000000 --keep /srv/bench    built once, about 8 GB; the next run takes it from there
    python bench/query.py --on postgresql
    python bench/query.py --quick                some thousands: does it run, and are the answers right?

Reports that a server took are copied along the walls inside the database (see served/large_log.py). Eight walls are as
usual, some 20 detections in a photograph; one is dense with 120, one sparse with 1 or 2. The first has reviews and
masks.
Each question is asked over HTTP, one after the other, of `crackmap server run`; "inside" is what the server's own log
says it took, from the request to the last byte of the answer, without the client and the network. "by hand" is the bare
driver, which only reads those rows. Before any time counts, the answers are compared with the rows.
"""

import argparse
import json
import math
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from time import perf_counter
from urllib.parse import urlencode
from uuid import UUID

import numpy as np
from alembic.script import ScriptDirectory
from served.kept_logs import log_of
from served.large_log import Walls, copy_up, deliver
from served.questions import FLOOR, Asked, Question, Wall, cursor_of, in_box, page, times
from served.reviewers import say_something
from served.robots import Robot
from served.servers import serving
from sqlalchemy import Connection, create_engine, text

from crackmap.scores import byte_at_least
from crackmap_server.chart import Box
from crackmap_server.pairs import read_pairs
from crackmap_server.settings import Settings
from crackmap_server.upgrade import MIGRATIONS

USUAL, REVIEWS = 8, 1000
PER_PHOTOGRAPHS = 285
"""Detections, in about, of one photograph of each wall."""


def robots(across: int) -> list[Robot]:
    """One for each wall: eight as usual, a dense and a sparse one."""
    usual = [Robot(number, across=across) for number in range(USUAL)]
    return [*usual, Robot(USUAL, across=across, logit=-3.0), Robot(USUAL + 1, across=across, logit=-7.5)]


ROBOTS = robots(1)  # their ids do not depend on it


def build(settings: Settings, walls: Walls) -> None:
    deliver(settings, robots(walls.across), walls.frames)
    copy_up(settings, walls)
    say_something(settings, ROBOTS[0], REVIEWS)


def questions(connection: Connection, walls: Walls, port: int) -> Iterator[tuple[str, Question, float]]:
    """By name; `share` is the part of all questions that are asked of those that take long."""
    every = [Wall(each.surface_id, walls.across, walls.high_m * walls.copies) for each in ROBOTS]
    usual, dense, sparse = every[1:USUAL], every[USUAL : USUAL + 1], every[USUAL + 1 :]
    told, one = ({"threshold": f"{FLOOR}", "surface_id": wall.surface_id} for wall in every[:2])
    detections, ogc = "/v1/detections", f"/ogc/collections/detections-{usual[0].surface_id}/items"
    own_frame = f"http://127.0.0.1:{port}/ogc/crs/{usual[0].surface_id}"
    yield "a box of 2 m", in_box(usual, 2, threshold=FLOOR), 1
    yield "a box of 2 m, dense", in_box(dense, 2, threshold=FLOOR), 1
    yield "a box of 2 m, sparse", in_box(sparse, 2, threshold=FLOOR), 1
    yield "a box of 2 m, of a wall with reviews", in_box(every[:1], 2, threshold=FLOOR), 1
    yield "a box of 2 m, by each model's threshold", in_box(usual, 2), 1
    yield "a box of 2 m, under the floor", in_box(usual, 2, threshold=FLOOR / 2), 0.01
    yield "a box of 10 m", in_box(usual, 10, threshold=FLOOR), 0.3
    for number in (1, 100, 1000, 10_000):
        for where, only in (("", {"threshold": f"{FLOOR}"}), (" of a wall", one)):
            cursor = cursor_of(connection, number, only.get("surface_id"))
            if number == 1 or cursor is not None:
                yield f"page {number:,} of 100{where}", page(detections, cursor=cursor, **only), 0.3
    yield "a page over 0.9", page(detections, threshold=0.9), 0.1
    yield "a page of an hour", page(detections, threshold=FLOOR, **times(walls.frames * walls.copies)), 0.1
    yield "a page of a model", page(detections, threshold=FLOOR, model="bench"), 0.3
    yield "a page that was rejected", page(detections, review="rejected", **told), 0.01
    yield "a page in masks", page(detections, masked="true", **told), 0.01
    yield "OGC, a page", page(ogc, threshold=FLOOR), 0.1
    yield "OGC, a box of 2 m", in_box(usual[:1], 2, ogc, threshold=FLOOR, **{"bbox-crs": own_frame}), 0.1
    yield "photographs, a page", page("/v1/frames"), 0.3
    yield "surfaces", page("/v1/surfaces"), 0.3
    yield "coverage of a wall", page(f"/v1/surfaces/{usual[0].surface_id}/coverage"), 0.01
    yield "NDJSON of a wall", page("/v1/detections.ndjson", **one), 0.01
    yield "GeoJSON of a wall", page(f"/v1/surfaces/{usual[0].surface_id}/detections.geojson", threshold=FLOOR), 0.01


def by_hand_ms(connection: Connection, walls: Walls, count: int) -> float:
    """Median for the rows of boxes of 2 m, by the bare driver."""
    wall = Wall(ROBOTS[1].surface_id, walls.across, walls.high_m * walls.copies)
    (pair,) = read_pairs(connection, UUID(wall.surface_id))
    random, spent_ms = Random(0), []
    for _ in range(count):
        statement = rows_of(Box(*wall.box(2, random)), pair, "frame_seq, tile, score, u_m, v_m")
        began_s = perf_counter()
        connection.execute(text(statement + " ORDER BY frame_seq + 0, tile + 0")).all()
        spent_ms.append(1000 * (perf_counter() - began_s))
    return statistics.median(spent_ms)


def rows_of(box: Box, pair: int, columns: str) -> str:
    """A statement for the rows of one pair."""
    return (
        f"SELECT {columns} FROM detections WHERE score >= {byte_at_least(FLOOR)} AND pair_seq = {pair} "
        f"AND cell IN ({', '.join(map(str, box.cells() or ()))}) "
        f"AND u_m BETWEEN {box.low_u_m} AND {box.high_u_m} AND v_m BETWEEN {box.low_v_m} AND {box.high_v_m}"
    )


def check(asked: Asked, connection: Connection) -> None:
    """A box and a walk through some pages, by the rows themselves."""
    surface, box = ROBOTS[1].surface_id, Box(-0.4, 1.0, 3.6, 3.0)
    (pair,) = read_pairs(connection, UUID(surface))
    (counted,) = connection.execute(text(rows_of(box, pair, "count(*)"))).one()
    query = {"surface_id": surface, "bbox": "-0.4,1,3.6,3", "threshold": FLOOR, "limit": 1000}
    assert len(asked.items("/v1/detections?" + urlencode(query))) == counted > 0, "the box holds others"
    expected = connection.execute(
        text(
            "SELECT frame_id, tile FROM detections JOIN frames ON frames.seq = frame_seq "
            f"WHERE score >= {byte_at_least(FLOOR)} ORDER BY frame_seq, tile LIMIT 300"
        )
    ).all()
    found: list[tuple[UUID, int]] = []
    cursor: dict[str, str] = {}
    for _ in range(3):
        page = json.loads(asked.get("/v1/detections?" + urlencode({"limit": 100, "threshold": FLOOR, **cursor})))
        found += [(UUID(item["frame_id"]), item["tile"]) for item in page["items"]]
        cursor = {"cursor": page["next"]}
    assert found == [(UUID(str(frame_id)), tile) for frame_id, tile in expected], "the pages hold others"


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rows", type=int, default=1_000_000, help="detections, about")
    parser.add_argument("--count", type=int, default=300, help="questions of each kind; fewer of those that take long")
    parser.add_argument("--on", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the log stays for the next run")
    options = parser.parse_args()
    walls = Walls(frames=8, copies=2, across=1) if options.quick else Walls(frames=400, across=50)
    if not options.quick:
        walls = replace(walls, copies=math.ceil(options.rows / (walls.frames * PER_PHOTOGRAPHS)))
    count, rows = (3, walls.frames * walls.copies * PER_PHOTOGRAPHS) if options.quick else (options.count, options.rows)
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    name = f"{walls.frames}x{walls.copies}x{walls.across}-{head}"
    with (
        log_of(options.on, rows, name, options.keep, lambda settings: build(settings, walls)) as settings,
        tempfile.TemporaryDirectory() as folder,
        closing_engine(settings) as connection,
        serving(settings, log=Path(folder) / "log.jsonl") as (_, port),
    ):
        asked = Asked(port, Path(folder) / "log.jsonl")
        check(asked, connection)
        (detections,) = connection.execute(text("SELECT count(*) FROM detections")).one()
        print(f"{options.on}: {detections} detections of {len(ROBOTS)} walls, {count} questions of most kinds")
        bare_ms = by_hand_ms(connection, walls, count)
        print(f"the rows of a box of 2 m by hand: {bare_ms:.2f} ms")
        print("| asked for | how often | inside, median ms | p99 ms | times by hand | items/s |")
        print("|---|---|---|---|---|---|")
        for asked_for, question, share in questions(connection, walls, port):
            times_ms, content = asked.times_ms(question, max(3, round(count * share)))
            print(row(asked_for, times_ms, content, bare_ms), flush=True)


@contextmanager
def closing_engine(settings: Settings) -> Iterator[Connection]:
    engine = create_engine(settings.database_url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def row(name: str, times_ms: Sequence[float], content: bytes, bare_ms: float) -> str:
    """A row of the table. The ratio is told of boxes of 2 m, items/s of long answers."""
    median_ms = statistics.median(times_ms)
    items = content.count(b'"tile":')
    ratio = f"{median_ms / bare_ms:.1f}" if name == "a box of 2 m" else ""
    rate = f"{1000 * items / median_ms:,.0f}" if items > 1000 else ""
    p99_ms = f"{np.percentile(times_ms, 99):.1f}" if len(times_ms) >= 100 else f"{max(times_ms):.1f} of {len(times_ms)}"
    return f"| {name} | {len(times_ms)} | {median_ms:.1f} | {p99_ms} | {ratio} | {rate} |"


if __name__ == "__main__":
    main()
