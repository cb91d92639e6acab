"""How the robot is: what the daemon writes down as it goes, and its status page and systemd tell others."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from time import time as now

from crackmap_robot.proving.standing import UNPROVED, Standing

STUCK_AFTER_S = 60.0
"""Nothing but a frame that takes for ever, or a dead thread, keeps the daemon from its next step for so long."""

_log = logging.getLogger(__name__)


@dataclass
class Condition:
    """Written by the daemon's main thread, read by others. Counts are since the start."""

    source: str
    server: str | None
    clock: Callable[[], float] = monotonic
    frames_new: int = 0
    frames_known: int = 0
    frames_refused: int = 0
    frames_without_place: int = 0
    frames_out_of_range: int = 0
    tiles: int = 0
    tiles_unscored: int = 0
    detections: int = 0
    recorded: int = 0
    recording_failures: int = 0
    poses: int = 0
    poses_refused: int = 0
    """Of a live stream: what was no pose, or came too late."""
    dropped: int = 0
    """Frames of a live source that showed something new and could not be written down."""
    last_frame_unix_s: float | None = None
    quiet_for_s: float = 0.0
    """How long the source has had nothing new."""
    source_trouble: str = ""
    folder_trouble: str = ""
    recording_trouble: str = ""
    disk_trouble: str = ""
    disk_low: bool = False
    server_trouble: str = ""
    model: str = ""
    """The name of the one that scores, and its hash."""
    model_sha256: str = ""
    model_changes: int = 0
    models_refused: int = 0
    model_trouble: str = ""
    """Why a pinned model is not used; the robot goes on with what it has."""
    proof: Standing = UNPROVED
    """What a card proved of this day."""
    _stepped_at_s: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.step()

    def step(self) -> None:
        """The main thread is alive."""
        self._stepped_at_s = self.clock()

    def tell(self, trouble: str, why: str) -> None:
        """Log when a trouble begins and when it is over, not every time it is met."""
        before = getattr(self, trouble)
        setattr(self, trouble, why)
        if why and not before:
            _log.warning(trouble.replace("_", " "), extra={"why": why})
        elif before and not why:
            _log.info(f"{trouble.replace('_', ' ')} is over")

    def refuse_model(self, why: str) -> None:
        """A model is not used."""
        self.models_refused += 1
        self.tell("model_trouble", why)

    def frame(self) -> None:
        """A frame was finished."""
        self.last_frame_unix_s, self.quiet_for_s = now(), 0.0

    @property
    def stuck(self) -> bool:
        return self.clock() - self._stepped_at_s > STUCK_AFTER_S

    @property
    def state(self) -> str:
        """In a word or a few, for people; the worst first."""
        if self.stuck:
            return "stuck"
        if self.disk_trouble or self.recording_trouble:
            return "waiting for disk space"
        if self.source_trouble or self.folder_trouble:
            return "waiting for the source"
        return "waiting for photographs" if self.quiet_for_s > 0 else "scanning"

    @property
    def sentence(self) -> str:
        """One line about all of it."""
        counts = f"{self.frames_new} new frames, {self.detections} detections, {self.frames_refused} refused"
        return "; ".join([f"{self.state}: {counts}", *self.troubles, *self.warnings])

    @property
    def troubles(self) -> list[str]:
        """All that is wrong now, each a sentence."""
        found = (
            self.disk_trouble,
            self.recording_trouble,
            self.source_trouble,
            self.folder_trouble,
            self.server_trouble,
        )
        return [what for what in found if what]

    @property
    def warnings(self) -> list[str]:
        """What should be known and keeps nothing from going on, each a sentence."""
        found = [f"Model: {self.model_trouble}"] if self.model_trouble else []
        return [*found, f"Proof: {self.proof.said}"] if self.proof.stands is False else found
