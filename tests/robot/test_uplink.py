"""What the uplink makes of each answer that a server can give, over real sockets."""

import gzip
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from crackmap.errors import ServerUnavailable, SettingError
from crackmap.messages import ReportBatch
from crackmap_robot.access import checked_address
from crackmap_robot.cameras.folder import open_folder
from crackmap_robot.classifier import Classifier
from crackmap_robot.evidence import Frames
from crackmap_robot.headers import Headers, analysis, recording
from crackmap_robot.outbox import Outbox
from crackmap_robot.placing import ByScale
from crackmap_robot.scan import Scanner, Scored
from crackmap_robot.uplink import LOOK_EVERY_S, Away, Sent, Uplink, wait_s
from crackmap_robot.upload import BackgroundUpload, drain

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


@pytest.fixture
def server() -> Iterator[Script]:
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

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    script.address = f"http://127.0.0.1:{httpd.server_address[1]}"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield script
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.fixture
def outbox(tmp_path: Path, classifier: Classifier, photographs: Path) -> Iterator[Outbox]:
    """Six reports with their photographs."""
    scan = recording("bridge", "north", "2026", None)
    headers = Headers(scan, analysis(scan, classifier.manifest, 32, 0.9), None)
    stages = Scanner(headers, ByScale(0.5), Frames.ALL, classifier.score, classifier.manifest.mm_per_px)
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        for result in stages.reports(open_folder(photographs).frames(), frozenset(), outbox.report):
            assert isinstance(result, Scored)
            outbox.add(headers, headers.key(result.photo), result.report, result.pictures)
        yield outbox


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


def test_reports_then_the_pictures_that_the_server_wants(outbox: Outbox, server: Script, photographs: Path) -> None:
    server.reports = wanting_all
    steps = drained(outbox, server.address)
    assert [step.reports for step in steps] == [6] + [0] * 6
    assert states(outbox, server.address) == (0, 6, 0, 0, 6, 0)
    for path in photographs.iterdir():
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        assert server.received[sha256] == ("image/jpeg", path.read_bytes())
    (batch,) = server.batches
    assert len(batch.scans) == len(batch.analyses) == 1
    assert len(batch.reports) == 6
    assert drained(outbox, server.address) == []


def test_pictures_that_the_server_has_are_not_sent(outbox: Outbox, server: Script) -> None:
    server.reports = lambda batch: said(["already_there"] * len(batch.reports))
    drained(outbox, server.address)
    assert server.received == {}
    assert states(outbox, server.address) == (0, 6, 0, 0, 6, 0)


def test_one_bad_report_does_not_block_the_others(outbox: Outbox, server: Script) -> None:
    server.reports = lambda _batch: said(["stored", "conflict", "invalid", "already_there", "stored", "stored"])
    drained(outbox, server.address)
    assert states(outbox, server.address) == (0, 4, 2, 0, 4, 2)
    words = {(refusal.kind, refusal.label): refusal.words for refusal in outbox.refusals()}
    assert words["report", "img2.jpg"] == "conflict: it is conflict"
    assert words["report", "img3.jpg"] == "invalid: it is invalid"
    assert drained(outbox, server.address) == []  # they are kept and not offered again


def test_a_batch_that_is_too_large_is_halved(outbox: Outbox, server: Script) -> None:
    def at_most_two(batch: ReportBatch) -> Answer:
        return said(["stored"] * len(batch.reports)) if len(batch.reports) <= 2 else (413, {}, b"")

    server.reports = at_most_two
    drained(outbox, server.address)
    assert [len(batch.reports) for batch in server.batches] == [6, 3, 1, 1, 1, 1, 1, 1]
    assert states(outbox, server.address)[:3] == (0, 6, 0)


def test_a_single_report_that_is_too_large_is_refused(outbox: Outbox, server: Script) -> None:
    server.reports = lambda _batch: (413, {}, b'{"detail": "at most 1 byte"}')
    drained(outbox, server.address)
    assert states(outbox, server.address) == (0, 0, 6, 0, 0, 6)
    assert outbox.refusals()[0].words == "413 at most 1 byte"


@pytest.mark.parametrize(
    "answer",
    [
        (200, {}, b"<html>welcome to the hotel"),
        (200, {}, b'{"version": 1, "answers": []}'),
        (302, {"Location": "http://127.0.0.1:1/login"}, b""),
        (401, {}, b'{"title": "Unauthorized"}'),
        (404, {}, b""),
        (422, {}, b'{"detail": "version 2 is not known"}'),
        (500, {}, b""),
        (507, {}, b'{"detail": "the disk is full"}'),
    ],
)
def test_answers_after_which_everything_waits(outbox: Outbox, server: Script, answer: Answer) -> None:
    server.reports = lambda _batch: answer
    with Uplink(outbox, server.address) as uplink:
        outcome = uplink.step()
    assert isinstance(outcome, Away)
    assert "Nothing is lost" in str(outcome.error)
    assert server.address in str(outcome.error)
    if answer[2].startswith(b'{"detail'):
        assert json.loads(answer[2])["detail"] in str(outcome.error)
    assert states(outbox, server.address)[:3] == (6, 0, 0)


def test_a_busy_server_is_asked_again_when_it_wishes(outbox: Outbox, server: Script) -> None:
    asked = 0

    def busy_twice(batch: ReportBatch) -> Answer:
        nonlocal asked
        asked += 1
        return (503, {"Retry-After": "0"}, b"") if asked < 20 else wanting_all(batch)

    server.reports = busy_twice
    drained(outbox, server.address)
    assert asked == 20
    assert states(outbox, server.address) == (0, 6, 0, 0, 6, 0)


def test_how_long_to_wait() -> None:
    gone, busy = Away(ServerUnavailable("gone")), Away(ServerUnavailable("busy"), retry_after_s=7.0, busy=True)
    longest = [0.5, 1.0, 2.0, 30.0, 30.0]
    assert [wait_s(gone, failures, lambda: 1.0) for failures in (1, 2, 3, 9, 10**6)] == longest
    assert [wait_s(gone, failures, lambda: 0.0) for failures in (1, 2, 3, 9, 10**6)] == [half / 2 for half in longest]
    assert len({wait_s(gone, 3) for _ in range(20)}) > 10, "robots do not come back together"
    assert wait_s(busy, 5) == 7.0
    assert wait_s(Away(ServerUnavailable("busy"), retry_after_s=1e9), 1) == 60.0
    assert wait_s(Sent(reports=1), 3) == wait_s(None, 3) == 0.0


def test_a_server_that_is_away_loses_nothing(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crackmap_robot.upload.wait_s", lambda _outcome, _failures: 0.0)
    with pytest.raises(ServerUnavailable, match=r"does not answer .* Nothing is lost"):
        drained(outbox, "http://127.0.0.1:9")
    assert states(outbox, "http://127.0.0.1:9")[:3] == (6, 0, 0)


def test_photographs_that_were_moved_or_changed_are_named(outbox: Outbox, server: Script, photographs: Path) -> None:
    server.reports = wanting_all
    (photographs / "img1.jpg").rename(photographs / "elsewhere.jpg")
    (photographs / "img2.jpg").write_bytes(b"retouched")
    drained(outbox, server.address)
    assert states(outbox, server.address) == (0, 6, 0, 0, 4, 2)
    moved, changed = (refusal.words for refusal in outbox.refusals())
    assert "img1.jpg: cannot be read (No such file or directory). Put it back" in moved
    assert "img2.jpg: has changed since it was scanned" in changed
    (photographs / "elsewhere.jpg").rename(photographs / "img1.jpg")
    outbox.offer_again(stored=False)
    drained(outbox, server.address)
    assert states(outbox, server.address) == (0, 6, 0, 0, 5, 1)


def test_a_picture_that_the_server_refuses(outbox: Outbox, server: Script) -> None:
    server.reports = wanting_all
    server.pictures = lambda _sha256, _content: (413, {}, b'{"detail": "at most 1 MB"}')
    drained(outbox, server.address)
    assert states(outbox, server.address) == (0, 6, 0, 0, 0, 6)
    assert {refusal.words for refusal in outbox.refusals()} == {"413 at most 1 MB"}


def test_a_full_server_keeps_pictures_waiting(outbox: Outbox, server: Script) -> None:
    server.reports = wanting_all
    server.pictures = lambda _sha256, _content: (507, {}, b"")
    with Uplink(outbox, server.address) as uplink:
        assert uplink.step() == Sent(reports=6)
        assert isinstance(uplink.step(), Away)
    assert states(outbox, server.address) == (0, 6, 0, 6, 0, 0)


def test_the_background_sends_what_comes_and_ends_at_once(outbox: Outbox, server: Script) -> None:
    server.reports = wanting_all
    arrived = threading.Semaphore(0)

    def count(_sha256: str, _content: bytes) -> Answer:
        arrived.release()
        return 201, {}, b""

    server.pictures = count
    with BackgroundUpload(outbox.path, checked_address(server.address)) as background:
        for _ in range(6):
            assert arrived.acquire(timeout=10)
        outbox.offer_again(stored=True)
        background.wake()
        for _ in range(6):
            assert arrived.acquire(timeout=10)
    assert drained(outbox, server.address) == []


def test_the_background_survives_a_server_that_is_away(outbox: Outbox) -> None:
    with BackgroundUpload(outbox.path, "http://127.0.0.1:9/") as background:
        background.wake()
    assert states(outbox, "http://127.0.0.1:9")[:3] == (6, 0, 0)


@pytest.mark.parametrize("server", ["", "localhost:8321", "ftp://host", "http://", "http://host:port", "/v1"])
def test_what_is_no_address(server: str) -> None:
    with pytest.raises(SettingError, match="http://host:8321"):
        checked_address(server)


def test_an_address_may_have_a_path() -> None:
    assert checked_address("https://host/crackmap") == checked_address("https://host/crackmap/")
    assert checked_address("http://host:8321") == "http://host:8321/"


# ------------------------------------------------------------------------------------------------------ a restored log


def of_log(name: str, answer: Answer) -> Answer:
    return answer[0], {"Crackmap-Log": name}, answer[2]


def test_a_server_that_was_restored_gets_everything_again(outbox: Outbox, server: Script) -> None:
    server.reports = lambda batch: of_log("one", wanting_all(batch))
    drained(outbox, server.address)
    assert states(outbox, server.address) == (0, 6, 0, 0, 6, 0)
    server.batches.clear()
    server.received.clear()
    server.log = (200, {"Crackmap-Log": "two"}, b"{}")
    server.reports = lambda batch: of_log("two", wanting_all(batch))
    drained(outbox, server.address)
    assert sum(len(batch.reports) for batch in server.batches) == 6
    assert len(server.received) == 6
    assert states(outbox, server.address) == (0, 6, 0, 0, 6, 0)


def test_it_shows_also_in_the_answer_to_new_reports(outbox: Outbox, server: Script) -> None:
    names = iter(["one", "two", "two", "two"])
    server.reports = lambda batch: of_log(next(names), said(["stored"] * len(batch.reports)))
    with Uplink(outbox, server.address) as uplink:
        uplink._most_reports = 3
        assert uplink.step() == Sent(reports=3)
        assert uplink.step() == Sent(reports=3)  # and the first three wait again
    assert states(outbox, server.address)[:2] == (3, 3)


@pytest.mark.parametrize(
    "answer", [(404, {}, b""), (503, {}, b""), (200, {}, b"{}"), (200, {"Crackmap-Log": "one"}, b"")]
)
def test_a_server_that_says_nothing_new_is_asked_once_a_minute(outbox: Outbox, server: Script, answer: Answer) -> None:
    server.reports = lambda batch: of_log("one", said(["stored"] * len(batch.reports)))
    drained(outbox, server.address)
    server.log, server.looks = answer, 0
    now_s = [0.0]
    with Uplink(outbox, server.address, clock=lambda: now_s[0]) as uplink:
        for now_s[0] in (0.0, 1.0, LOOK_EVERY_S - 1, LOOK_EVERY_S, LOOK_EVERY_S + 1):
            assert uplink.step() is None
    assert server.looks == 2
    assert states(outbox, server.address)[:2] == (0, 6)
