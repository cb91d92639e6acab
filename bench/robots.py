"""Do many robots lose anything when the server dies again and again, and does it stay small?

    python bench/robots.py                 200 robots for 10 minutes, an outage of 30 s in each 2.5 minutes
    python bench/robots.py --minutes 60
    python bench/robots.py --quick         a few, for some seconds, with one outage

A robot takes a photograph of 12 megapixels every two seconds, keeps its reports and sends at most 50 at once, with the
waits of the real uplink. An outage: SIGKILL, then nothing listens, then a new process on the same file and port. Four
readers ask as the map page does, one question after the other. In the end everything that waits is sent and the last
process dies, too; then each scan must hold as many frames as its robot made, and none more. Ctrl-C ends it at once.
"""

import argparse
import http.client
import math
import os
import random
import signal
import socket
import sqlite3
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, sleep
from uuid import UUID

import numpy as np
from served.robots import Robot, delivered
from served.servers import serving

from crackmap.messages import Report
from crackmap_robot.server_answers import wait_s
from crackmap_robot.uplink import MOST_REPORTS
from crackmap_server.settings import Settings

PERIOD_S = 2.0
READERS = 4
SETTLED_S = 20
TIMEOUT_S = 30.0


@dataclass
class Deliverer:
    """One robot at work, in a thread of its own."""

    robot: Robot
    port: int
    stop: threading.Event
    leave: threading.Event
    made: int = 0
    kept: list[Report] = field(default_factory=list)
    requests_s: list[float] = field(default_factory=list)
    failures: int = 0
    longest: int = 0
    """Reports that waited at once."""

    def run(self) -> None:
        """Until it is stopped, and then until nothing waits; or until it is to leave all."""
        due_s = perf_counter() + random.uniform(0, PERIOD_S)
        again_s = 0.0
        while not self.leave.is_set() and (self.kept or not self.stop.is_set()):
            now_s = perf_counter()
            if now_s >= due_s and not self.stop.is_set():
                due_s += PERIOD_S
                self.kept.append(self.robot.report(self.made))
                self.made += 1
                self.longest = max(self.longest, len(self.kept))
            if self.kept and now_s >= again_s:
                again_s = now_s + self._send()
            if not self.kept:
                self.stop.wait(max(0.0, due_s - perf_counter()))
            else:
                until_s = again_s if self.stop.is_set() else min(again_s, due_s)
                self.leave.wait(max(0.0, until_s - perf_counter()))

    def _send(self) -> float:
        """Seconds to wait after it."""
        some = self.kept[:MOST_REPORTS]
        body = self.robot.body(some)
        began_s = perf_counter()
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)) as connection:
                statuses = delivered(connection, body)
        except (OSError, http.client.HTTPException):
            self.failures += 1
            return wait_s(self.failures)
        self.requests_s.append(perf_counter() - began_s)
        assert set(statuses) <= {"stored", "already_there"}, statuses
        del self.kept[: len(some)]
        self.failures = 0
        return 0.0


def read(port: int, surface: str, stop: threading.Event, spent_s: list[float]) -> None:
    """A reader's questions until it is stopped; those that find no server are asked again."""
    box = "bbox=0,0,8,4&limit=1000"
    while not stop.is_set():
        for path in (
            f"/v1/detections?surface_id={surface}&{box}",
            f"/v1/frames?surface_id={surface}&{box}",
            "/v1/scans",
        ):
            began_s = perf_counter()
            try:
                with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)) as connection:
                    connection.request("GET", path)
                    with connection.getresponse() as response:
                        response.read()
                        assert response.status == 200, response.status
                spent_s.append(perf_counter() - began_s)
            except (OSError, http.client.HTTPException):
                stop.wait(0.5)
            stop.wait(0.1)


@dataclass
class Life:
    """One server process: its memory by the second."""

    memory_mib: list[float] = field(default_factory=list)

    @property
    def slope_mib_per_min(self) -> float | None:
        """Over its second half, when all that is kept is there; None of a life that was too short to say."""
        settled = self.memory_mib[len(self.memory_mib) // 2 :]
        if len(settled) < SETTLED_S:
            return None
        return float(np.polyfit(np.arange(len(settled)) / 60, settled, 1)[0])


def live(settings: Settings, port: int, seconds: float, up: threading.Event, done: threading.Event) -> Life:
    """Serve for so long, or until all is done; then die without a word. It says when it is `up`."""
    life = Life()
    with serving(settings, port) as (process, _):
        up.set()
        ends_s = perf_counter() + seconds
        while not done.wait(max(0.0, min(1.0, ends_s - perf_counter()))) and perf_counter() < ends_s:
            pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
            life.memory_mib.append(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)
        process.send_signal(signal.SIGKILL)
        process.wait()
    return life


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def stored(settings: Settings) -> dict[str, int]:
    """Frames of each scan, as the file has them when no server runs."""
    assert settings.sqlite_file is not None
    with closing(sqlite3.connect(settings.sqlite_file)) as log:
        rows = log.execute("SELECT scan_id, count(*) FROM frames GROUP BY scan_id").fetchall()
    return {str(UUID(scan_id)): count for scan_id, count in rows}


@dataclass(frozen=True)
class Plan:
    """How long all of it takes, and how often and for how long the server is away."""

    robots: int
    whole_s: float
    every_s: float
    outage_s: float

    @property
    def outages(self) -> int:
        return max(0, math.ceil(self.whole_s / self.every_s) - 1)


class Site:
    """Robots and readers at work, each in a thread of its own, and the processes of the server that they ask."""

    def __init__(self, settings: Settings, plan: Plan) -> None:
        self.settings, self.plan, self.port = settings, plan, free_port()
        self._stop, self._leave, self._last, self._done = (threading.Event() for _ in range(4))
        self.robots = [Deliverer(Robot(n), self.port, self._stop, self._leave) for n in range(plan.robots)]
        self.lives: list[Life] = []
        self.spent_s: list[float] = []

    def run(self) -> None:
        """To the end, or until Ctrl-C. Raises KeyboardInterrupt, and whatever a thread met."""
        surface = self.robots[0].robot.surface_id
        with ThreadPoolExecutor(len(self.robots) + READERS + 1) as threads:
            try:
                working = [threads.submit(robot.run) for robot in self.robots]
                reading = [threads.submit(read, self.port, surface, self._stop, self.spent_s) for _ in range(READERS)]
                threads.submit(self._finish, working)
                self._serve()
            finally:
                self._leave.set()
                self._stop.set()
        for each in (*working, *reading):
            each.result()

    def _serve(self) -> None:
        """One life after the other, with outages in between; the last one lasts until nothing waits."""
        for _ in range(self.plan.outages):
            lived_s = self.plan.every_s - self.plan.outage_s
            self.lives.append(live(self.settings, self.port, lived_s, threading.Event(), self._done))
            sleep(self.plan.outage_s)
        self.lives.append(live(self.settings, self.port, 10 * self.plan.whole_s, self._last, self._done))

    def _finish(self, working: Sequence[Future[None]]) -> None:
        while not (self._last.wait(0.2) or self._stop.is_set()):
            pass
        self._stop.wait(self.plan.whole_s - self.plan.outages * self.plan.every_s)
        self._stop.set()
        wait(working)
        self._done.set()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--robots", type=int, default=200)
    parser.add_argument("--every", type=float, default=150, metavar="SECONDS", help="from one outage to the next")
    options = parser.parse_args()
    plan = Plan(options.robots, options.minutes * 60, options.every, 30.0)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        settings = Settings(database=f"sqlite:///{folder}/log.sqlite")
        site = Site(settings, Plan(8, 4.0, 2.5, 0.5) if options.quick else plan)
        try:
            site.run()
        except KeyboardInterrupt:
            waiting = sum(len(each.kept) for each in site.robots)
            raise SystemExit(
                f"stopped after {sum(each.made for each in site.robots)} reports; {waiting} wait"
            ) from None
        tell(site, stored(settings))


def tell(site: Site, stored: dict[str, int]) -> None:
    """What was measured, and whether anything is lost. Ends with an error where something is."""
    made = {each.robot.scan_id: each.made for each in site.robots}
    lost = sum(max(0, count - stored.get(scan_id, 0)) for scan_id, count in made.items())
    print(f"{sum(made.values())} reports of {len(made)} robots, {len(site.lives) - 1} outages: {lost} lost")
    print(f"at most {max(each.longest for each in site.robots)} reports waited in one robot")
    deliveries = [one for each in site.robots for one in each.requests_s]
    for name, times in (("deliveries", deliveries), ("readers", site.spent_s)):
        p50, p99 = np.percentile(np.array(times) * 1000, [50, 99]) if times else (math.nan, math.nan)
        print(f"{name}: {len(times)} answers, p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    for number, life in enumerate(site.lives, 1):
        samples = life.memory_mib[:: max(1, len(life.memory_mib) // 10)]
        slope = life.slope_mib_per_min
        told = "too short for a slope" if slope is None else f"{slope:+.1f} MiB/min in its second half"
        print(f"memory of process {number}, MiB: {' '.join(f'{sample:.0f}' for sample in samples)}; {told}")
    assert stored == made, f"{sum(stored.values())} frames of {sum(made.values())} reports"


if __name__ == "__main__":
    main()
