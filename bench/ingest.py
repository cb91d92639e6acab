"""How fast does the server take reports, beside the bare database?

    python bench/ingest.py            8 robots, batches of 1, 50 and 500, SQLite and PostgreSQL, two rounds
    python bench/ingest.py --quick    a few reports, SQLite only: does it run and is the work equal?

A robot is a thread that delivers over HTTP, as fast as it is answered, to `crackmap server run`, a process of its own.
A report is of a 12-megapixel photograph: 252 scores, some 20 of them over the server's floor, and where its tiles lie.
What is sent was made before. Ceiling: the very rows that the server stored, by raw `executemany` into an empty database
with the same tables, indexes and pragmas, one transaction for each batch, one connection, nothing else on the machine;
the ratio is the median over rounds of the server's reports per second to the ceiling's in the same round. Before any
time counts, every report must be answered as stored, and both databases must hold the same rows after they are closed.

All robots wait at once, so an answer takes as long as the batches of eight robots: `8 batches by hand` is what these
take the bare database with no server. A second table says where a delivery's time goes, in one thread, without HTTP.
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
from served.stages import STAGES, stages
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

from crackmap_server.settings import Settings

ROBOTS = 8
NAMES = {
    ("sqlite", 1): "SQLite",
    ("postgresql", 1): "PostgreSQL, 1 server",
    ("postgresql", 2): "PostgreSQL, 2 servers",
}


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


def one_round(folder: Path, bodies: Sequence[Sequence[bytes]], batch: int, *, processes: int, url: URL | None) -> Round:
    """A round on new databases: the server's, then the same rows by hand."""
    served, by_hand = (new_database(folder, name, url) for name in ("served", "by_hand"))
    server_s, requests_s = through_http(served, bodies, processes)
    stored = read_rows(served, batch)
    raw_s = raw(by_hand, stored)
    sent = batch * sum(map(len, bodies))
    assert stored.frames == sent, f"{stored.frames} of {sent} reports"
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
    """Measure and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--batches", type=int, nargs="*", default=[1, 50, 500], metavar="REPORTS")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    options = parser.parse_args()
    each = {1: 50, 50: 6, 500: 2}
    sizes = [(1, 3), (5, 2)] if options.quick else [(batch, each.get(batch, 4)) for batch in options.batches]
    rounds, robots = (1, 2) if options.quick else (options.rounds, ROBOTS)
    kinds = ["sqlite"] if options.quick else [options.only] if options.only else ["sqlite", "postgresql"]
    print(f"{robots} robots, {TILES} tiles in a report, median of {rounds} rounds (lowest–highest)")
    print(
        "| database | reports in a batch | reports/s | tiles/s | p50, ms | p99, ms "
        f"| by hand, reports/s | {robots} batches by hand, ms | ratio |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    spent: list[str] = []
    with ExitStack() as opened:
        urls = {"sqlite": None, "postgresql": opened.enter_context(postgresql()) if "postgresql" in kinds else None}
        for batch, count in sizes:
            bodies = [made(Robot(number), batch, count) for number in range(robots)]
            for kind in kinds:
                for processes in (1,) if kind == "sqlite" else (1, 2):
                    found = []
                    for _ in range(rounds):
                        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
                            found.append(one_round(Path(folder), bodies, batch, processes=processes, url=urls[kind]))
                    print(line(NAMES[kind, processes], batch, bodies, found), flush=True)
                spent.append(stage_line(kind, batch, bodies[0], urls[kind]))
    print("\nMicroseconds for a report, by stage")
    print(f"| database | reports in a batch | {' | '.join(STAGES)} | all |")
    print("|---" * (len(STAGES) + 3) + "|")
    print(*spent, sep="\n")


def made(robot: Robot, batch: int, count: int) -> list[bytes]:
    """So many batches of a robot."""
    return [robot.body([robot.report(start * batch + n) for n in range(batch)]) for start in range(count)]


def line(database: str, batch: int, bodies: Sequence[Sequence[bytes]], rounds: Sequence[Round]) -> str:
    """A row of the table."""
    reports = batch * sum(map(len, bodies))
    ratios = sorted(each.raw_s / each.server_s for each in rounds)
    rate = reports / statistics.median(each.server_s for each in rounds)
    p50_ms, p99_ms = np.percentile([1000 * one for each in rounds for one in each.requests_s], [50, 99])
    ceiling = reports / statistics.median(each.raw_s for each in rounds)
    return (
        f"| {database} | {batch} | {rate:.0f} | {rate * TILES:.0f} | {p50_ms:.1f} | {p99_ms:.1f} "
        f"| {ceiling:.0f} | {1000 * len(bodies) * batch / ceiling:.1f} "
        f"| {statistics.median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f}) |"
    )


def stage_line(kind: str, batch: int, bodies: Sequence[bytes], url: URL | None) -> str:
    """A row of the second table."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        spent_s = stages(new_database(Path(folder), "stages", url), bodies)
    reports = batch * (len(bodies) - 1)
    figures = " | ".join(f"{1e6 * each_s / reports:.0f}" for each_s in (*spent_s.values(), sum(spent_s.values())))
    return f"| {NAMES[kind, 1].partition(',')[0]} | {batch} | {figures} |"


if __name__ == "__main__":
    main()
