"""What lamp and page say is decided in one place: the worst first, and never that all is well where it is not."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crackmap.manifest import Range
from crackmap_robot.daemon.condition import STUCK_AFTER_S, Condition
from crackmap_robot.daemon.on_site import ADVICE, QUIET_S, Look, OnSite
from crackmap_robot.daemon.signals import Signal, said
from crackmap_robot.daemon.status import site
from crackmap_robot.outbox import Outbox
from crackmap_robot.proving.standing import Standing

TROUBLES = ("disk_trouble", "recording_trouble", "source_trouble", "folder_trouble", "server_trouble")


@pytest.fixture(scope="module")
def outbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("signals") / "outbox.sqlite"
    Outbox(path).__exit__(None, None, None)
    return path


def seen(*looks: Look) -> OnSite:
    made = OnSite(Range(low=0.1, high=0.3), 0.3, 100)
    made._recent.extend(looks)
    return made


@pytest.mark.parametrize(
    ("look", "signal"),
    [
        (Look.SHOWN, Signal.SCANNING),
        (Look.NOT_KNOWN, Signal.SCANNING),
        (Look.BLURRED, Signal.SLOW_DOWN),
        (Look.TOO_FAR, Signal.TOO_FAR),
        (Look.TOO_NEAR, Signal.LOOK),
        (Look.TOO_OBLIQUE, Signal.LOOK),
        (Look.DARK, Signal.LOOK),
        (Look.BRIGHT, Signal.LOOK),
        (Look.NO_POSE, Signal.LOOK),
    ],
)
def test_each_look_has_its_signal(outbox: Path, look: Look, signal: Signal) -> None:
    found = said(Condition("x", None), seen(look), outbox)
    assert found.signal is signal
    assert found.words[0] == ADVICE.get(look, "Pictures are coming in")


@given(
    looks=st.lists(st.sampled_from(Look), max_size=8),
    troubles=st.sets(st.sampled_from(TROUBLES)),
    stuck=st.booleans(),
    quiet_s=st.sampled_from([0.0, QUIET_S + 1]),
    proof=st.sampled_from([None, True, False]),
)
def test_the_worst_first_and_nothing_is_well_that_is_not(
    outbox: Path, *, looks: list[Look], troubles: set[str], stuck: bool, quiet_s: float, proof: bool | None
) -> None:
    now_s = [0.0]
    condition = Condition("x", None, clock=lambda: now_s[0], quiet_for_s=quiet_s, proof=Standing(proof, "of a card"))
    for trouble in troubles:
        setattr(condition, trouble, f"{trouble} is there")
    now_s[0] = STUCK_AFTER_S + 1 if stuck else 0.0
    on_site = seen(*looks)
    found = said(condition, on_site, outbox)
    assert len(set(found.words)) == len(found.words)
    assert (found.signal is Signal.FAULT) == bool(troubles or stuck)
    if found.signal in {Signal.SCANNING, Signal.SAFE_TO_LEAVE}:
        assert not on_site.advice()
        assert not condition.warnings
        assert found.safe == (found.signal is Signal.SAFE_TO_LEAVE) == (quiet_s > 0)
    body = json.loads(site(condition, on_site, outbox)[2])
    assert (body["signal"], tuple(body["words"])) == (found.signal.value, found.words)
