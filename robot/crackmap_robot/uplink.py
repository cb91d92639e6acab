"""From the outbox to the server: reports in batches, then the pictures that it wants.

Something counts as stored only after the server said so, and the server says so only after its own commit. Everything
may be sent twice.
"""

import gzip
import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import httpx2
from pydantic import ValidationError

from crackmap import __version__
from crackmap.errors import ServerUnavailable, SettingError
from crackmap.failpoints import failpoint
from crackmap.messages import Answer, BatchAnswer, Status
from crackmap_robot.evidence import Picture
from crackmap_robot.outbox import Outbox, State, Verdict, Waiting

MOST_REPORTS = 50
MOST_BYTES = 4_000_000
TIMEOUTS = httpx2.Timeout(30.0, connect=5.0)
LONGEST_RETRY_AFTER_S = 60.0
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


def wait_s(outcome: Outcome, failures: int, chance: Callable[[], float] = random.random) -> float:
    """How long to wait after a step, the n-th failure in a row: not at all after success, else doubling up to 30 s.

    Half of it is left to `chance` (0 … 1): robots that lost their server together must not come back together.
    """
    if not isinstance(outcome, Away):
        return 0.0
    if outcome.retry_after_s is not None:
        return min(outcome.retry_after_s, LONGEST_RETRY_AFTER_S)
    return min(0.5 * 2.0 ** min(failures - 1, 10), 30.0) * (0.5 + 0.5 * chance())


class Uplink:
    """Sends what waits in an outbox to one server, a step at a time. A context manager; used by one thread."""

    def __init__(self, outbox: Outbox, server: str) -> None:
        """`server` is its address, as http://host:8321. Raises SettingError when it is none."""
        self._outbox, self._server = outbox, checked_address(server)
        self._client = httpx2.Client(
            base_url=self._server, timeout=TIMEOUTS, headers={"User-Agent": f"crackmap/{__version__}"}
        )
        self._most_reports = MOST_REPORTS

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def step(self) -> Outcome:
        """Send one batch of reports, or one picture when no report waits."""
        batch = self._outbox.waiting_reports(self._server, self._most_reports, MOST_BYTES)
        if batch:
            return self._send_reports(batch)
        picture = self._outbox.waiting_picture(self._server)
        return None if picture is None else self._send_picture(picture)

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
        if answer.status_code == httpx2.codes.CONTENT_TOO_LARGE and len(batch) > 1:
            self._most_reports = len(batch) // 2
            return Sent()
        if answer.status_code == httpx2.codes.CONTENT_TOO_LARGE:
            self._outbox.settle(self._server, [Verdict(batch[0].report_id, State.REFUSED, _words(answer))])
            return Sent(reports=1)
        if answer.status_code != httpx2.codes.OK:
            return self._unexpected(answer)
        answers = _answers(answer)
        if answers is None or len(answers) != len(batch):
            return self._unexpected(answer)
        failpoint("uplink.after_send")
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
        elif answer.status_code in _PICTURE_REFUSED:
            self._outbox.settle_picture(self._server, picture.sha256, State.REFUSED, _words(answer))
        else:
            return self._unexpected(answer)
        return Sent(pictures=1, size_bytes=picture.size_bytes)

    # -------------------------------------------------------------------------------------------------------- HTTP

    def _send(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> httpx2.Response | Away:
        try:
            answer = self._client.request(method, path, content=content, headers=headers)
        except httpx2.HTTPError as error:
            return Away(
                ServerUnavailable(
                    f"{self._server}: does not answer ({str(error) or type(error).__name__}). {_NOTHING_LOST}"
                )
            )
        if answer.status_code in {httpx2.codes.SERVICE_UNAVAILABLE, httpx2.codes.TOO_MANY_REQUESTS}:
            busy = ServerUnavailable(f"{self._server}: has too much to do ({_words(answer)}). {_NOTHING_LOST}")
            return Away(busy, _retry_after_s(answer), busy=True)
        if answer.is_server_error:
            return Away(ServerUnavailable(f"{self._server}: cannot take it now ({_words(answer)}). {_NOTHING_LOST}"))
        return answer

    def _unexpected(self, answer: httpx2.Response) -> Away:
        """Neither stored nor refused item by item: another program, another version, or access is not allowed."""
        return Away(
            ServerUnavailable(
                f"{self._server}: answers {_words(answer)}; a crackmap server would not. Is the address right, and is "
                f"the server as new as this robot (crackmap {__version__})? {_NOTHING_LOST}"
            )
        )


_NOTHING_LOST = "Nothing is lost: all of it stays in the outbox."
_AGAIN = "run `crackmap robot outbox upload --again`"
_PICTURE_REFUSED = {400, 413, 415, 422}


def checked_address(server: str) -> str:
    """The server's address with one slash at its end. Raises SettingError."""
    try:
        url = httpx2.URL(server)
    except httpx2.InvalidURL as error:
        raise SettingError(f"--server {server}: {error}. Give an address as http://host:8321.") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise SettingError(f"--server {server}: is no address. Give one as http://host:8321.")
    return f"{str(url).rstrip('/')}/"


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


def _words(answer: httpx2.Response) -> str:
    """Status and the reason that the server gives (application/problem+json), for people."""
    try:
        problem = answer.json()
    except (ValueError, RecursionError):
        problem = None
    detail = problem.get("detail") or problem.get("title") if isinstance(problem, dict) else None
    return f"{answer.status_code} {detail if isinstance(detail, str) else answer.reason_phrase}"[:1000]


def _retry_after_s(answer: httpx2.Response) -> float | None:
    """In seconds; the date form of the header is not used by crackmap servers."""
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None
