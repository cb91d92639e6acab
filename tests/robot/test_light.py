"""A lamp and a buzzer say what the page says, on gpiozero's own mock pins; no such pin has been switched in earnest."""

import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crackmap.errors import SettingError, StorageError
from crackmap_robot.daemon.light import ASK_EVERY_S, PATTERNS, SILENT, TICK_S, Light, lit
from crackmap_robot.daemon.settings import LightSection, read_settings
from crackmap_robot.daemon.signals import Signal

gpio = pytest.mark.needs("gpiozero")
SIGNALS = st.sampled_from(Signal)


def switches(signal: Signal, seconds: float) -> list[tuple[bool, float]]:
    """On and off with their lengths, as an eye sees them."""
    ticks = [lit(signal, k * 0.01) for k in range(round(seconds * 100))]
    return [(on, 0.01 * len(list(same))) for on, same in itertools.groupby(ticks)]


def test_no_two_signals_look_the_same_and_all_that_is_well_blinks() -> None:
    seen = {signal: tuple((on, round(length, 1)) for on, length in switches(signal, 8)) for signal in Signal}
    assert len(set(seen.values())) == len(Signal)
    for signal in SILENT:
        assert {on for on, _ in seen[signal]} == {True, False}, "a program that hangs shows neither"
    assert seen[Signal.FAULT] == ((True, 8.0),)


@given(SIGNALS, st.floats(0, 1000))
def test_a_pattern_comes_again_and_again_and_is_long_enough_to_be_seen(signal: Signal, elapsed_s: float) -> None:
    period_s = sum(PATTERNS[signal])
    start_s = (elapsed_s // period_s) * period_s
    middles = [
        end - part / 2 for end, part in zip(itertools.accumulate(PATTERNS[signal]), PATTERNS[signal], strict=True)
    ]
    for number, middle_s in enumerate(middles):
        assert lit(signal, start_s + middle_s) == (number % 2 == 0)
    assert min(PATTERNS[signal]) >= 2 * TICK_S


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """gpiozero's mock pins."""
    from gpiozero import Device
    from gpiozero.pins.mock import MockFactory

    factory = MockFactory()
    monkeypatch.setattr(Device, "pin_factory", factory)
    yield factory
    factory.reset()


def shown(pins: Any, settings: LightSection, signals: list[Signal], each_s: float) -> tuple[list[bool], list[bool]]:
    """What lamp and buzzer were at each tick."""
    now_s = [0.0]
    light = Light(settings, lambda: signals[min(int(now_s[0] / each_s), len(signals) - 1)], clock=lambda: now_s[0])
    lamp, buzzer = pins.pin(17), pins.pin(27)
    found: tuple[list[bool], list[bool]] = ([], [])
    for tick in range(round(each_s * len(signals) / TICK_S)):
        now_s[0] = tick * TICK_S
        light.tick()
        found[0].append(bool(lamp.state) == settings.active_high)
        found[1].append(bool(buzzer.state) == settings.active_high)
    with light:
        pass
    assert not bool(lamp.state) or lamp.function == "input", "off, or let go"
    return found


@gpio
@pytest.mark.parametrize("active_high", [True, False])
def test_lamp_and_buzzer_follow_and_the_buzzer_is_silent_while_all_is_well(pins: Any, active_high: bool) -> None:
    settings = LightSection(lamp_pin=17, buzzer_pin=27, active_high=active_high)
    signals = [Signal.SCANNING, Signal.SLOW_DOWN, Signal.SAFE_TO_LEAVE, Signal.FAULT]
    lamp, buzzer = shown(pins, settings, signals, 4.0)
    part = round(4.0 / TICK_S)
    late = round(ASK_EVERY_S / TICK_S)
    for number, signal in enumerate(signals):
        on = lamp[number * part + late : (number + 1) * part]
        sounds = buzzer[number * part + late : (number + 1) * part]
        share = sum(PATTERNS[signal][::2]) / sum(PATTERNS[signal])
        assert sum(on) / len(on) == pytest.approx(share, abs=0.15)
        assert sounds == ([False] * len(on) if signal in SILENT else on)


@gpio
def test_what_cannot_be_asked_is_a_fault(pins: Any) -> None:
    def ask() -> Signal:
        raise StorageError("the disk is gone")

    light = Light(LightSection(lamp_pin=17), ask, clock=lambda: 1.0)
    light.tick()
    assert pins.pin(17).state
    with light:
        pass


@gpio
def test_pins_that_cannot_be_had_are_named_and_none_stays_taken(pins: Any) -> None:
    from gpiozero import DigitalOutputDevice

    with DigitalOutputDevice(27), pytest.raises(SettingError, match=r"light\.buzzer_pin 27: cannot be had \(.*in use"):
        Light(LightSection(lamp_pin=17, buzzer_pin=27), lambda: Signal.FAULT)
    DigitalOutputDevice(17).close()


@gpio
def test_a_machine_without_pins_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from gpiozero import Device

    monkeypatch.setattr(Device, "pin_factory", None)
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "lgpio")
    with pytest.raises(SettingError, match=r"light\.lamp_pin 17: cannot be had .*Has this board such a pin"):
        Light(LightSection(lamp_pin=17), lambda: Signal.FAULT)


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    with pytest.raises(SettingError, match=r"light\.lamp_pin 17: .* pip install 'crackmap-robot\[gpio\]'"):
        Light(LightSection(lamp_pin=17), lambda: Signal.FAULT)


def test_one_pin_is_not_both(tmp_path: Path) -> None:
    config = tmp_path / "robot.toml"
    config.write_text(
        '[scan]\nsurface = "n"\ninspection = "i"\n[camera]\nsource = "csi:0"\nmm_per_px = 1\n[light]\n'
        "lamp_pin = 17\nbuzzer_pin = 17\n"
    )
    with pytest.raises(SettingError, match="line 7, light: lamp_pin and buzzer_pin are the same pin"):
        read_settings(config)


@gpio
def test_the_daemon_switches_it_and_a_check_blinks(
    daemons: ModuleType, crackmap: Any, model: Path, tmp_path: Path, pins: Any
) -> None:
    daemon = daemons.Daemon(tmp_path / "robot", model)
    config = daemon.folder / "robot.toml"
    config.write_text(config.read_text() + "[light]\nlamp_pin = 17\n")
    ran = crackmap("robot", "check", "--config", config)
    assert "ok       light       blinked three times" in ran.out
    assert sum(state.state for state in pins.pin(17).states[1:]) == 3
    with daemon.running(GPIOZERO_PIN_FACTORY="mock"):
        daemon.until("started")
        assert json.loads(daemon.get("/site.json"))["signal"] == "scanning"
        daemon.stop()
    with daemon.running(GPIOZERO_PIN_FACTORY="native"):
        _, said = daemon.process.communicate(timeout=daemons.PATIENCE_S)
        assert daemon.process.returncode == 2
        assert "light.lamp_pin 17: cannot be had" in said
