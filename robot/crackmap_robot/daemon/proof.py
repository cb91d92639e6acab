"""What a card proved of this day, for the camera of robot.toml and the model that scores."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from time import monotonic

from crackmap.manifest import read_manifest
from crackmap_robot.daemon.condition import Condition
from crackmap_robot.daemon.settings import RobotSettings
from crackmap_robot.proving.standing import Setup, Standing, standing

LOOK_EVERY_S = 10.0


class DaysProof:
    """Looked up again and again: a card may be photographed while the robot runs, and days end."""

    def __init__(self, settings: RobotSettings, clock: Callable[[], float] = monotonic) -> None:
        """Raises CalibrationError, ManifestError."""
        self._folder, self._clock, self._looked_at_s = settings.camera.proofs, clock, -LOOK_EVERY_S
        # With overlapping tiles the file that scores is made of this one, and has another hash.
        model_sha256 = read_manifest(settings.model.file)[0].sha256
        self._setup = Setup.of(model_sha256, settings.camera.calibration, settings.camera.mm_per_px)

    def now(self) -> Standing:
        """By this machine's clock and time zone."""
        return standing(self._folder, datetime.now().astimezone().date(), self._setup)

    def look(self, condition: Condition) -> None:
        """Write it down, where the last look is some seconds old."""
        if self._clock() - self._looked_at_s >= LOOK_EVERY_S:
            self._looked_at_s, condition.proof = self._clock(), self.now()
