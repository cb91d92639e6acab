"""A server that answers as a test tells it, over a real socket, and what an outbox says of it."""

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from crackmap.messages import ReportBatch
from crackmap_robot.access import checked_address
from crackmap_robot.outbox import Outbox
from crackmap_robot.uplink import Sent, Uplink
from crackmap_robot.upload import drain

from ..served import served

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Script:
    """A server that answers as a test tells it."""

    address: str = ""
    reports: Callable[[ReportBatch], Answer] = field(default=lambda batch: said(["stored"] * len(batch.reports)))
    pictures: Callable[[str, bytes], Answer] = field(default=lambda _sha256, _content: (201, {}, b""))
    log: Answer = (404, {}, b"")
    looks: int = 0
    batches: list[ReportBatch] = field(default_factory=list)
    received: dict[str, tuple[str, bytes]] = field(default_factory=dict)


def said(statuses: list[str], wanted: list[list[str]] | None = None) -> Answer:
    answers = [
        {"status": status, "message": f"it is {status}", "evidence_wanted": wanted[number] if wanted else []}
        for number, status in enumerate(statuses)
    ]
    return 200, {}, json.dumps({"version": 1, "answers": answers}).encode()


def wanting_all(batch: ReportBatch) -> Answer:
    return said(
        ["stored"] * len(batch.reports),
        [
            [report.frame.image.sha256] if report.evidence.frame else [crop.sha256 for crop in report.evidence.crops]
            for report in batch.reports
        ],
    )


@contextmanager
def answering() -> Iterator[Script]:
    """It, for a while."""
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def answer(self, answer: Answer) -> None:
            status, headers, body = answer
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def body(self) -> bytes:
            return self.rfile.read(int(self.headers["Content-Length"]))

        def do_GET(self) -> None:
            assert self.path == "/v1/log"
            script.looks += 1
            self.answer(script.log)

        def do_POST(self) -> None:
            assert self.path == "/v1/reports"
            assert self.headers["Content-Encoding"] == "gzip"
            batch = ReportBatch.model_validate_json(gzip.decompress(self.body()))
            script.batches.append(batch)
            self.answer(script.reports(batch))

        def do_PUT(self) -> None:
            sha256 = self.path.removeprefix("/v1/evidence/")
            content = self.body()
            script.received[sha256] = self.headers["Content-Type"], content
            self.answer(script.pictures(sha256, content))

    with served(Handler) as script.address:
        yield script


def drained(outbox: Outbox, address: str) -> list[Sent]:
    steps: list[Sent] = []
    with Uplink(outbox, address) as uplink:
        drain(uplink, threading.Event(), steps.append)
    return steps


def states(outbox: Outbox, address: str) -> tuple[int, ...]:
    """Reports and pictures waiting, stored, refused."""
    counts = outbox.counts(checked_address(address))
    return (
        *(counts.reports_waiting, counts.reports_stored, counts.reports_refused),
        *(counts.pictures_waiting, counts.pictures_stored, counts.pictures_refused),
    )
