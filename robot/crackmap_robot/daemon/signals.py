"""What the robot would say now: in a word for a lamp, and in sentences for the page. Decided here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from crackmap_robot.daemon.condition import STUCK_AFTER_S, Condition
from crackmap_robot.daemon.on_site import Look, OnSite, parting
from crackmap_robot.outbox import Outbox


class Signal(StrEnum):
    """The worst first."""

    FAULT = "fault"
    SLOW_DOWN = "slow_down"
    TOO_FAR = "too_far"
    LOOK = "look"
    """Something else is to be done better: the page says what."""
    SCANNING = "scanning"
    SAFE_TO_LEAVE = "safe_to_leave"


OF_LOOK: dict[Look | None, Signal] = {Look.BLURRED: Signal.SLOW_DOWN, Look.TOO_FAR: Signal.TOO_FAR}


@dataclass(frozen=True)
class Said:
    """`words`: the most pressing first; the last says whether it is safe to leave."""

    signal: Signal
    words: tuple[str, ...]
    safe: bool
    waiting: int
    """Reports and pictures that are on no server."""


def said(condition: Condition, on_site: OnSite, outbox: Path) -> Said:
    """What holds now. Raises OutboxError."""
    with Outbox(outbox) as rows:
        waiting = rows.counts(condition.server).waiting
    stuck = (f"Stuck: no step for over {STUCK_AFTER_S:.0f} s. It is started again",) if condition.stuck else ()
    troubles, advised = [*stuck, *condition.troubles], on_site.advised()
    safe, last = parting(condition.quiet_for_s, waiting, condition.server, troubles)
    advice = [*(text for _, text in advised), *condition.warnings]
    words = tuple(dict.fromkeys((*troubles, *advice, last)))  # the last repeats a trouble
    if troubles:
        signal = Signal.FAULT
    elif advised:
        signal = OF_LOOK.get(advised[0][0], Signal.LOOK)
    elif advice:
        signal = Signal.LOOK
    else:
        signal = Signal.SAFE_TO_LEAVE if safe else Signal.SCANNING
    return Said(signal, words, safe, waiting)
