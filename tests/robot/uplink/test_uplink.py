"""What the uplink makes of each answer that a server can give, over real sockets."""

import hashlib
import json
from pathlib import Path

import pytest

from crackmap.errors import ServerUnavailable, SettingError
from crackmap.messages import ReportBatch
from crackmap_robot.access import checked_address
from crackmap_robot.outbox import Outbox
from crackmap_robot.server_answers import wait_s
from crackmap_robot.uplink import Away, Sent, Uplink

from .script import Answer, Script, drained, said, states, wanting_all


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
    longest = [0.5, 1.0, 2.0, 30.0, 30.0]
    assert [wait_s(failures, None, lambda: 1.0) for failures in (1, 2, 3, 9, 10**6)] == longest
    assert [wait_s(failures, None, lambda: 0.0) for failures in (1, 2, 3, 9, 10**6)] == [half / 2 for half in longest]
    assert len({wait_s(3) for _ in range(20)}) > 10, "robots do not come back together"
    assert wait_s(5, 7.0) == 7.0
    assert wait_s(1, 1e9) == 60.0


def test_a_server_that_is_away_loses_nothing(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crackmap_robot.upload.wait_s", lambda _failures, _retry_after_s: 0.0)
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


@pytest.mark.parametrize("server", ["", "localhost:8321", "ftp://host", "http://", "http://host:port", "/v1"])
def test_what_is_no_address(server: str) -> None:
    with pytest.raises(SettingError, match="http://host:8321"):
        checked_address(server)


def test_an_address_may_have_a_path() -> None:
    assert checked_address("https://host/crackmap") == checked_address("https://host/crackmap/")
    assert checked_address("http://host:8321") == "http://host:8321/"
