"""What the outbox keeps, what becomes of it, and files that are no outbox."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from crackmap.messages import Report
from crackmap_robot.cameras.folder import open_folder
from crackmap_robot.classifier import Classifier
from crackmap_robot.evidence import Frames
from crackmap_robot.headers import Headers, analysis, recording
from crackmap_robot.outbox import Outbox, State, Verdict
from crackmap_robot.outbox.file import APPLICATION_ID, OutboxError, locked
from crackmap_robot.placing import ByScale
from crackmap_robot.scan import Scanner, Scored

A, B = "http://a/", "http://b/"


@pytest.fixture
def headers(classifier: Classifier) -> Headers:
    scan = recording("bridge", "north", "2026", None)
    return Headers(scan, analysis(scan, classifier.manifest, 32, 0.9), None)


@pytest.fixture
def made(headers: Headers, classifier: Classifier, photographs: Path) -> list[Scored]:
    """Six reports with crops."""
    stages = Scanner(headers, ByScale(0.5), Frames.NONE, classifier.score, classifier.manifest.mm_per_px)
    return [
        result
        for result in stages.reports(open_folder(photographs).frames(), frozenset(), lambda _key: None)
        if isinstance(result, Scored)
    ]


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "box" / "outbox.sqlite") as outbox:
        yield outbox


@pytest.fixture
def full(outbox: Outbox, headers: Headers, made: list[Scored]) -> Outbox:
    for result in made:
        outbox.add(headers, headers.key(result.photo), result.report, result.pictures)
    return outbox


def test_every_connection_waits_for_the_disk(outbox: Outbox) -> None:
    assert outbox.pragmas() == {"journal_mode": "wal", "synchronous": 2}
    with Outbox(outbox.path) as second:
        assert second.pragmas() == {"journal_mode": "wal", "synchronous": 2}


def test_reports_come_back_as_they_were_kept(full: Outbox, headers: Headers, made: list[Scored]) -> None:
    assert full.keys(headers) == {headers.key(result.photo) for result in made}
    for result in made:
        assert full.report(headers.key(result.photo)) == result.report
    with Outbox(full.path) as again:
        sent = again.waiting_reports(A, 100, 10**9)
    assert [Report.model_validate_json(waiting.body) for waiting in sent] == [result.report for result in made]


def test_one_report_of_a_kind(full: Outbox, headers: Headers, made: list[Scored]) -> None:
    first = made[0]
    with pytest.raises(OutboxError, match="UNIQUE"):
        full.add(headers, headers.key(first.photo), first.report, first.pictures)
    assert full.counts().reports_waiting == 6


def test_a_report_and_its_pictures_are_kept_together_or_not_at_all(
    outbox: Outbox, headers: Headers, made: list[Scored]
) -> None:
    class BrokenError(Exception):
        pass

    class Broken:
        @property
        def sha256(self) -> str:
            raise BrokenError

    with pytest.raises(BrokenError):
        outbox.add(headers, headers.key(made[0].photo), made[0].report, [Broken()])  # type: ignore[list-item]
    assert outbox.keys(headers) == frozenset()
    assert outbox.counts().waiting == 0
    outbox.add(headers, headers.key(made[0].photo), made[0].report, made[0].pictures)


def test_batches_end_at_a_number_or_a_size_but_are_never_empty(full: Outbox) -> None:
    assert len(full.waiting_reports(A, 4, 10**9)) == 4
    assert len(full.waiting_reports(A, 100, 1)) == 1
    size = len(full.waiting_reports(A, 1, 1)[0].body)
    assert len(full.waiting_reports(A, 100, 3 * size + size // 2)) == 3


def test_the_headers_of_a_batch(full: Outbox, headers: Headers) -> None:
    (waiting,) = full.waiting_reports(A, 1, 1)
    found = full.headers(waiting.header_ids)
    assert found == {
        "scan": [headers.scan.model_dump_json()],
        "analysis": [headers.analysis.model_dump_json()],
        "pose_solution": [],
    }


def test_pictures_wait_for_the_word_on_their_report(full: Outbox, made: list[Scored]) -> None:
    assert full.waiting_picture(A) is None
    first, second, third, *_ = full.waiting_reports(A, 100, 10**9)
    wanted, *held = (picture.sha256 for picture in made[0].pictures)
    full.settle(
        A,
        [
            Verdict(first.report_id, State.STORED, wanted=frozenset({wanted})),
            Verdict(second.report_id, State.STORED),
            Verdict(third.report_id, State.REFUSED, "conflict: other picture"),
        ],
    )
    picture = full.waiting_picture(A)
    assert picture is not None
    assert picture == next(p for p in made[0].pictures if p.sha256 == wanted)
    assert full.waiting_picture(B) is None
    full.settle_picture(A, wanted, State.STORED)
    assert full.waiting_picture(A) is None
    counts = full.counts(A)
    assert (counts.reports_waiting, counts.reports_stored, counts.reports_refused) == (3, 2, 1)
    assert counts.pictures_stored == 1 + len(held) + len(made[1].pictures)
    assert counts.pictures_refused == len(made[2].pictures)
    assert {refusal.words for refusal in full.refusals()} == {"conflict: other picture", "its report was refused"}


def test_another_server_is_offered_everything(full: Outbox) -> None:
    waiting = full.waiting_reports(A, 100, 10**9)
    full.settle(A, [Verdict(waiting[0].report_id, State.REFUSED, "no")])
    full.settle(A, [Verdict(report.report_id, State.STORED) for report in waiting[1:]])
    assert full.waiting_reports(A, 100, 10**9) == []
    assert full.waiting_reports(B, 100, 10**9) == waiting
    assert (full.counts(A).reports_waiting, full.counts(B).reports_waiting, full.counts().reports_waiting) == (0, 6, 0)


def test_a_server_from_a_backup_is_offered_everything_again(full: Outbox) -> None:
    waiting = full.waiting_reports(A, 100, 10**9)
    full.settle(A, [Verdict(waiting[0].report_id, State.REFUSED, "no")])
    full.settle(A, [Verdict(report.report_id, State.STORED) for report in waiting[1:]])
    full.offer_again(stored=False)
    assert full.waiting_reports(A, 100, 10**9) == waiting[:1]
    assert full.offer_again(stored=True) == 5
    assert full.waiting_reports(A, 100, 10**9) == waiting


def test_scans_for_people(full: Outbox, headers: Headers) -> None:
    assert full.scans() == [(headers.scan, 6, 0, 0)]


# ------------------------------------------------------------------------------------------------ files that are none


def test_two_processes_never_share_an_outbox(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with locked(path), pytest.raises(OutboxError, match=r"in use by another crackmap \(process \d+\)"), locked(path):
        pass
    holder = (
        "import sys, pathlib; from crackmap_robot.outbox.file import locked\n"
        f"with locked(pathlib.Path({str(path)!r})): print(1, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(OutboxError, match=f"process {process.pid}"), locked(path):
            pass
        process.kill()
    with locked(path):  # the system let it go
        pass


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    path.write_text("a list of things to buy, long enough to be read as a header of a database" * 20)
    before = path.read_bytes()
    with pytest.raises(OutboxError, match="not an SQLite file"):
        Outbox(path)
    assert path.read_bytes() == before


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE bookmarks (url)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(OutboxError, match="database of another program"):
        Outbox(path)
    assert path.read_bytes() == before


def test_an_outbox_from_the_future(outbox: Outbox, tmp_path: Path) -> None:
    newer = tmp_path / "newer.sqlite"
    with sqlite3.connect(newer) as rows:
        rows.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        rows.execute("PRAGMA user_version = 3")
        rows.execute("CREATE TABLE report (future)")
    rows.close()
    with pytest.raises(OutboxError, match="written by a newer crackmap"):
        Outbox(newer)


def test_an_outbox_of_the_first_version_is_brought_to_this_one_with_what_it_holds(full: Outbox) -> None:
    path = full.path
    full.__exit__(None, None, None)
    with sqlite3.connect(path) as rows:
        rows.execute("DROP TABLE log")
        rows.execute("PRAGMA user_version = 1")
    rows.close()
    with Outbox(path) as again:
        assert again.counts().reports_waiting == 6
        assert again.notice_log(A, "one") == 0


def test_what_a_server_stored_in_another_log_waits_for_it_again(full: Outbox) -> None:
    assert full.notice_log(A, "one") == 0  # nothing was known of it before
    reports = full.waiting_reports(A, 4, 10**9)
    full.settle(A, [Verdict(report.report_id, State.STORED) for report in reports])
    assert full.notice_log(A, "one") == 0
    assert full.notice_log(B, "another server's") == 0
    assert full.counts(A).reports_stored == 4
    assert full.notice_log(A, "two") == 4
    counts = full.counts(A)
    assert (counts.reports_waiting, counts.reports_stored, counts.pictures_stored) == (6, 0, 0)


def test_what_a_server_refused_stays_refused_when_it_is_restored(full: Outbox) -> None:
    full.notice_log(A, "one")
    full.settle(A, [Verdict(full.waiting_reports(A, 1, 10**9)[0].report_id, State.REFUSED, "no")])
    assert full.notice_log(A, "two") == 0
    assert full.counts(A).reports_refused == 1


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutboxError, match="cannot be made or read"):
        Outbox(tmp_path / "file" / "outbox.sqlite")
    with pytest.raises(OutboxError, match="cannot be opened"):
        Outbox(tmp_path)


def test_a_damaged_outbox(full: Outbox) -> None:
    path = full.path
    full.__exit__(None, None, None)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xab" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(OutboxError, match="damaged") as refused, Outbox(path) as outbox:
        outbox.counts()
    assert "is whole" not in str(refused.value)


def test_counting_and_choosing_never_read_the_long_rows(full: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """An outbox of a long season has thousands of reports; these are asked after every frame."""
    asked: list[str] = []
    read = Outbox._read

    def plan(outbox: Outbox, sql: str, *values: object) -> list[tuple[object, ...]]:
        asked.extend(str(row[3]) for row in read(outbox, f"EXPLAIN QUERY PLAN {sql}", *values))
        return read(outbox, sql, *values)

    monkeypatch.setattr(Outbox, "_read", plan)
    assert full.waiting() == full.counts().waiting
    assert not any(step.startswith("SCAN") for step in asked[:2]), asked  # what is stored is not walked over
    full.counts(A)
    full.waiting_reports(A, 10, 10**6)
    full.waiting_picture(A)
    scanned = [step for step in asked if step.startswith("SCAN") and "json_each" not in step]
    assert scanned
    assert all("COVERING INDEX" in step for step in scanned), asked
