"""What the server answers, report by report."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import Field

from crackmap.manifest import Sha256
from crackmap.messages.base import Message

LOG_HEADER = "Crackmap-Log"
"""Of the answer to a delivery: the id of the log that it went into. A log restored from a backup has another one."""


class Status(StrEnum):
    """What became of one report."""

    STORED = "stored"
    ALREADY_THERE = "already_there"
    CONFLICT = "conflict"  # other raw facts under the same id; kept in quarantine
    INVALID = "invalid"  # not a report of this version, or its headers are missing or wrong


class Answer(Message):
    """The server's word on one report, in the order of the batch."""

    status: Status
    frame_id: UUID | None = Field(default=None, description="None where the item could not be read so far")
    message: str = ""
    evidence_wanted: tuple[Sha256, ...] = Field(default=(), description="pictures of this report not yet held")


class BatchAnswer(Message):
    """One answer for each report. It is sent only after what it calls stored is on disk."""

    version: Literal[1] = 1
    answers: tuple[Answer, ...]
