"""From the outbox to the server: reports in batches, then the pictures that it wants.

Something counts as stored only after the server said so, and the server says so only after its own commit. Everything
may be sent twice.
"""

import gzip
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from types import TracebackType
from typing import Final, Self

import httpx2
from pydantic import ValidationError

from crackmap import __version__
from crackmap.errors import ServerUnavailable, SettingError
from crackmap.failpoints import failpoint
from crackmap.messages import LOG_HEADER, Answer, BatchAnswer, Status
from crackmap_robot.access import WITHOUT_KEY, Access, checked_address
from crackmap_robot.evidence import Picture
from crackmap_robot.outbox import Outbox, State, Verdict, Waiting
from crackmap_robot.server_answers import TIMEOUTS, retry_after_s, words_of

MOST_REPORTS = 50
MOST_BYTES = 4_000_000
LONGEST_LOG_ID = 100
LOOK_EVERY_S = 60.0
"""When nothing waits, so often is the server asked whether it was restored from a backup."""
_log = logging.getLogger(__name__)
_STATES: Final = {
    Status.STORED: State.STORED,
    Status.ALREADY_THERE: State.STORED,
    Status.CONFLICT: State.REFUSED,
    Status.INVALID: State.REFUSED,
}


@dataclass(frozen=True)
class Sent:
    """So much was settled with the server."""

    reports: int = 0
    pictures: int = 0
    size_bytes: int = 0


@dataclass(frozen=True)
class Away:
    """The server did not take it now. `retry_after_s` is its own wish, `busy`: it is there but has too much to do."""

    error: ServerUnavailable
    retry_after_s: float | None = None
    busy: bool = False


Outcome = Sent | Away | None
"""None: nothing waits for this server."""


class Uplink:
    """Sends what waits in an outbox to one server, a step at a time. A context manager; used by one thread."""

    def __init__(
        self,
        outbox: Outbox,
        server: str,
        access: Access = WITHOUT_KEY,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`server` is its address, as http://host:8321. Raises SettingError when it, or `access`, cannot be used."""
        self._outbox, self._server, self._access = outbox, checked_address(server), access
        self._client = access.client(TIMEOUTS, self._server)
        self._most_reports = MOST_REPORTS
        self._one_scan = False
        self._kept_back: set[str] = set()  # scans that the server takes from another robot only
        self._clock, self._look_s = clock, 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def step(self) -> Outcome:
        """Send one batch of reports, or one picture when no report waits.

        When nothing waits, see from time to time whether the server was restored from a backup.
        """
        batch = self._outbox.waiting_reports(
            self._server, self._most_reports, MOST_BYTES, without=self._kept_back, one_scan=self._one_scan
        )
        if batch:
            return self._send_reports(batch)
        picture = self._outbox.waiting_picture(self._server)
        if picture is not None:
            return self._send_picture(picture)
        if self._kept_back:
            self._kept_back.clear()
            return self.step()
        return self._look()

    # ----------------------------------------------------------------------------------------------------- reports

    def _send_reports(self, batch: list[Waiting]) -> Outcome:
        answer = self._send(
            "POST",
            "v1/reports",
            gzip.compress(self._body(batch), compresslevel=1),
            {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        )
        if isinstance(answer, Away):
            return answer
        if answer.status_code == httpx2.codes.CONTENT_TOO_LARGE:
            return self._too_large(answer, batch)
        if answer.status_code in _NOT_ALLOWED:
            return self._kept_out(answer, batch)
        answers = _answers(answer) if answer.status_code == httpx2.codes.OK else None
        if answers is None or len(answers) != len(batch):
            return self._unexpected(answer)
        failpoint("uplink.after_send")
        self._notice_log(answer)
        self._outbox.settle(
            self._server,
            [
                Verdict(
                    sent.report_id,
                    _STATES[said.status],
                    _said(said.status, said.message),
                    frozenset(said.evidence_wanted),
                )
                for sent, said in zip(batch, answers, strict=True)
            ],
        )
        return Sent(reports=len(batch))

    def _too_large(self, answer: httpx2.Response, batch: list[Waiting]) -> Sent:
        if len(batch) > 1:
            self._most_reports = len(batch) // 2
            return Sent()
        self._outbox.settle(self._server, [Verdict(batch[0].report_id, State.REFUSED, words_of(answer))])
        return Sent(reports=1)

    def _body(self, batch: list[Waiting]) -> bytes:
        """A ReportBatch, put together from the JSON that the outbox holds: reports travel exactly as they were kept."""
        headers = self._outbox.headers(sorted({key for report in batch for key in report.header_ids}))
        parts = {
            "scans": headers["scan"],
            "analyses": headers["analysis"],
            "pose_solutions": headers["pose_solution"],
            "reports": [report.body for report in batch],
        }
        lists = ",".join(f'"{name}":[{",".join(bodies)}]' for name, bodies in parts.items())
        return f'{{"version":1,{lists}}}'.encode()

    # -------------------------------------------------------------------------------------------------------- the log

    def _look(self) -> Sent | None:
        if self._clock() < self._look_s:
            return None
        self._look_s = self._clock() + LOOK_EVERY_S
        try:
            answer = self._client.get("v1/log", headers=self._access.headers())
        except (httpx2.HTTPError, SettingError):
            return None  # nothing waits, so nobody need hear of it
        return Sent() if self._notice_log(answer) else None

    def _notice_log(self, answer: httpx2.Response) -> int:
        """Reports that wait again because the server keeps another log than before. Older servers do not say which."""
        log_id = answer.headers.get(LOG_HEADER)
        if log_id is None or answer.status_code != httpx2.codes.OK:
            return 0
        self._look_s = self._clock() + LOOK_EVERY_S
        again = self._outbox.notice_log(self._server, log_id[:LONGEST_LOG_ID])
        if again:
            _log.warning("the server keeps another log than before: what it stored is offered again: %d reports", again)
        return again

    # ---------------------------------------------------------------------------------------------------- pictures

    def _send_picture(self, picture: Picture) -> Outcome:
        content = _content(picture)
        if isinstance(content, str):
            self._outbox.settle_picture(self._server, picture.sha256, State.REFUSED, content)
            return Sent(pictures=1, size_bytes=picture.size_bytes)
        answer = self._send("PUT", f"v1/evidence/{picture.sha256}", content, {"Content-Type": picture.media_type})
        if isinstance(answer, Away):
            return answer
        if answer.status_code in {httpx2.codes.OK, httpx2.codes.CREATED, httpx2.codes.NO_CONTENT}:
            failpoint("uplink.after_send")
            self._outbox.settle_picture(self._server, picture.sha256, State.STORED)
        elif answer.status_code in _NOT_ALLOWED:
            self._outbox.note_picture(self._server, picture.sha256, words_of(answer))
            return self._not_allowed(answer)
        elif answer.status_code in _PICTURE_REFUSED:
            self._outbox.settle_picture(self._server, picture.sha256, State.REFUSED, words_of(answer))
        else:
            return self._unexpected(answer)
        return Sent(pictures=1, size_bytes=picture.size_bytes)

    # -------------------------------------------------------------------------------------------------------- HTTP

    def _send(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> httpx2.Response | Away:
        try:
            answer = self._client.request(method, path, content=content, headers=headers | self._access.headers())
        except SettingError as error:  # the key file was there when it began
            return Away(ServerUnavailable(f"{self._server}: {error} {_NOTHING_LOST}"))
        except httpx2.HTTPError as error:
            return Away(
                ServerUnavailable(
                    f"{self._server}: does not answer ({str(error) or type(error).__name__}). {_NOTHING_LOST}"
                )
            )
        if answer.status_code in {httpx2.codes.SERVICE_UNAVAILABLE, httpx2.codes.TOO_MANY_REQUESTS}:
            busy = ServerUnavailable(f"{self._server}: has too much to do ({words_of(answer)}). {_NOTHING_LOST}")
            return Away(busy, retry_after_s(answer), busy=True)
        if answer.is_server_error:
            return Away(ServerUnavailable(f"{self._server}: cannot take it now ({words_of(answer)}). {_NOTHING_LOST}"))
        return answer

    def _kept_out(self, answer: httpx2.Response, batch: list[Waiting]) -> Outcome:
        """All of it waits, with the server's words. A scan that is another robot's does not hold up the others."""
        self._outbox.note([report.report_id for report in batch], self._server, words_of(answer))
        if answer.status_code == httpx2.codes.UNAUTHORIZED:
            return self._not_allowed(answer)
        scans = {report.scan_id for report in batch}
        if len(scans) == 1:
            self._kept_back |= scans
        self._one_scan = True
        others = self._outbox.waiting_reports(self._server, 1, MOST_BYTES, without=self._kept_back)
        if others:
            return self.step()
        self._kept_back.clear()
        return self._not_allowed(answer)

    def _not_allowed(self, answer: httpx2.Response) -> Away:
        return Away(
            ServerUnavailable(
                f"{self._server}: takes nothing from this robot ({words_of(answer)}). "
                f"Whoever runs the server can make a key with `crackmap server key add`. {_NOTHING_LOST}"
            )
        )

    def _unexpected(self, answer: httpx2.Response) -> Away:
        """Neither stored nor refused item by item: another program, another version, or access is not allowed."""
        return Away(
            ServerUnavailable(
                f"{self._server}: answers {words_of(answer)}; a crackmap server would not. Is the address right, and "
                f"is the server as new as this robot (crackmap {__version__})? {_NOTHING_LOST}"
            )
        )


_NOTHING_LOST = "Nothing is lost: all of it stays in the outbox."
_AGAIN = "run `crackmap robot outbox upload --again`"
_NOT_ALLOWED = {401, 403}
_PICTURE_REFUSED = {400, 413, 415, 422}


def _content(picture: Picture) -> bytes | str:
    """The picture's bytes, or why there are none. A photograph may be gone or changed since it was scanned."""
    if picture.content is not None:
        return picture.content
    assert picture.path is not None, "a picture has a path or content"
    try:
        content = picture.path.read_bytes()
    except OSError as error:
        why = f"{picture.path}: cannot be read ({error.strerror})."
        return f"{why} Put it back, then {_AGAIN}; or scan it where it is now."
    if hashlib.sha256(content).hexdigest() != picture.sha256:
        return f"{picture.path}: has changed since it was scanned. Put the original back, then {_AGAIN}."
    return content


def _answers(answer: httpx2.Response) -> tuple[Answer, ...] | None:
    """The server's words on each report; None when it answers something else."""
    try:
        return BatchAnswer.model_validate_json(answer.content).answers
    except ValidationError:
        return None


def _said(status: Status, message: str) -> str:
    return "" if _STATES[status] is State.STORED else f"{status}: {message}"
