"""What a card proved of this day, for the camera of robot.toml and the model that scores."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from time import monotonic

from crackmap.errors import CrackmapError
from crackmap.manifest import read_manifest
from crackmap_robot.daemon.condition import Condition
from crackmap_robot.daemon.settings import RobotSettings
from crackmap_robot.proving.standing import Setup, Standing, standing

LOOK_EVERY_S = 10.0


class DaysProof:
    """Looked up again and again: a card may be photographed while the robot runs, and days end."""

    def __init__(self, settings: RobotSettings, clock: Callable[[], float] = monotonic) -> None:
        self._settings, self._clock, self._looked_at_s = settings, clock, -LOOK_EVERY_S

    def now(self) -> Standing:
        """By this machine's clock and time zone; of `model.file`, of which the file for overlapping tiles is made."""
        model, camera = self._settings.model, self._settings.camera
        try:
            setup = Setup.of(read_manifest(model.file)[0].sha256, camera.calibration, camera.mm_per_px)
        except CrackmapError as error:  # a robot with a pinned model runs without that file
            return Standing(None, f"cannot be looked up: {error}")
        return standing(camera.proofs, datetime.now().astimezone().date(), setup)

    def look(self, condition: Condition) -> None:
        """Write it down, where the last look is some seconds old."""
        if self._clock() - self._looked_at_s >= LOOK_EVERY_S:
            self._looked_at_s, condition.proof = self._clock(), self.now()
