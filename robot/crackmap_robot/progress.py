"""What a person sees while a scan runs: a bar on a terminal, plain lines elsewhere. On standard error."""

from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


class ScanProgress:
    """Shows photographs, tiles per second, time left and what waits in the outbox. A context manager."""

    def __init__(
        self, photographs: int, console: Console | None = None, clock: Callable[[], float] = monotonic
    ) -> None:
        self._console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._photographs, self._clock = photographs, clock
        self._done = self._new = self._tiles = 0
        self._began = clock()
        self._ended: float | None = None
        self._bar: Progress | None = None
        self._task = TaskID(0)
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[speed]}"),
                TimeRemainingColumn(),
                TextColumn("left {task.fields[waiting]}"),
                console=self._console,
            )
            self._task = self._bar.add_task("photographs", total=photographs, speed="", waiting="")

    def __enter__(self) -> Self:
        self._began = self._clock()
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = self._clock()
        if self._bar:
            self._bar.stop()

    @property
    def elapsed_s(self) -> float:
        """Since it was entered, until it was left."""
        return (self._clock() if self._ended is None else self._ended) - self._began

    @property
    def tiles_per_s(self) -> float:
        """Of the frames that were scored in this run."""
        return self._tiles / self.elapsed_s if self._tiles else 0.0

    def note(self, text: str) -> None:
        """A line that stays."""
        self._console.print(text, markup=False)

    def scored(self, label: str, tiles: int, detections: int, waiting: int) -> None:
        """A frame is in the outbox."""
        self._done, self._new, self._tiles = self._done + 1, self._new + 1, self._tiles + tiles
        speed = f"{self.tiles_per_s:,.0f} tiles/s"
        if self._bar:
            self._bar.update(self._task, advance=1, speed=speed, waiting=f"· {waiting} waiting in the outbox")
            return
        left_s = (self._photographs - self._done) * self.elapsed_s / self._new
        left = timedelta(seconds=round(left_s))
        self.note(
            f"{self._done}/{self._photographs} {label}: {tiles} tiles, {detections} detections "
            f"({speed}, {left} left, {waiting} waiting in the outbox)"
        )

    def passed(self, text: str | None) -> None:
        """A photograph that needed no work or is refused; `text` is shown."""
        self._done += 1
        if self._bar:
            self._bar.update(self._task, advance=1)
        if text:
            self.note(f"{self._done}/{self._photographs} {text}")


class UploadProgress:
    """Shows how much of what waits in the outbox was sent. A context manager."""

    def __init__(self, items: int, server: str, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._bar = Progress(
            TextColumn("to {task.fields[server]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("upload", total=items, server=server)
        if not self._console.is_terminal and items:
            self._console.print(f"sending {items} waiting reports and pictures to {server}", markup=False)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def sent(self, items: int) -> None:
        """So many reports and pictures more were settled."""
        self._bar.update(self._task, advance=items)
