"""How fast does the server take reports, beside the bare database?

    python bench/ingest.py            8 robots, batches of 1, 50 and 500, SQLite and PostgreSQL, three rounds
    python bench/ingest.py --quick    a few reports, SQLite only: does it run and is the work equal?

A robot is a thread that delivers over HTTP, as fast as it is answered, to `crackmap server run`, a process of its own.
A report is of a 12-megapixel photograph: 252 scores, some 20 of them over the server's floor, and where its tiles lie.
What is sent was made before. Ceiling: the very rows that the server stored, by raw `executemany` into an empty database
with the same tables, indexes and pragmas, one transaction for each batch, one connection, nothing else on the machine;
the ratio is the median over rounds of the server's reports per second to the ceiling's in the same round. Before any
time counts, every report must be answered as stored, and both databases must hold the same rows after they are closed.
"""

import argparse
import http.client
import statistics
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from served.by_hand import raw, read_rows
from served.robots import TILES, Robot, delivered
from served.servers import postgresql, serving
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

from crackmap_server.settings import Settings

ROBOTS = 8


def through_http(settings: Settings, bodies: Sequence[Sequence[bytes]], processes: int) -> tuple[float, list[float]]:
    """Seconds for all that the robots have, and for each request."""
    with ExitStack() as running:
        ports = [running.enter_context(serving(settings))[1] for _ in range(processes)]

        def robot(number: int) -> list[float]:
            spent_s = []
            with closing(http.client.HTTPConnection("127.0.0.1", ports[number % processes])) as connection:
                for body in bodies[number]:
                    began_s = perf_counter()
                    statuses = delivered(connection, body)
                    spent_s.append(perf_counter() - began_s)
                    assert set(statuses) == {"stored"}, statuses
            return spent_s

        with ThreadPoolExecutor(len(bodies)) as robots:
            began_s = perf_counter()
            requests_s = [one for each in robots.map(robot, range(len(bodies))) for one in each]
            return perf_counter() - began_s, requests_s


@dataclass(frozen=True)
class Round:
    """One round of one size."""

    server_s: float
    raw_s: float
    requests_s: list[float]


def one_round(
    folder: Path, bodies: Sequence[Sequence[bytes]], batch: int, *, reports: int, processes: int, url: URL | None
) -> Round:
    """A round on new databases: the server's, then the same rows by hand."""
    served, by_hand = (new_database(folder, name, url) for name in ("served", "by_hand"))
    server_s, requests_s = through_http(served, bodies, processes)
    stored = read_rows(served, batch)
    raw_s = raw(by_hand, stored)
    assert stored.frames == reports, f"{stored.frames} of {reports} reports"
    assert stored == read_rows(by_hand, batch), "the databases do not hold the same rows"
    return Round(server_s, raw_s, requests_s)


def new_database(folder: Path, name: str, url: URL | None) -> Settings:
    """An empty one: a SQLite file in the folder, or one of PostgreSQL's."""
    if url is None:
        return Settings(database=f"sqlite:///{folder}/{name}.sqlite")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    database = url.set(database=name).render_as_string(hide_password=False)
    return Settings(database=database, evidence=folder / name)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batches", type=int, nargs="*", default=[1, 50, 500], metavar="REPORTS")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    options = parser.parse_args()
    each = {1: 50, 50: 6, 500: 2}
    sizes = [(1, 3), (5, 2)] if options.quick else [(batch, each.get(batch, 4)) for batch in options.batches]
    rounds, robots = (1, 2) if options.quick else (options.rounds, ROBOTS)
    databases = ["sqlite"] if options.quick else [options.only] if options.only else ["sqlite", "postgresql"]
    print(f"{robots} robots, {TILES} tiles in a report, median of {rounds} rounds (lowest–highest)")
    print("| database | reports in a batch | reports/s | tiles/s | p50, ms | p99, ms | by hand, reports/s | ratio |")
    print("|---|---|---|---|---|---|---|---|")
    with ExitStack() as opened:
        url = opened.enter_context(postgresql()) if "postgresql" in databases else None
        for batch, count in sizes:
            bodies = []
            for number in range(robots):
                robot = Robot(number)
                bodies.append(
                    [robot.body([robot.report(start * batch + n) for n in range(batch)]) for start in range(count)]
                )
            reports = robots * count * batch
            for name in databases:
                for processes in (1,) if name == "sqlite" else (1, 2):
                    found = []
                    for _ in range(rounds):
                        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
                            where = None if name == "sqlite" else url
                            found.append(
                                one_round(Path(folder), bodies, batch, reports=reports, processes=processes, url=where)
                            )
                    told = "SQLite" if name == "sqlite" else f"PostgreSQL, {processes} server{'s' * (processes > 1)}"
                    print(line(told, batch, reports, found), flush=True)


def line(database: str, batch: int, reports: int, rounds: Sequence[Round]) -> str:
    """A row of the table."""
    ratios = sorted(each.raw_s / each.server_s for each in rounds)
    rate = reports / statistics.median(each.server_s for each in rounds)
    p50_ms, p99_ms = np.percentile([1000 * one for each in rounds for one in each.requests_s], [50, 99])
    ceiling = reports / statistics.median(each.raw_s for each in rounds)
    return (
        f"| {database} | {batch} | {rate:.0f} | {rate * TILES:.0f} | {p50_ms:.1f} | {p99_ms:.1f} | "
        f"{ceiling:.0f} | {statistics.median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f}) |"
    )


if __name__ == "__main__":
    main()
