"""What waits in the outbox, and what became of it."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What became of a report or a picture."""

    WAITING = "waiting"
    STORED = "stored"
    REFUSED = "refused"


@dataclass(frozen=True)
class Waiting:
    """A report to be sent, with the ids of its headers."""

    report_id: int
    scan_id: str
    header_ids: tuple[str, ...]
    body: str
    label: str


@dataclass(frozen=True)
class Verdict:
    """The server's word on one report."""

    report_id: int
    state: State
    words: str = ""
    wanted: frozenset[str] = frozenset()
    """SHA-256 of its pictures that the server does not have yet."""


@dataclass(frozen=True)
class Counts:
    """How much of what is in which state."""

    reports_waiting: int
    reports_stored: int
    reports_refused: int
    pictures_waiting: int
    pictures_stored: int
    pictures_refused: int

    @property
    def waiting(self) -> int:
        """Reports and pictures together."""
        return self.reports_waiting + self.pictures_waiting

    @property
    def refused(self) -> int:
        """Reports and pictures together."""
        return self.reports_refused + self.pictures_refused


@dataclass(frozen=True)
class Refusal:
    """Something that a server, or the uplink for it, would not take."""

    kind: str
    label: str
    server: str
    words: str
