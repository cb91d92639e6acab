"""Do many robots lose anything when the server dies again and again, and does it stay small?

    python bench/robots.py                 200 robots for 10 minutes, an outage of 30 s in each 2.5 minutes
    python bench/robots.py --minutes 60
    python bench/robots.py --quick         a few, for some seconds, with one outage

A robot takes a photograph of 12 megapixels every two seconds, keeps its reports and sends at most 50 at once, with the
waits of the real uplink. An outage: SIGKILL, then nothing listens, then a new process on the same file and port. Four
readers ask as the map page does, one question after the other. In the end everything that waits is sent; then each
scan must hold as many frames as its robot made, and none more.
"""

import argparse
import http.client
import json
import os
import random
import signal
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, sleep

import numpy as np
from served.robots import Robot, delivered
from served.servers import serving

from crackmap.messages import Report
from crackmap_robot.server_answers import wait_s
from crackmap_robot.uplink import MOST_REPORTS
from crackmap_server.settings import Settings

PERIOD_S = 2.0
READERS = 4
TIMEOUT_S = 30.0


@dataclass
class Deliverer:
    """One robot at work, in a thread of its own."""

    robot: Robot
    port: int
    stop: threading.Event
    made: int = 0
    kept: list[Report] = field(default_factory=list)
    requests_s: list[float] = field(default_factory=list)
    failures: int = 0
    longest: int = 0
    """Reports that waited at once."""

    def run(self) -> None:
        """Until it is stopped, and then until nothing waits."""
        due_s = perf_counter() + random.uniform(0, PERIOD_S)
        again_s = 0.0
        while self.kept or not self.stop.is_set():
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
                sleep(max(0.0, min(again_s, due_s if not self.stop.is_set() else again_s) - perf_counter()))

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


def live(settings: Settings, port: int, seconds: float, done: threading.Event) -> Life:
    """Serve for so long, or until all is done; then die without a word."""
    life = Life()
    with serving(settings, port) as (process, _):
        ends_s = perf_counter() + seconds
        while perf_counter() < ends_s and not done.wait(1):
            pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
            life.memory_mib.append(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)
        process.send_signal(signal.SIGKILL)
        process.wait()
    return life


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--robots", type=int, default=200)
    options = parser.parse_args()
    count, whole_s, every_s, outage_s = (
        (8, 6.0, 3.0, 1.0) if options.quick else (options.robots, options.minutes * 60, 150.0, 30.0)
    )
    stop, done, spent_s = threading.Event(), threading.Event(), list[float]()
    lives: list[Life] = []
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, ExitStack() as running:
        settings = Settings(database=f"sqlite:///{folder}/log.sqlite")
        with serving(settings) as (_, port):
            pass  # the port is free, and the tables are there
        robots = [Deliverer(Robot(number), port, stop) for number in range(count)]
        threads = running.enter_context(ThreadPoolExecutor(count + READERS + 1))
        working = [threads.submit(robot.run) for robot in robots]
        reading = [threads.submit(read, port, robots[0].robot.surface_id, stop, spent_s) for _ in range(READERS)]
        began_s = perf_counter()
        while (left_s := whole_s - (perf_counter() - began_s)) > every_s:
            lives.append(live(settings, port, every_s - outage_s, done))
            sleep(outage_s)

        def finish() -> None:
            sleep(max(0.0, left_s))
            stop.set()
            wait(working)
            done.set()

        threads.submit(finish)
        lives.append(live(settings, port, 10 * whole_s, done))
        for each in (*working, *reading):
            each.result()
        with serving(settings, port), closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
            connection.request("GET", "/v1/scans?limit=1000")
            scans = {item["scan_id"]: item["frames"] for item in json.loads(connection.getresponse().read())["items"]}
    made = {each.robot.scan_id: each.made for each in robots}
    assert scans == made, f"{sum(scans.values())} frames of {sum(made.values())} reports"
    tell(robots, spent_s, lives)


def tell(robots: Sequence[Deliverer], spent_s: Sequence[float], lives: Sequence[Life]) -> None:
    """What was measured."""
    made = sum(each.made for each in robots)
    print(f"{made} reports of {len(robots)} robots, {len(lives) - 1} outages: none is lost, none is there twice")
    print(f"at most {max(each.longest for each in robots)} reports waited in one robot")
    for name, times in (("deliveries", [one for each in robots for one in each.requests_s]), ("reading", spent_s)):
        p50, p99 = np.percentile(np.array(times) * 1000, [50, 99])
        print(f"{name}: {len(times)} answers, p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    for number, life in enumerate(lives, 1):
        samples = life.memory_mib[:: max(1, len(life.memory_mib) // 10)]
        print(f"memory of process {number}, MiB: {' '.join(f'{sample:.0f}' for sample in samples)}")


if __name__ == "__main__":
    main()
