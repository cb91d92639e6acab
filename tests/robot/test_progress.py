"""What a person sees: a bar on a terminal, plain lines elsewhere; and what Ctrl-C does."""

import io
import os
import signal
from itertools import count

import pytest
from rich.console import Console

from crackmap_robot.interrupts import stop_on_signal
from crackmap_robot.progress import ScanProgress, UploadProgress


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=120, soft_wrap=True, highlight=False)


def written(console: Console) -> str:
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_plain_lines_tell_speed_and_time_left() -> None:
    ticks = count()  # one second passes with every look at the clock
    seen = console(terminal=False)
    with ScanProgress(4, seen, lambda: float(next(ticks))) as progress:
        progress.scored("a.jpg", 100, 3, 2)
        progress.passed("refused: b.jpg: is empty")
        progress.passed(None)
        progress.scored("[d].jpg", 200, 0, 4)
    first, refused, last = written(seen).splitlines()
    assert first.startswith("1/4 a.jpg: 100 tiles, 3 detections (100 tiles/s, 0:00:0")
    assert first.endswith("left, 2 waiting in the outbox)")
    assert refused == "2/4 refused: b.jpg: is empty"
    assert last.startswith("4/4 [d].jpg: 200 tiles, 0 detections (")
    assert "0:00:00 left, 4 waiting" in last


def test_the_clock_stops_when_the_scan_ends() -> None:
    ticks = count()
    with ScanProgress(1, console(terminal=False), lambda: float(next(ticks))) as progress:
        progress.scored("a.jpg", 100, 3, 2)
    assert progress.elapsed_s == progress.elapsed_s
    assert progress.tiles_per_s == progress.tiles_per_s > 0


def test_a_terminal_gets_a_bar() -> None:
    seen = console(terminal=True)
    with ScanProgress(2, seen) as progress:
        progress.scored("a.jpg", 100, 3, 2)
        progress.note("a note that stays")
        progress.passed(None)
    text = written(seen)
    assert "photographs" in text
    assert "2/2" in text
    assert "tiles/s" in text
    assert "2 waiting in the outbox" in text
    assert "a note that stays" in text
    assert "a.jpg" not in text


@pytest.mark.parametrize("terminal", [True, False])
def test_an_upload_shows_where_to(terminal: bool) -> None:
    seen = console(terminal=terminal)
    with UploadProgress(3, "http://host:8000/", seen) as progress:
        progress.sent(3)
    assert "http://host:8000/" in written(seen)


def test_nothing_to_send_needs_no_words() -> None:
    seen = console(terminal=False)
    with UploadProgress(0, "http://host:8000/", seen):
        pass
    assert written(seen).strip() == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_and_the_second_stops(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stop_on_signal() as stop:
        os.kill(os.getpid(), number)
        assert stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before
