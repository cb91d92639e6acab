"""A lamp and a buzzer on the robot, which say what the page says to whoever has no hand free for it.

Switched by `gpiozero`, an extra. It brings a pin factory of its own for tests (GPIOZERO_PIN_FACTORY=mock).
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from itertools import accumulate
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Any, Self

from crackmap.errors import CrackmapError, SettingError
from crackmap_robot.daemon.settings import LightSection
from crackmap_robot.daemon.signals import Signal

PATTERNS = {
    Signal.FAULT: (1.0,),
    Signal.SLOW_DOWN: (0.25, 0.25),
    Signal.TOO_FAR: (0.2, 0.2, 0.2, 1.0),
    Signal.LOOK: (0.2, 0.2, 0.2, 0.2, 0.2, 1.0),
    Signal.SCANNING: (0.1, 1.9),
    Signal.SAFE_TO_LEAVE: (1.0, 1.0),
}
"""Seconds on, off, on …, again and again. What a program that hangs or is dead would show, on or off for good, is a
fault or no robot, and never that all is well."""
SILENT = frozenset({Signal.SCANNING, Signal.SAFE_TO_LEAVE})
TICK_S, ASK_EVERY_S = 0.05, 0.5

_log = logging.getLogger(__name__)


def lit(signal: Signal, elapsed_s: float) -> bool:
    """Whether the lamp is on so long after the signal began."""
    pattern = PATTERNS[signal]
    rest_s = elapsed_s % sum(pattern)
    passed = sum(end_s <= rest_s for end_s in accumulate(pattern))
    return passed % 2 == 0


class Light:
    """Shows what `ask` says, until it is left. A context manager."""

    def __init__(
        self, settings: LightSection, ask: Callable[[], Signal], clock: Callable[[], float] = monotonic
    ) -> None:
        """Raises SettingError without the extra, and where the pins cannot be had."""
        self._ask, self._clock, self._stop = ask, clock, Event()
        with ExitStack() as opened:
            self._lamp = _pin("lamp_pin", settings.lamp_pin, opened, active_high=settings.active_high)
            self._buzzer = _pin("buzzer_pin", settings.buzzer_pin, opened, active_high=settings.active_high)
            self._opened = opened.pop_all()
        self._signal, self._begun_s, self._asked_s = Signal.SCANNING, clock(), -ASK_EVERY_S
        self._thread = Thread(target=self._run, name="light", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Both are off then."""
        self._stop.set()
        self._thread.join()
        self._opened.close()

    def tick(self) -> None:
        """Ask now and then, and switch where something changes."""
        now_s = self._clock()
        if now_s - self._asked_s >= ASK_EVERY_S:
            self._asked_s, before = now_s, self._signal
            try:
                self._signal = self._ask()
            except CrackmapError:  # the outbox cannot be read: the page says so itself
                self._signal = Signal.FAULT
            if self._signal is not before:
                self._begun_s = now_s
        on = lit(self._signal, now_s - self._begun_s)
        for device, value in ((self._lamp, on), (self._buzzer, on and self._signal not in SILENT)):
            if device is not None and bool(device.value) != value:
                device.value = value

    def _run(self) -> None:
        while not self._stop.wait(TICK_S):
            try:
                self.tick()
            except (OSError, RuntimeError) as error:  # what drivers of pins raise when these are taken away
                _log.warning("light trouble", extra={"why": str(error)})
                return


def _pin(name: str, number: int | None, opened: ExitStack, *, active_high: bool) -> Any:
    """An output that is off, and closed with the stack; None where none is asked for."""
    if number is None:
        return None
    try:
        from gpiozero import DigitalOutputDevice, GPIOZeroError, PinFactoryFallback  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise SettingError(
            f"light.{name} {number}: is switched by an extra: pip install 'crackmap-robot[gpio]', or apt-get install "
            "python3-gpiozero python3-lgpio and an environment made with --system-site-packages"
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PinFactoryFallback)  # it tries each driver in turn
            device = DigitalOutputDevice(number, active_high=active_high)
    except (GPIOZeroError, ImportError, OSError) as error:
        raise SettingError(
            f"light.{name} {number}: cannot be had ({error}). Has this board such a pin, and is it free?"
        ) from error
    opened.callback(device.close)
    return device
