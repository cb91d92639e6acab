"""What Prometheus reads: requests, reports, the writer, and what the log holds. Each server process has its own."""

import shutil
from collections import Counter as Counts
from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from crackmap_server import tables
from crackmap_server.engines import Engines
from crackmap_server.writer import Writer

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The counters of one process."""

    def __init__(self, engines: Engines, writer: Writer, folders: dict[str, Path]) -> None:
        """`folders`, by name, are those whose free space is told."""
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._requests = Histogram(
            "crackmap_request_seconds",
            "From a request to the end of its answer",
            ["method", "route", "status"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._reports = Counter(
            "crackmap_reports", "Reports that were delivered, by answer", ["status"], registry=self._registry
        )
        self._pictures = Counter(
            "crackmap_pictures_bytes", "Bytes of pictures that were stored", registry=self._registry
        )
        self._bodies_bytes = Gauge("crackmap_bodies_bytes", "Bodies that are in memory", registry=self._registry)
        self._bodies_refused = Counter(
            "crackmap_bodies_refused",
            "Bodies that were refused because too many arrived at the same time",
            registry=self._registry,
        )
        self._registry.register(_Present(engines, writer, folders))

    def observe(self, method: str, route: str, status: int, took_s: float) -> None:
        """One request is answered."""
        self._requests.labels(method, route, str(status)).observe(took_s)

    def count_reports(self, answers: "Counts[str]") -> None:
        """A delivery is answered."""
        for status, count in answers.items():
            self._reports.labels(status).inc(count)

    def count_picture(self, size_bytes: int) -> None:
        """A picture is stored."""
        self._pictures.inc(size_bytes)

    def count_refused_body(self) -> None:
        """A body was one too many."""
        self._bodies_refused.inc()

    def watch_bodies(self, taken_bytes: Callable[[], int]) -> None:
        """What bodies take at the moment."""
        self._bodies_bytes.set_function(taken_bytes)

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)


class _Present(Collector):
    """What is so at the moment. Only what costs little also where the log is large."""

    def __init__(self, engines: Engines, writer: Writer, folders: dict[str, Path]) -> None:
        self._engines, self._writer, self._folders = engines, writer, folders

    def describe(self) -> list[Metric]:
        """None in advance: asking for them would open the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All figures."""
        yield GaugeMetricFamily(
            "crackmap_writer_queue", "Requests that wait for the writer", value=self._writer.waiting
        )
        free = GaugeMetricFamily("crackmap_disk_free_bytes", "Free space", labels=["of"])
        for name, folder in self._folders.items():
            free.add_metric([name], shutil.disk_usage(folder).free)
        yield free
        with self._engines.reader.connect() as connection:
            for name, what, statement in (
                ("frames", "Frames in the log", select(func.coalesce(func.max(tables.frames.c.seq), 0))),
                ("scans", "Scans in the log", select(func.count()).select_from(tables.scans)),
                ("quarantine", "Reports in quarantine", select(func.count()).select_from(tables.quarantine)),
            ):
                yield GaugeMetricFamily(f"crackmap_{name}", what, value=connection.execute(statement).scalar_one())
