"""The robot's key and whom it believes: never printed, never followed elsewhere, and read only from a safe file."""

import gzip
import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from crackmap.errors import ServerUnavailable, SettingError
from crackmap.messages import ReportBatch, Scan
from crackmap_robot.access import Access, checked_address, without_password
from crackmap_robot.cameras.folder import open_folder
from crackmap_robot.classifier import Classifier
from crackmap_robot.daemon.check import check
from crackmap_robot.daemon.settings import read_settings
from crackmap_robot.evidence import Frames
from crackmap_robot.headers import Headers, analysis, recording
from crackmap_robot.outbox import Outbox
from crackmap_robot.outbox_commands import show, upload
from crackmap_robot.placing import ByScale
from crackmap_robot.scan import Scanner, Scored
from crackmap_robot.uplink import Away, Sent, Uplink
from crackmap_robot.upload import drain

from .served import served

KEY = "crackmap_" + "k" * 43
PASSWORD = "hunter2-hunter2"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "robot.key"
    file.touch(mode=0o600)
    file.write_text(f"{KEY}\n")
    return file


@dataclass
class Gate:
    """A server over TLS that lets in one key, and of its scans all but `others`."""

    address: str = ""
    ca_file: Path = Path()
    key: str = KEY
    others: set[str] = field(default_factory=set)
    stored: list[str] = field(default_factory=list)
    """Scans of the reports that were let in."""
    asked: int = 0


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    gate = Gate(ca_file=tmp_path / "ca.pem")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def answer(self, status: int, content: Any) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def let_in(self) -> bytes | None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            gate.asked += 1
            if self.headers.get("Authorization") == f"Bearer {gate.key}":
                return body
            self.answer(401, {"detail": "the key is not known"})
            return None

        def do_GET(self) -> None:
            if self.let_in() is not None:
                self.answer(200, {"status": "ok"})

        def do_PUT(self) -> None:
            if self.let_in() is not None:
                self.answer(201, {})

        def do_POST(self) -> None:
            body = self.let_in()
            if body is None:
                return
            reports = ReportBatch.model_validate_json(gzip.decompress(body)).reports
            scans = [str(report.frame.scan_id) for report in reports]
            if gate.others.intersection(scans):
                self.answer(403, {"detail": "that scan is another robot's"})
                return
            gate.stored += scans
            self.answer(200, {"version": 1, "answers": [{"status": "stored"} for _ in reports]})

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(gate.ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with served(Handler, context) as gate.address:
        yield gate


@pytest.fixture
def outbox(tmp_path: Path, classifier: Classifier, photographs: Path) -> Iterator[Outbox]:
    """The same six photographs in two scans."""
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        for surface in ("north", "south"):
            headers = headers_of(surface, classifier)
            stages = Scanner(headers, ByScale(0.5), Frames.NONE, classifier.score, classifier.manifest.mm_per_px)
            for result in stages.reports(open_folder(photographs).frames(), frozenset(), outbox.report):
                assert isinstance(result, Scored)
                outbox.add(headers, headers.key(result.photo), result.report, ())
        yield outbox


def scan_of(surface: str) -> Scan:
    return recording("bridge", surface, "2026", None)


def headers_of(surface: str, classifier: Classifier) -> Headers:
    scan = scan_of(surface)
    return Headers(scan, analysis(scan, classifier.manifest, 32, 0.9), None)


def steps_of(outbox: Outbox, gate: Gate, access: Access) -> list[Sent]:
    steps: list[Sent] = []
    with Uplink(outbox, gate.address, access) as uplink:
        drain(uplink, threading.Event(), steps.append)
    return steps


def test_with_its_key_and_the_authority_it_is_let_in(outbox: Outbox, gate: Gate, key_file: Path) -> None:
    steps_of(outbox, gate, Access(key_file, gate.ca_file))
    assert len(gate.stored) == 12
    assert outbox.waiting() == 0


def test_a_server_of_another_authority_gets_neither_key_nor_report(
    outbox: Outbox, gate: Gate, key_file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    for access in (Access(key_file, other), Access(key_file)):
        with Uplink(outbox, gate.address, access) as uplink:
            outcome = uplink.step()
        assert isinstance(outcome, Away)
        assert "certificate" in str(outcome.error).lower()
    assert gate.asked == 0


def test_a_wrong_key_leaves_all_in_the_outbox_with_the_servers_words(
    outbox: Outbox, gate: Gate, key_file: Path
) -> None:
    gate.key = "crackmap_" + "n" * 43
    access = Access(key_file, gate.ca_file)
    with pytest.raises(ServerUnavailable, match=r"the key is not known.*Nothing is lost") as raised:
        list(upload(outbox.path, gate.address, access, again=False, everything=False))
    assert KEY not in str(raised.value)
    counts = outbox.counts(checked_address(gate.address))
    assert (counts.reports_waiting, counts.refused) == (12, 0)
    shown = "\n".join(show(outbox.path))
    assert f"kept out 12 that wait, by {gate.address}/: 401 the key is not known" in shown
    key_file.write_text(gate.key)  # as after `key rotate`
    steps_of(outbox, gate, access)
    assert outbox.waiting() == 0
    assert "kept out" not in "\n".join(show(outbox.path))


def test_a_key_that_is_replaced_while_it_runs_counts_at_once(outbox: Outbox, gate: Gate, key_file: Path) -> None:
    gate.key = "crackmap_" + "n" * 43
    with Uplink(outbox, gate.address, Access(key_file, gate.ca_file)) as uplink:
        assert isinstance(uplink.step(), Away)
        key_file.unlink()
        gone = uplink.step()
        assert isinstance(gone, Away)
        assert "cannot be read" in str(gone.error)
        key_file.touch(mode=0o600)
        key_file.write_text(gate.key)
        assert uplink.step() == Sent(reports=12)


@pytest.mark.parametrize("others", ["north", "south"])
def test_a_scan_of_another_robot_waits_and_does_not_hold_up_the_rest(
    outbox: Outbox, gate: Gate, key_file: Path, others: str
) -> None:
    gate.others = {str(scan_of(others).scan_id)}
    with pytest.raises(ServerUnavailable, match="403 that scan is another robot's"):
        steps_of(outbox, gate, Access(key_file, gate.ca_file))
    own = str(scan_of("south" if others == "north" else "north").scan_id)
    assert gate.stored == [own] * 6
    assert outbox.waiting() == 6
    assert "kept out 6 that wait" in "\n".join(show(outbox.path))
    gate.others = set()
    steps_of(outbox, gate, Access(key_file, gate.ca_file))
    assert outbox.waiting() == 0


def test_the_same_words_again_are_not_written_again(outbox: Outbox, gate: Gate, key_file: Path) -> None:
    gate.key = "other"
    with Uplink(outbox, gate.address, Access(key_file, gate.ca_file)) as uplink:
        uplink.step()
        before = outbox._read("PRAGMA data_version")
        with Outbox(outbox.path) as reader:
            version = reader._read("PRAGMA data_version")
            assert isinstance(uplink.step(), Away)
            assert reader._read("PRAGMA data_version") == version
    assert outbox._read("PRAGMA data_version") == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o601])
def test_a_key_file_that_others_may_touch_is_refused(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    with pytest.raises(SettingError, match=f"chmod 600 {key_file}") as raised:
        Access(key_file).headers()
    assert KEY not in str(raised.value)


@pytest.mark.parametrize(
    "content", ["", "short", f"{KEY} {KEY}", f"{KEY}\r\nX-Evil: 1", f"{KEY}\0", "ü" * 30, "k" * 201]
)
def test_a_file_that_holds_no_key_is_refused_without_telling_what_it_holds(key_file: Path, content: str) -> None:
    key_file.write_text(content)
    with pytest.raises(SettingError, match="does not hold one key alone") as raised:
        Access(key_file).headers()
    assert not content.strip() or content.strip() not in str(raised.value)


def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"none\.key: cannot be read \(No such file"):
        Access(tmp_path / "none.key").client(5.0)
    with pytest.raises(SettingError, match=r"none\.pem: cannot be used"):
        Access(ca_file=tmp_path / "none.pem").client(5.0)
    (tmp_path / "empty.pem").touch()
    with pytest.raises(SettingError, match=r"empty\.pem: cannot be used"):
        Access(ca_file=tmp_path / "empty.pem").client(5.0)


@given(user=st.text("abc%40:", min_size=1), host=st.sampled_from(["host:8321", "host", "host:port", ""]))
def test_a_password_in_an_address_is_refused_and_never_printed(user: str, host: str) -> None:
    for address in (f"http://{user}:{PASSWORD}@{host}", f"ftp://{user}:{PASSWORD}@{host}/v1"):
        with pytest.raises(SettingError) as raised:
            checked_address(address)
        assert PASSWORD not in str(raised.value)
        assert PASSWORD not in without_password(f"to {address} and {address}")


def test_robot_toml_names_the_files_and_prints_no_password(tmp_path: Path) -> None:
    config = tmp_path / "robot.toml"
    start = '[scan]\nsurface = "north"\ninspection = "2026"\n[camera]\nsource = "folder:p"\nmm_per_px = 0.2\n[keep]\n'
    config.write_text(f'{start}server = "https://host"\nkey_file = "a.key"\nca_file = "/etc/ca.pem"\n')
    settings = read_settings(config)
    assert settings.access == settings.scan_settings().access == Access(tmp_path / "a.key", Path("/etc/ca.pem"))
    config.write_text(f'{start}server = "https://me:{PASSWORD}@host"\n')
    with pytest.raises(SettingError, match=r"line 8, keep\.server") as raised:
        read_settings(config)
    assert PASSWORD not in str(raised.value)


def test_the_check_says_what_the_server_makes_of_the_key(tmp_path: Path, gate: Gate, key_file: Path) -> None:
    (tmp_path / "p").mkdir()
    config = tmp_path / "robot.toml"
    config.write_text(
        '[scan]\nsurface = "north"\ninspection = "2026"\n[camera]\nsource = "folder:p"\nmm_per_px = 0.2\n'
        f'[keep]\noutbox = "o.sqlite"\nserver = "{gate.address}"\nkey_file = "{key_file}"\nca_file = "{gate.ca_file}"\n'
    )

    def said() -> str:
        return next(
            finding.line() for finding in check(read_settings(config)) if "server" in finding.line().split()[:2]
        )

    assert "answers in" in said()
    gate.key = "other"
    assert "does not know this robot's key" in said()
    key_file.chmod(0o644)
    assert "chmod 600" in said()
